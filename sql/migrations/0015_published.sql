-- What plugins may read of the shop, if the merchant grants it: views that stay the same while tables change. They are flat,
-- as the guard of plugins' SQL asks. Those that hold personal data say so in their name.

CREATE VIEW pub_products AS
SELECT id, handle, kind, title, type, state, is_listed, is_featured, tracking, publish_at, unpublish_at, created_at, updated_at
  FROM products
 WHERE deleted_at IS NULL;

CREATE VIEW pub_variants AS
SELECT id, product_id, position, title, sku, gtin, is_enabled, ships, is_downloadable, is_gift_card, weight_mg, created_at, updated_at
  FROM variants
 WHERE deleted_at IS NULL;

CREATE VIEW pub_product_tags AS
SELECT pt.product_id, t.handle, t.title
  FROM product_tags AS pt
  JOIN tags AS t ON t.id = pt.tag_id;

CREATE VIEW pub_product_categories AS
SELECT pc.product_id, pc.category_id, c.handle
  FROM product_categories AS pc
  JOIN categories AS c ON c.id = pc.category_id
 WHERE c.deleted_at IS NULL;

CREATE VIEW pub_categories AS
SELECT id, handle, kind, parent_id, title, position, state
  FROM categories
 WHERE deleted_at IS NULL;

-- owner_id is that of the variant, or of the product where stock is counted for all its variants.
CREATE VIEW pub_stock AS
SELECT owner_id, place_id, balance, held, balance - held AS available, low_at, updated_at
  FROM accounts
 WHERE kind = 'stock';

CREATE VIEW pub_orders AS
SELECT id, number, channel_id, source, is_test, state, payment_state, delivery_state, locale, currency, list_amount, subtotal_amount,
       discount_amount, delivery_amount, fee_amount, tax_amount, total_amount, due_amount, delivery_method, payment_method, placed_at,
       confirmed_at, completed_at, cancelled_at, updated_at
  FROM orders
 WHERE deleted_at IS NULL;

CREATE VIEW pub_order_lines AS
SELECT id, order_id, position, kind, variant_id, product_id, title, variant_title, sku, quantity, unit_amount, unit_pieces, subtotal_amount,
       discount_amount, total_amount, tax_amount, shipped_quantity, returned_quantity
  FROM order_lines;

-- Personal data from here on: granted apart from the rest.

CREATE VIEW pub_personal_customers AS
SELECT id, email, name, phone, locale, customer_group_id, is_enabled, created_at, updated_at
  FROM customers
 WHERE deleted_at IS NULL;

CREATE VIEW pub_personal_order_contacts AS
SELECT id AS order_id, token, number, customer_id, email, phone, locale
  FROM orders
 WHERE deleted_at IS NULL;
