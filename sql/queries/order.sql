-- Queries of lua/domain/order: agreements.

-- :name order_place_cart :one
-- :use  order.place: is the cart still what was quoted
SELECT id, state, version, channel_id, customer_id, currency, locale, email, phone, source, is_test
  FROM carts
 WHERE token = :token;

-- :name order_place_versions :many
-- :use  order.place: are the variants still what was quoted
SELECT v.id, v.version, v.product_id, p.version AS product_version
  FROM cart_lines AS l
  JOIN variants AS v ON v.id = l.variant_id
  JOIN products AS p ON p.id = v.product_id
 WHERE l.cart_id = :cart_id;

-- :name order_of_cart :one
-- :use  a second click gets the first order
SELECT id, token, number
  FROM orders
 WHERE cart_id = :cart_id
   AND state <> 'cancelled';

-- :name order_insert :run
-- :use  order.place
INSERT INTO orders (token, number, cart_id, customer_id, channel_id, source, is_test, state, payment_state, delivery_state, email,
       email_key, phone, locale, currency, base_currency, rate_mantissa, rate_exponent, list_amount, subtotal_amount,
       discount_amount, delivery_amount, fee_amount, tax_amount, added_tax_amount, total_amount, tender_amount, due_amount,
       is_tax_included, policy, ledger, quote_hash, delivery_method, delivery_title, payment_method, codes, note, attributes,
       address, expires_at, placed_at, confirmed_at, created_at, updated_at)
VALUES (:token, :number, :cart_id, :customer_id, :channel_id, :source, :is_test, :state, :payment_state, :delivery_state, :email,
       :email_key, :phone, :locale, :currency, :base_currency, :rate_mantissa, :rate_exponent, :list_amount, :subtotal_amount,
       :discount_amount, :delivery_amount, :fee_amount, :tax_amount, :added_tax_amount, :total_amount, :tender_amount, :due_amount,
       :is_tax_included, :policy, :ledger, :quote_hash, :delivery_method, :delivery_title, :payment_method, :codes, :note, :attributes,
       :address, :expires_at, :at, :confirmed_at, :at, :at);

-- :name order_line_insert :run
-- :use  order.place
INSERT INTO order_lines (order_id, position, kind, key, parent_key, variant_id, product_id, selling_plan_id, title, variant_title,
       sku, brand, image, options, properties, quantity, list_unit_amount, list_pieces, unit_amount, unit_pieces,
       subtotal_amount, discount_amount, total_amount, tax_amount, is_tax_included, tax_class, cost_amount, weight_mg, ships,
       is_downloadable, is_gift_card)
VALUES (:order_id, :position, :kind, :key, :parent_key, :variant_id, :product_id, :selling_plan_id, :title, :variant_title,
       :sku, :brand, :image, :options, :properties, :quantity, :list_unit_amount, :list_pieces, :unit_amount, :unit_pieces,
       :subtotal_amount, :discount_amount, :total_amount, :tax_amount, :is_tax_included, :tax_class, :cost_amount, :weight_mg, :ships,
       :is_downloadable, :is_gift_card);

-- :name order_allocation_insert :run
-- :use  order.place
INSERT INTO order_allocations (line_id, seq, order_id, handler, code, reason, amount)
VALUES (:line_id, :seq, :order_id, :handler, :code, :reason, :amount);

-- :name order_tax_insert :run
-- :use  order.place
INSERT INTO order_taxes (line_id, rate_id, order_id, title, jurisdiction, ppm, base_amount, amount, is_included)
VALUES (:line_id, :rate_id, :order_id, :title, :jurisdiction, :ppm, :base_amount, :amount, :is_included);

-- :name order_address_insert :run
-- :use  order.place
INSERT INTO order_addresses (order_id, kind, name, given_name, family_name, company, line1, line2, district, city, province,
       postal_code, country, phone, tax_number)
VALUES (:order_id, :kind, :name, :given_name, :family_name, :company, :line1, :line2, :district, :city, :province, :postal_code,
       :country, :phone, :tax_number);

-- :name order_by_id :one
-- :use  orders.id -> the head
SELECT id, token, number, cart_id, customer_id, channel_id, source, is_test, state, payment_state, delivery_state, cancelled_by,
       cancel_reason, email, phone, locale, currency, list_amount, subtotal_amount, discount_amount, delivery_amount,
       fee_amount, tax_amount, added_tax_amount, total_amount, tender_amount, due_amount, is_tax_included, policy, ledger, quote_hash,
       delivery_method, delivery_title, payment_method, codes, note, attributes, placed_at, confirmed_at, completed_at,
       cancelled_at, created_at, updated_at, version
  FROM orders
 WHERE id = :id
   AND deleted_at IS NULL;

-- :name order_by_token :one
-- :use  the page that a buyer may see
SELECT id, token, number, cart_id, customer_id, channel_id, source, is_test, state, payment_state, delivery_state, cancelled_by,
       cancel_reason, email, phone, locale, currency, list_amount, subtotal_amount, discount_amount, delivery_amount,
       fee_amount, tax_amount, added_tax_amount, total_amount, tender_amount, due_amount, is_tax_included, policy, ledger, quote_hash,
       delivery_method, delivery_title, payment_method, codes, note, attributes, placed_at, confirmed_at, completed_at,
       cancelled_at, created_at, updated_at, version
  FROM orders
 WHERE token = :token
   AND deleted_at IS NULL;

-- :name order_id_by_number :value
-- :use  the number that people read aloud
SELECT id
  FROM orders
 WHERE number = :number
   AND deleted_at IS NULL;

-- :name order_lines_of :many
-- :use  orders.id -> lines in the order of the cart, then delivery and fees
SELECT id, position, kind, key, parent_key, variant_id, product_id, selling_plan_id, title, variant_title, sku, brand, image,
       options, properties, quantity, list_unit_amount, list_pieces, unit_amount, unit_pieces, subtotal_amount,
       discount_amount, total_amount, tax_amount, is_tax_included, tax_class, cost_amount, weight_mg, ships, is_downloadable,
       is_gift_card, shipped_quantity, returned_quantity
  FROM order_lines
 WHERE order_id = :order_id
 ORDER BY position;

-- :name order_allocations_of :many
-- :use  which promotion took how much off which line
SELECT line_id, seq, handler, code, reason, amount
  FROM order_allocations
 WHERE order_id = :order_id
 ORDER BY line_id, seq;

-- :name order_taxes_of :many
-- :use  the tax rows of all lines
SELECT line_id, rate_id, title, jurisdiction, ppm, base_amount, amount, is_included
  FROM order_taxes
 WHERE order_id = :order_id
 ORDER BY line_id, rate_id;

-- :name order_addresses_of :many
-- :use  the snapshots
SELECT kind, name, given_name, family_name, company, line1, line2, district, city, province, postal_code, country, phone, tax_number
  FROM order_addresses
 WHERE order_id = :order_id
 ORDER BY kind;

-- :name order_state_row :one
-- :use  what decides about states
SELECT id, token, number, state, payment_state, delivery_state, cancelled_by, currency, due_amount, total_amount, is_test, payment_method,
       customer_id, email, version
  FROM orders
 WHERE id = :id;

-- :name order_set_states :run
-- :use  states derived from rows
UPDATE orders
   SET state = :state, payment_state = :payment_state, delivery_state = :delivery_state,
       confirmed_at = CASE WHEN :state IN ('confirmed', 'completed') THEN coalesce(confirmed_at, :at) ELSE confirmed_at END,
       completed_at = CASE WHEN :state = 'completed' THEN coalesce(completed_at, :at) ELSE completed_at END,
       updated_at = :at, version = version + 1
 WHERE id = :id;

-- :name order_set_cancelled :run
-- :use  order.cancel
UPDATE orders
   SET state = 'cancelled', cancelled_by = :by, cancel_reason = :reason, cancelled_at = :at, updated_at = :at, version = version + 1
 WHERE id = :id
   AND state <> 'cancelled';

-- :name order_revive :run
-- :use  money came for an order that had expired, and the goods are still there
UPDATE orders
   SET state = 'confirmed', cancelled_by = NULL, cancel_reason = NULL, cancelled_at = NULL, confirmed_at = coalesce(confirmed_at, :at),
       updated_at = :at, version = version + 1
 WHERE id = :id
   AND state = 'cancelled';

-- :name order_history_insert :run
-- :use  every change of a state
INSERT INTO order_history (order_id, field, was, now, reason, actor, at)
VALUES (:order_id, :field, :was, :now, :reason, :actor, :at);

-- :name order_history_of :many
-- :use  what happened to an order, oldest first
SELECT field, was, now, reason, actor, at
  FROM order_history
 WHERE order_id = :order_id
 ORDER BY id;

-- :name order_goods_wants :many
-- :use  what a revived order must take again
SELECT l.id, l.quantity, l.variant_id, l.product_id, p.tracking
  FROM order_lines AS l
  JOIN products AS p ON p.id = l.product_id
 WHERE l.order_id = :order_id
   AND l.kind = 'goods';

-- :name order_holds_of :many
-- :use  reasons to wait
SELECT id, reason, actor, note, at, released_at, released_by
  FROM order_holds
 WHERE order_id = :order_id
 ORDER BY id;

-- :name order_hold_insert :run
-- :use  order.hold
INSERT INTO order_holds (order_id, reason, actor, note, at)
VALUES (:order_id, :reason, :actor, :note, :at);

-- :name order_hold_release :run
-- :use  order.release_hold
UPDATE order_holds
   SET released_at = :at, released_by = :actor
 WHERE id = :id
   AND order_id = :order_id
   AND released_at IS NULL;

-- :name order_is_held :value
-- :use  nothing is captured or shipped while this is there
SELECT reason
  FROM order_holds
 WHERE order_id = :order_id
   AND released_at IS NULL
 LIMIT 1;

-- :name order_note_insert :run
-- :use  order.note
INSERT INTO order_notes (order_id, actor, body, is_visible, at)
VALUES (:order_id, :actor, :body, :is_visible, :at);

-- :name order_notes_of :many
-- :use  what people wrote about an order
SELECT id, actor, body, is_visible, at
  FROM order_notes
 WHERE order_id = :order_id
 ORDER BY id;

-- :name orders_recent :many
-- :use  the back office, newest first
SELECT id, token, number, state, payment_state, delivery_state, email, currency, total_amount, placed_at, is_test, version
  FROM orders
 WHERE id < :before
   AND deleted_at IS NULL
 ORDER BY id DESC
 LIMIT :limit;

-- :name orders_in_state :many
-- :use  the back office, one state, newest first
SELECT id, token, number, state, payment_state, delivery_state, email, currency, total_amount, placed_at, is_test, version
  FROM orders
 WHERE state = :state
   AND id < :before
   AND deleted_at IS NULL
 ORDER BY id DESC
 LIMIT :limit;

-- :name orders_expired :many
-- :use  placed, and not paid in time
SELECT id AS order_id
  FROM orders
 WHERE state = 'placed'
   AND expires_at <= :now
 ORDER BY expires_at
 LIMIT :limit;

-- :name order_extend :run
-- :use  an order that may be paid at this moment gets more time
UPDATE orders
   SET expires_at = :expires_at
 WHERE id = :id;

-- :name order_progress :one
-- :use  a shopper who pays: how far that has come
SELECT id, number, cart_id, state, cancelled_by, payment_state, due_amount, currency, is_test, expires_at
  FROM orders
 WHERE token = :token
   AND deleted_at IS NULL;

-- :name order_line_ship :run
-- :use  order.fulfil: never more than was ordered
UPDATE order_lines
   SET shipped_quantity = shipped_quantity + :quantity
 WHERE id = :id
   AND order_id = :order_id
   AND kind = 'goods'
   AND shipped_quantity + :quantity <= quantity - returned_quantity;

-- :name order_line_return :run
-- :use  order.take_back: never more than was ordered
UPDATE order_lines
   SET returned_quantity = returned_quantity + :quantity
 WHERE id = :id
   AND order_id = :order_id
   AND kind = 'goods'
   AND returned_quantity + :quantity <= quantity;

-- :name fulfilment_insert :run
-- :use  order.fulfil
INSERT INTO fulfilments (order_id, location_id, state, carrier, tracking_number, tracking_url, created_at, updated_at)
VALUES (:order_id, :location_id, :state, :carrier, :tracking_number, :tracking_url, :at, :at);

-- :name fulfilment_line_insert :run
-- :use  order.fulfil
INSERT INTO fulfilment_lines (fulfilment_id, line_id, quantity)
VALUES (:fulfilment_id, :line_id, :quantity);

-- :name fulfilment_set_state :run
-- :use  order.deliver
UPDATE fulfilments
   SET state = :state, delivered_at = CASE WHEN :state = 'delivered' THEN :at ELSE delivered_at END, updated_at = :at,
       version = version + 1
 WHERE id = :id
   AND order_id = :order_id
   AND state <> 'cancelled';

-- :name fulfilments_of :many
-- :use  parcels of an order
SELECT id, location_id, state, carrier, tracking_number, tracking_url, created_at, delivered_at, version
  FROM fulfilments
 WHERE order_id = :order_id
 ORDER BY id;

-- :name fulfilment_lines_of :many
-- :use  what is in the parcels of an order
SELECT fl.fulfilment_id, fl.line_id, fl.quantity
  FROM fulfilments AS f
  JOIN fulfilment_lines AS fl ON fl.fulfilment_id = f.id
 WHERE f.order_id = :order_id;

-- :name orders_wrong_lines :many
-- :use  fsck: orders whose lines and added tax do not make the total
SELECT o.id, o.number, o.total_amount, (SELECT sum(l.total_amount) FROM order_lines AS l WHERE l.order_id = o.id) + o.added_tax_amount AS counted
  FROM orders AS o
 WHERE o.id > :after
   AND o.total_amount <> coalesce((SELECT sum(l.total_amount) FROM order_lines AS l WHERE l.order_id = o.id), 0) + o.added_tax_amount
 ORDER BY o.id
 LIMIT :limit;

-- :name orders_after :many
-- :use  fsck: all orders, some at a time
SELECT id, number, state, payment_state, delivery_state, due_amount, list_amount, total_amount, ledger
  FROM orders
 WHERE id > :after
 ORDER BY id
 LIMIT :limit;
