-- Multiplies the products of a shop that tests/bench/seed.lua filled: every simple product gets :copies
-- copies, with the rows that are derived from it. One transaction of inserts in the order of the keys is
-- a hundred times faster than as many commands. Copies are not searchable and their stock is not counted,
-- so that they need no rows in the index and no accounts. For the sqlite3 shell, on a shop that nobody
-- serves; script/bench takes indexes and triggers away before and puts them back after.

CREATE TEMP TABLE copy AS
WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < :copies)
SELECT n, n * (SELECT next FROM sequences WHERE name = 'product') AS step FROM counter;

CREATE TEMP TABLE source AS
SELECT p.id AS product_id, v.id AS variant_id
  FROM products AS p
  JOIN variants AS v ON v.product_id = p.id
 WHERE p.kind = 'simple';

CREATE INDEX temp.source_by_product ON source (product_id);
CREATE INDEX temp.source_by_variant ON source (variant_id);

INSERT INTO products (id, handle, kind, title, summary, description, brand_id, type, state, is_listed, is_searchable,
                      publish_at, unpublish_at, featured_position, is_featured, tracking, max_per_order, created_at, updated_at)
SELECT p.id + c.step, p.handle || '-' || c.n, p.kind, p.title || ' ' || c.n, p.summary, '', p.brand_id, p.type, p.state,
       p.is_listed, 0, p.publish_at, p.unpublish_at, p.featured_position, p.is_featured, 'none', p.max_per_order, p.created_at,
       p.updated_at
  FROM copy AS c CROSS JOIN source AS s CROSS JOIN products AS p ON p.id = s.product_id;

INSERT INTO variants (id, product_id, position, title, sku, sku_key, is_enabled, ships, tax_class, weight_mg, created_at,
                      updated_at, version)
SELECT v.id + c.step, v.product_id + c.step, v.position, v.title, v.sku || '-' || c.n, v.sku_key || '-' || c.n, v.is_enabled,
       v.ships, v.tax_class, v.weight_mg, v.created_at, v.updated_at, v.version
  FROM copy AS c CROSS JOIN source AS s CROSS JOIN variants AS v ON v.id = s.variant_id;

INSERT INTO prices (variant_id, price_list_id, min_quantity, amount, pieces, compare_amount, starts_at, ends_at)
SELECT r.variant_id + c.step, r.price_list_id, r.min_quantity, r.amount, r.pieces, r.compare_amount, r.starts_at, r.ends_at
  FROM copy AS c CROSS JOIN prices AS r
 WHERE r.variant_id IN (SELECT variant_id FROM source);

INSERT INTO price_history (variant_id, channel_id, currency, amount, from_at, until_at, cause)
SELECT h.variant_id + c.step, h.channel_id, h.currency, h.amount, h.from_at, h.until_at, h.cause
  FROM copy AS c CROSS JOIN price_history AS h
 WHERE h.variant_id IN (SELECT variant_id FROM source);

INSERT INTO product_categories (category_id, product_id, position, is_primary)
SELECT pc.category_id, pc.product_id + c.step, pc.position, pc.is_primary
  FROM copy AS c CROSS JOIN product_categories AS pc
 WHERE pc.product_id IN (SELECT product_id FROM source);

INSERT INTO product_terms (product_id, term_id)
SELECT pt.product_id + c.step, pt.term_id
  FROM copy AS c CROSS JOIN product_terms AS pt
 WHERE pt.product_id IN (SELECT product_id FROM source);

INSERT INTO product_attributes (product_id, attribute_id, title, words, is_visible, position)
SELECT pa.product_id + c.step, pa.attribute_id, pa.title, pa.words, pa.is_visible, pa.position
  FROM copy AS c CROSS JOIN product_attributes AS pa
 WHERE pa.product_id IN (SELECT product_id FROM source);

INSERT INTO product_media (product_id, media_id, role, alt, position)
SELECT pm.product_id + c.step, pm.media_id, pm.role, pm.alt, pm.position
  FROM copy AS c CROSS JOIN product_media AS pm
 WHERE pm.product_id IN (SELECT product_id FROM source);

INSERT INTO listings (channel_id, price_list_id, category_id, product_id, position, featured, price_amount, price_max,
                      is_on_sale, is_available, created_at, valid_from, valid_until)
SELECT l.channel_id, l.price_list_id, l.category_id, l.product_id + c.step, l.position, l.featured, l.price_amount,
       l.price_max, l.is_on_sale, l.is_available, l.created_at, l.valid_from, l.valid_until
  FROM copy AS c CROSS JOIN listings AS l
 WHERE l.product_id IN (SELECT product_id FROM source);

INSERT INTO listing_cards (channel_id, locale, product_id, variant_id, kind, handle, title, brand, choices, tax_class,
                           list_amount, list_pieces, offers, lowest_amount, image_path, image_width, image_height, image_alt,
                           image_color, second_path)
SELECT k.channel_id, k.locale, k.product_id + c.step, k.variant_id + c.step, k.kind, k.handle || '-' || c.n,
       k.title || ' ' || c.n, k.brand, k.choices, k.tax_class, k.list_amount, k.list_pieces, k.offers, k.lowest_amount,
       k.image_path, k.image_width, k.image_height, k.image_alt, k.image_color, k.second_path
  FROM copy AS c CROSS JOIN listing_cards AS k
 WHERE k.product_id IN (SELECT product_id FROM source);

INSERT INTO listing_titles (channel_id, locale, category_id, title_key, product_id)
SELECT t.channel_id, t.locale, t.category_id, t.title_key || ' ' || c.n, t.product_id + c.step
  FROM copy AS c CROSS JOIN listing_titles AS t
 WHERE t.product_id IN (SELECT product_id FROM source)
 ORDER BY 1, 2, 3, 4;

DELETE FROM listing_counts;
INSERT INTO listing_counts (channel_id, price_list_id, category_id, total)
SELECT channel_id, price_list_id, category_id, count(*) FROM listings GROUP BY 1, 2, 3;

DELETE FROM listing_facets;
INSERT INTO listing_facets (channel_id, category_id, term_id, total)
SELECT l.channel_id, l.category_id, t.term_id, count(*)
  FROM listings AS l
  JOIN product_terms AS t ON t.product_id = l.product_id
 WHERE l.price_list_id = 1
 GROUP BY 1, 2, 3;

UPDATE sequences SET next = next * (:copies + 1) WHERE name = 'product';
