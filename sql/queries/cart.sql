-- Queries of lua/domain/cart: questions to the shop.

-- :name cart_by_token :one
-- :use  carts.token -> the whole row
SELECT id, token, state, channel_id, customer_id, currency, locale, country, email, phone, delivery_address, billing_address,
       delivery_choice, payment_choice, note, attributes, source, is_test, version, created_at, updated_at
  FROM carts
 WHERE token = :token;

-- :name cart_by_id :one
-- :use  carts.id -> the whole row
SELECT id, token, state, channel_id, customer_id, currency, locale, country, email, phone, delivery_address, billing_address,
       delivery_choice, payment_choice, note, attributes, source, is_test, version, created_at, updated_at
  FROM carts
 WHERE id = :id;

-- :name cart_open :one
-- :use  what a command needs of a cart
SELECT id, state, channel_id, customer_id, currency
  FROM carts
 WHERE token = :token;

-- :name cart_of_customer :one
-- :use  the open cart that a customer left
SELECT id, token
  FROM carts
 WHERE customer_id = :customer_id
   AND state = 'open'
 ORDER BY updated_at DESC
 LIMIT 1;

-- :name cart_insert :run
-- :use  cart.create, cart.add
INSERT INTO carts (token, channel_id, customer_id, currency, locale, country, source, is_test, created_at, updated_at)
VALUES (:token, :channel_id, :customer_id, :currency, :locale, :country, :source, :is_test, :at, :at);

-- :name cart_touch :run
-- :use  every change: what was worked out before is stale
UPDATE carts
   SET version = version + 1, updated_at = :at
 WHERE id = :id;

-- :name cart_set_state :run
-- :use  ordered, merged, cancelled
UPDATE carts
   SET state = :state, version = version + 1, updated_at = :at
 WHERE id = :id
   AND state = 'open';

-- :name cart_set_ordered :run
-- :use  order.place; the payment is chosen with the order, so that placing it is one commit
UPDATE carts
   SET state = 'ordered', payment_choice = coalesce(:payment, payment_choice), version = version + 1, updated_at = :at
 WHERE id = :id
   AND state = 'open';

-- :name cart_set_details :run
-- :use  cart.update: what is NULL stays
UPDATE carts
   SET note = coalesce(:note, note), attributes = coalesce(:attributes, attributes), country = coalesce(:country, country),
       locale = coalesce(:locale, locale), email = coalesce(:email, email), phone = coalesce(:phone, phone),
       version = version + 1, updated_at = :at
 WHERE id = :id;

-- :name cart_set_addresses :run
-- :use  cart.set_address
UPDATE carts
   SET delivery_address = :delivery, billing_address = :billing, country = :country, email = coalesce(:email, email),
       phone = coalesce(:phone, phone), version = version + 1, updated_at = :at
 WHERE id = :id;

-- :name cart_set_delivery :run
-- :use  cart.choose_delivery
UPDATE carts
   SET delivery_choice = :choice, version = version + 1, updated_at = :at
 WHERE id = :id;

-- :name cart_set_payment :run
-- :use  cart.choose_payment
UPDATE carts
   SET payment_choice = :choice, version = version + 1, updated_at = :at
 WHERE id = :id;

-- :name cart_set_customer :run
-- :use  cart.claim
UPDATE carts
   SET customer_id = :customer_id, email = coalesce(:email, email), version = version + 1, updated_at = :at
 WHERE id = :id;

-- :name cart_variant :one
-- :use  cart.add: the variant by id, what is left of it, and what the cart holds already
SELECT v.id, v.product_id, v.min_quantity, v.max_quantity, v.step_quantity,
       v.is_enabled = 1 AND v.deleted_at IS NULL AND p.deleted_at IS NULL AND p.state = 'active'
         AND (p.publish_at IS NULL OR p.publish_at <= :at) AND (p.unpublish_at IS NULL OR p.unpublish_at > :at) AS is_sold,
       p.kind, p.tracking, p.max_per_order,
       CASE p.tracking WHEN 'none' THEN NULL ELSE (
         SELECT CASE WHEN count(*) = count(a.floor) THEN coalesce(sum(a.balance - a.held - a.floor), 0) END
           FROM accounts AS a
          WHERE a.kind = 'stock'
            AND a.owner_id = CASE p.tracking WHEN 'product' THEN p.id ELSE v.id END) END AS available,
       (SELECT l.quantity FROM cart_lines AS l WHERE l.cart_id = :cart_id AND l.key = :key) AS in_line,
       (SELECT coalesce(sum(l.quantity), 0) FROM cart_lines AS l
         WHERE l.cart_id = :cart_id AND l.variant_id = v.id) AS in_cart,
       (SELECT count(*) FROM cart_lines AS l WHERE l.cart_id = :cart_id) AS lines
  FROM variants AS v
  JOIN products AS p ON p.id = v.product_id
 WHERE v.id = :variant_id;

-- :name variant_by_sku :value
-- :use  cart.add: a folded SKU -> the variant's id
SELECT id
  FROM variants
 WHERE sku_key = :sku_key;

-- :name cart_product_count :value
-- :use  pieces of a product in a cart, for max_per_order
SELECT coalesce(sum(l.quantity), 0)
  FROM cart_lines AS l
  JOIN variants AS v ON v.id = l.variant_id
 WHERE l.cart_id = :cart_id
   AND v.product_id = :product_id;

-- :name cart_line_put :run
-- :use  cart.add: equal wishes meet in one line
INSERT INTO cart_lines (cart_id, key, variant_id, quantity, properties, selling_plan_id, parent_key, created_at)
VALUES (:cart_id, :key, :variant_id, :quantity, :properties, :selling_plan_id, :parent_key, :at)
    ON CONFLICT (cart_id, key) DO UPDATE SET quantity = excluded.quantity;

-- :name cart_line_find :one
-- :use  cart.set_quantity
SELECT id, key, variant_id, quantity, properties, selling_plan_id, parent_key
  FROM cart_lines
 WHERE cart_id = :cart_id
   AND key = :key;

-- :name cart_lines_of :many
-- :use  the lines as they stand, in the order they were added
SELECT id, key, variant_id, quantity, properties, selling_plan_id, parent_key
  FROM cart_lines
 WHERE cart_id = :cart_id
 ORDER BY id;

-- :name cart_line_set :run
-- :use  cart.set_quantity
UPDATE cart_lines
   SET quantity = :quantity
 WHERE cart_id = :cart_id
   AND key = :key;

-- :name cart_line_delete :run
-- :use  cart.remove: the line, and lines that hang on it
DELETE FROM cart_lines
 WHERE cart_id = :cart_id
   AND (key = :key OR parent_key = :key);

-- :name cart_lines_clear :run
-- :use  cart.clear
DELETE FROM cart_lines
 WHERE cart_id = :cart_id;

-- :name cart_count :value
-- :use  the number beside the cart in the header
SELECT coalesce(sum(l.quantity), 0)
  FROM carts AS c
  JOIN cart_lines AS l ON l.cart_id = c.id
 WHERE c.token = :token
   AND c.state = 'open';

-- :name cart_codes_of :many
-- :use  codes as they were typed
SELECT code_key, code
  FROM cart_codes
 WHERE cart_id = :cart_id
 ORDER BY code_key;

-- :name cart_code_put :run
-- :use  cart.apply_code
INSERT INTO cart_codes (cart_id, code_key, code, at)
VALUES (:cart_id, :code_key, :code, :at)
    ON CONFLICT (cart_id, code_key) DO UPDATE SET code = excluded.code;

-- :name cart_code_delete :run
-- :use  cart.remove_code
DELETE FROM cart_codes
 WHERE cart_id = :cart_id
   AND code_key = :code_key;

-- :name cart_codes_count :value
-- :use  cart.apply_code: ten at most
SELECT count(*)
  FROM cart_codes
 WHERE cart_id = :cart_id;

-- :name draft_lines :many
-- :use  everything that a quote needs to know of the lines
SELECT l.key AS id, l.quantity AS qty, l.properties, l.selling_plan_id, l.parent_key, v.id AS variant_id, v.product_id,
       v.version AS variant_version, p.version AS product_version, v.title AS variant_title, v.sku, v.ships,
       v.is_downloadable, v.is_gift_card, v.is_taxable, v.tax_class, v.cost_amount, v.weight_mg, v.min_quantity,
       v.max_quantity, v.step_quantity, v.measure_quantity, v.measure_unit, v.measure_base,
       v.is_enabled = 1 AND v.deleted_at IS NULL AND p.deleted_at IS NULL AND p.state = 'active' AS is_sold,
       p.handle, p.kind, p.publish_at, p.unpublish_at, p.tracking, p.max_per_order, p.type,
       coalesce(t.value, p.title) AS title, b.title AS brand,
       m.path AS image_path, m.width AS image_width, m.height AS image_height, m.alt AS image_alt, m.color AS image_color,
       CASE p.tracking WHEN 'none' THEN NULL ELSE (
         SELECT CASE WHEN count(*) = count(a.floor) THEN coalesce(sum(a.balance - a.held - a.floor), 0) END
           FROM accounts AS a
          WHERE a.kind = 'stock'
            AND a.owner_id = CASE p.tracking WHEN 'product' THEN p.id ELSE v.id END) END AS available
  FROM cart_lines AS l
  JOIN variants AS v ON v.id = l.variant_id
  JOIN products AS p ON p.id = v.product_id
  LEFT JOIN brands AS b ON b.id = p.brand_id
  LEFT JOIN translations AS t
    ON t.entity = 'product' AND t.entity_id = p.id AND t.locale = :locale AND t.field = 'title'
  LEFT JOIN media AS m
    ON m.id = coalesce(v.media_id, (SELECT pm.media_id FROM product_media AS pm
                                     WHERE pm.product_id = p.id AND pm.role = 'gallery'
                                     ORDER BY pm.position LIMIT 1))
 WHERE l.cart_id = :cart_id
 ORDER BY l.id;

-- :name draft_prices :many
-- :use  all price rows of a cart's variants in one list
SELECT pr.variant_id, pr.min_quantity, pr.amount, pr.pieces, pr.compare_amount, pr.starts_at, pr.ends_at
  FROM cart_lines AS l
  JOIN prices AS pr ON pr.variant_id = l.variant_id AND pr.price_list_id = :price_list_id
 WHERE l.cart_id = :cart_id;

-- :name draft_options :many
-- :use  the options of a cart's variants, as the shopper reads them; unsorted, and again for each line of a variant
SELECT vv.variant_id, o.id, o.position, coalesce(ot.value, o.title) AS name, coalesce(vt.value, tt.value, ov.title) AS value
  FROM cart_lines AS l
  JOIN variant_values AS vv ON vv.variant_id = l.variant_id
  JOIN options AS o ON o.id = vv.option_id
  JOIN option_values AS ov ON ov.id = vv.value_id
  LEFT JOIN translations AS ot
    ON ot.entity = CASE WHEN o.attribute_id IS NULL THEN 'option' ELSE 'attribute' END
   AND ot.entity_id = coalesce(o.attribute_id, o.id) AND ot.locale = :locale AND ot.field = 'title'
  LEFT JOIN translations AS vt
    ON vt.entity = 'option_value' AND vt.entity_id = ov.id AND vt.locale = :locale AND vt.field = 'title'
  LEFT JOIN translations AS tt
    ON tt.entity = 'attribute_term' AND tt.entity_id = ov.term_id AND tt.locale = :locale AND tt.field = 'title'
 WHERE l.cart_id = :cart_id;

-- :name draft_tags :many
-- :use  tags of a cart's products, when a handler asks for them; again for each line of a product
SELECT v.product_id, t.handle
  FROM cart_lines AS l
  JOIN variants AS v ON v.id = l.variant_id
  JOIN product_tags AS pt ON pt.product_id = v.product_id
  JOIN tags AS t ON t.id = pt.tag_id
 WHERE l.cart_id = :cart_id;

-- :name draft_categories :many
-- :use  categories of a cart's products, when a handler asks for them; again for each line of a product
SELECT v.product_id, c.handle
  FROM cart_lines AS l
  JOIN variants AS v ON v.id = l.variant_id
  JOIN product_categories AS pc ON pc.product_id = v.product_id
  JOIN categories AS c ON c.id = pc.category_id
 WHERE l.cart_id = :cart_id;

-- :name draft_gift :one
-- :use  what a rule gives away
SELECT v.id AS variant_id, v.product_id, v.title AS variant_title, v.sku, v.ships, v.is_downloadable, v.tax_class, v.weight_mg,
       p.handle, p.tracking, coalesce(t.value, p.title) AS title
  FROM variants AS v
  JOIN products AS p ON p.id = v.product_id
  LEFT JOIN translations AS t
    ON t.entity = 'product' AND t.entity_id = p.id AND t.locale = :locale AND t.field = 'title'
 WHERE v.id = :variant_id
   AND v.is_enabled = 1
   AND v.deleted_at IS NULL
   AND p.deleted_at IS NULL
   AND p.state = 'active';

-- :name price_list_by_id :one
-- :use  which list a quote takes its prices from
SELECT id, currency, is_tax_included, parent_id
  FROM price_lists
 WHERE id = :id
   AND is_enabled = 1;

-- :name price_list_of_group :one
-- :use  the list of a customer group in a currency
SELECT id, currency, is_tax_included, parent_id
  FROM price_lists
 WHERE customer_group_id = :customer_group_id
   AND currency = :currency
   AND is_enabled = 1
 ORDER BY id
 LIMIT 1;

-- :name cart_lines_for_guards :many
-- :use  guards of plugins: what lies in a cart after a change
SELECT l.key, l.quantity, l.variant_id, v.product_id, coalesce(v.sku, '') AS sku, p.handle, p.title
  FROM cart_lines AS l
  JOIN variants AS v ON v.id = l.variant_id
  JOIN products AS p ON p.id = v.product_id
 WHERE l.cart_id = :cart_id;

-- :name carts_to_sweep :many
-- :use  the sweeping job: carts that nobody touched for long
SELECT id
  FROM carts
 WHERE state = :state
   AND updated_at < :before
 ORDER BY updated_at
 LIMIT :limit;

-- :name cart_delete :run
-- :use  the sweeping job
DELETE FROM carts
 WHERE id = :id;

-- :name recorded_cart_insert :run
-- :use  one of many quotes is kept, without the person, to try new rules on
INSERT INTO recorded_carts (draft, currency, total, quote_hash, at)
VALUES (:draft, :currency, :total, :quote_hash, :at);

-- :name recorded_carts_prune :run
-- :use  the sweeping job: after 90 days
DELETE FROM recorded_carts
 WHERE at < :before;
