-- Queries of lua/domain/report: figures and lists for those who run the shop. They change nothing.

-- :name report_sales :one
-- :use  orders placed in a span of time, and what they come to
SELECT count(*) AS orders, coalesce(sum(total_amount), 0) AS amount
  FROM orders
 WHERE placed_at >= :from
   AND placed_at < :until
   AND currency = :currency
   AND state <> 'cancelled'
   AND is_test = 0
   AND deleted_at IS NULL;

-- :name report_sales_by_day :many
-- :use  the same for each day of a span; days are counted from its beginning
SELECT (placed_at - :from) / 86400000 AS day, count(*) AS orders, sum(total_amount) AS amount
  FROM orders
 WHERE placed_at >= :from
   AND placed_at < :until
   AND currency = :currency
   AND state <> 'cancelled'
   AND is_test = 0
   AND deleted_at IS NULL
 GROUP BY day
 ORDER BY day;

-- :name report_other_currencies :value
-- :use  whether a span of time holds orders that its figures leave out
SELECT 1
  FROM orders
 WHERE placed_at >= :from
   AND placed_at < :until
   AND currency <> :currency
   AND deleted_at IS NULL
 LIMIT 1;

-- :name report_to_ship_count :value
-- :use  orders that wait for a parcel, at most `limit`
SELECT count(*)
  FROM (SELECT 1
          FROM orders
         WHERE state = 'confirmed' AND delivery_state IN ('unfulfilled', 'partly_shipped') AND deleted_at IS NULL
         LIMIT :limit);

-- :name report_orders_to_ship :many
-- :use  orders that wait for a parcel, newest first
SELECT o.id, o.number, o.state, o.payment_state, o.delivery_state, o.email, o.currency, o.total_amount, o.placed_at, o.is_test,
       a.name, a.country
  FROM orders AS o
  LEFT JOIN order_addresses AS a ON a.order_id = o.id AND a.kind = 'billing'
 WHERE o.state = 'confirmed' AND o.delivery_state IN ('unfulfilled', 'partly_shipped') AND o.deleted_at IS NULL
   AND o.id < :before
 ORDER BY o.id DESC
 LIMIT :limit;

-- :name report_orders_oldest_to_ship :many
-- :use  orders that wait for a parcel, the longest waiting first
SELECT o.id, o.number, o.state, o.payment_state, o.delivery_state, o.email, o.currency, o.total_amount, o.placed_at, o.is_test,
       a.name, a.country
  FROM orders AS o
  LEFT JOIN order_addresses AS a ON a.order_id = o.id AND a.kind = 'billing'
 WHERE o.state = 'confirmed' AND o.delivery_state IN ('unfulfilled', 'partly_shipped') AND o.deleted_at IS NULL
 ORDER BY o.id
 LIMIT :limit;

-- :name report_orders_recent :many
-- :use  all orders, newest first
SELECT o.id, o.number, o.state, o.payment_state, o.delivery_state, o.email, o.currency, o.total_amount, o.placed_at, o.is_test,
       a.name, a.country
  FROM orders AS o
  LEFT JOIN order_addresses AS a ON a.order_id = o.id AND a.kind = 'billing'
 WHERE o.id < :before
   AND o.deleted_at IS NULL
 ORDER BY o.id DESC
 LIMIT :limit;

-- :name report_orders_in_state :many
-- :use  orders of one state, newest first
SELECT o.id, o.number, o.state, o.payment_state, o.delivery_state, o.email, o.currency, o.total_amount, o.placed_at, o.is_test,
       a.name, a.country
  FROM orders AS o
  LEFT JOIN order_addresses AS a ON a.order_id = o.id AND a.kind = 'billing'
 WHERE o.state = :state
   AND o.id < :before
   AND o.deleted_at IS NULL
 ORDER BY o.id DESC
 LIMIT :limit;

-- :name report_orders_by_email :many
-- :use  orders of an address, or of all that begin like it, newest first
SELECT o.id, o.number, o.state, o.payment_state, o.delivery_state, o.email, o.currency, o.total_amount, o.placed_at, o.is_test,
       a.name, a.country
  FROM orders AS o
  LEFT JOIN order_addresses AS a ON a.order_id = o.id AND a.kind = 'billing'
 WHERE o.email_key >= :first
   AND o.email_key < :last
   AND o.email_key <> ''
   AND o.id < :before
   AND o.deleted_at IS NULL
 ORDER BY o.id DESC
 LIMIT :limit;

-- :name report_orders_by_number :many
-- :use  the order of a number
SELECT o.id, o.number, o.state, o.payment_state, o.delivery_state, o.email, o.currency, o.total_amount, o.placed_at, o.is_test,
       a.name, a.country
  FROM orders AS o
  LEFT JOIN order_addresses AS a ON a.order_id = o.id AND a.kind = 'billing'
 WHERE o.number = :number
   AND o.deleted_at IS NULL;

-- :name report_order_name :one
-- :use  what an entry of the journal is about
SELECT number, currency
  FROM orders
 WHERE id = :id;

-- :name report_stock_low :many
-- :use  what runs out, the emptiest first: at the merchant's mark, or at three pieces where there is none
SELECT a.owner_id, a.balance - a.held AS available, a.low_at, coalesce(v.product_id, p.id) AS product_id, p.title,
       v.title AS variant_title, v.sku
  FROM accounts AS a
  LEFT JOIN variants AS v ON v.id = a.owner_id
  JOIN products AS p ON p.id = coalesce(v.product_id, a.owner_id)
 WHERE a.kind = 'stock' AND a.floor IS NOT NULL AND a.balance - a.held <= coalesce(a.low_at, 3)
   AND p.deleted_at IS NULL
   AND p.state = 'active'
   AND coalesce(v.is_enabled, 1) = 1
   AND v.deleted_at IS NULL
 ORDER BY a.balance - a.held, a.owner_id
 LIMIT :limit;

-- :name report_products_recent :many
-- :use  all products, the newest first
SELECT p.id, p.title, p.kind, p.state, p.tracking, p.is_listed, p.publish_at, p.unpublish_at
  FROM products AS p
 WHERE p.id < :before
   AND p.deleted_at IS NULL
 ORDER BY p.id DESC
 LIMIT :limit;

-- :name report_product :one
-- :use  products.id -> the row, hidden ones too
SELECT p.id, p.title, p.kind, p.state, p.tracking, p.is_listed, p.publish_at, p.unpublish_at, p.handle
  FROM products AS p
 WHERE p.id = :id
   AND p.deleted_at IS NULL;

-- :name report_product_by_sku :value
-- :use  an article number typed whole, of any product
SELECT v.product_id
  FROM variants AS v
 WHERE v.sku_key = :sku_key
   AND v.deleted_at IS NULL;

-- :name report_variants :many
-- :use  the variants of a product with their price and what lies in stock
SELECT v.id, v.title, v.sku, v.is_enabled, (SELECT min(pr.amount)
          FROM prices AS pr
         WHERE pr.variant_id = v.id AND pr.price_list_id = :price_list_id AND pr.min_quantity = 1
           AND coalesce(pr.starts_at, 0) <= :now AND coalesce(pr.ends_at, 9007199254740991) > :now) AS amount
  FROM variants AS v
 WHERE v.product_id = :product_id
   AND v.deleted_at IS NULL
 ORDER BY v.position;

-- :name report_stock_of :many
-- :use  what lies where of a variant, or of a product that is counted as a whole
SELECT a.id, a.place_id, a.balance, a.held, a.floor, a.low_at, l.title AS place
  FROM accounts AS a
  LEFT JOIN locations AS l ON l.id = a.place_id
 WHERE a.kind = 'stock'
   AND a.owner_id = :owner_id
 ORDER BY coalesce(l.position, 0), a.id;

-- :name report_movements_of :many
-- :use  why the stock of an owner changed, newest first
SELECT m.id, m.delta, m.reason, m.actor, m.note, m.at
  FROM accounts AS a
  JOIN account_movements AS m ON m.account_id = a.id
 WHERE a.kind = 'stock'
   AND a.owner_id = :owner_id
 ORDER BY m.id DESC
 LIMIT :limit;

-- :name report_picture :one
-- :use  the first picture of a product
SELECT m.path, m.width, m.height
  FROM product_media AS pm
  JOIN media AS m ON m.id = pm.media_id
 WHERE pm.product_id = :product_id AND pm.role = 'gallery' AND m.kind = 'image'
 ORDER BY pm.position, pm.id
 LIMIT 1;

-- :name report_actor :one
-- :use  who a journal entry speaks of
SELECT name, email
  FROM staff_users
 WHERE id = :id;
