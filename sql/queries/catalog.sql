-- Queries of lua/domain/catalog: products, variants and what hangs on them.

-- :name product_by_handle :one
-- :use  handle -> product, seen or not
SELECT p.id, p.handle, p.kind, p.title, p.summary, p.description, p.state, p.publish_at, p.unpublish_at, p.tracking,
       p.max_per_order, p.external_url, p.external_label, p.template, p.seo_title, p.seo_description, p.details,
       p.is_searchable, p.is_listed, p.is_featured, p.featured_position, p.created_at, p.updated_at, p.version, b.title AS brand, b.handle AS brand_handle
  FROM products AS p
  LEFT JOIN brands AS b ON b.id = p.brand_id
 WHERE p.handle = :handle AND p.deleted_at IS NULL;

-- :name product_by_id :one
-- :use  products.id -> product, seen or not
SELECT p.id, p.handle, p.kind, p.title, p.summary, p.description, p.state, p.publish_at, p.unpublish_at, p.tracking,
       p.max_per_order, p.external_url, p.external_label, p.template, p.seo_title, p.seo_description, p.details,
       p.is_searchable, p.is_listed, p.is_featured, p.featured_position, p.created_at, p.updated_at, p.version, b.title AS brand, b.handle AS brand_handle
  FROM products AS p
  LEFT JOIN brands AS b ON b.id = p.brand_id
 WHERE p.id = :id AND p.deleted_at IS NULL;

-- :name product_hidden_in_channel :value
-- :use  1 when the merchant hid the product there
SELECT 1
  FROM product_channels
 WHERE product_id = :product_id AND channel_id = :channel_id AND is_visible = 0;

-- :name product_last_id :value
-- :use  how far the ids of products go
SELECT max(id)
  FROM products;

-- :name product_handles :many
-- :use  those of a range of ids that anybody may find in a storefront now, for its sitemap
SELECT p.handle, p.updated_at
  FROM products AS p
 WHERE p.id > :after AND p.id <= :last AND p.state = 'active' AND p.deleted_at IS NULL
   AND (p.is_listed = 1 OR p.is_searchable = 1)
   AND (p.publish_at IS NULL OR p.publish_at <= :now) AND (p.unpublish_at IS NULL OR p.unpublish_at > :now)
   AND NOT EXISTS (SELECT 1 FROM product_channels AS c WHERE c.product_id = p.id AND c.channel_id = :channel_id AND c.is_visible = 0)
 ORDER BY p.id;

-- :name variants_of_product :many
-- :use  variants that can be bought, with what is in stock at all locations
SELECT v.id, v.position, v.title, v.sku, v.gtin, v.media_id, v.ships, v.is_downloadable, v.is_gift_card, v.is_taxable,
       v.tax_class, v.weight_mg, v.length_um, v.width_um, v.height_um, v.min_quantity, v.max_quantity,
       v.step_quantity, v.measure_quantity, v.measure_unit, v.measure_base, v.version
  FROM variants AS v
 WHERE v.product_id = :product_id AND v.is_enabled = 1 AND v.deleted_at IS NULL
 ORDER BY v.position, v.id;

-- :name variants_to_edit :many
-- :use  all variants of a product, for exports and editors
SELECT v.id, v.position, v.title, v.sku, v.gtin, v.media_id, v.ships, v.is_downloadable, v.is_gift_card, v.is_taxable,
       v.tax_class, v.weight_mg, v.length_um, v.width_um, v.height_um, v.min_quantity, v.max_quantity,
       v.step_quantity, v.measure_quantity, v.measure_unit, v.measure_base, v.version, v.is_enabled
  FROM variants AS v
 WHERE v.product_id = :product_id AND v.deleted_at IS NULL
 ORDER BY v.position, v.id;

-- :name downloads_of_variant :many
-- :use  the files of a variant
SELECT title, source, max_count, expiry_days
  FROM downloads
 WHERE variant_id = :variant_id
 ORDER BY position, id;

-- :name imported_meta_of_product :many
-- :use  what an import kept of a product, for an export
SELECT key, value
  FROM meta
 WHERE entity = 'product' AND entity_id = :product_id AND namespace = 'import'
 ORDER BY key;

-- :name external_id_of :value
-- :use  how another system names a row
SELECT value
  FROM external_ids
 WHERE entity = :entity AND entity_id = :entity_id AND source = :source
 ORDER BY value
 LIMIT 1;

-- :name variant_values_of_product :many
-- :use  which values the variants of a product have
SELECT vv.variant_id, vv.option_id, vv.value_id
  FROM variants AS v
  JOIN variant_values AS vv ON vv.variant_id = v.id
 WHERE v.product_id = :product_id AND v.deleted_at IS NULL;

-- :name options_of_product :many
-- :use  what the buyer chooses, with the attribute behind it for its translation
SELECT id, attribute_id, title, position
  FROM options
 WHERE product_id = :product_id
 ORDER BY position;

-- :name option_values_of_product :many
-- :use  the values of all options of a product
SELECT ov.id, ov.option_id, ov.term_id, ov.title, ov.position
  FROM options AS o
  JOIN option_values AS ov ON ov.option_id = o.id
 WHERE o.product_id = :product_id
 ORDER BY ov.option_id, ov.position;

-- :name attributes_of_product :many
-- :use  what a product says about itself
SELECT id, attribute_id, title, words, is_visible, position
  FROM product_attributes
 WHERE product_id = :product_id
 ORDER BY position, id;

-- :name terms_of_product :many
-- :use  its terms of shared attributes
SELECT t.id, t.attribute_id, t.title, t.color
  FROM product_terms AS pt
  JOIN attribute_terms AS t ON t.id = pt.term_id
 WHERE pt.product_id = :product_id
 ORDER BY t.attribute_id, t.position, t.id;

-- :name media_of_product :many
-- :use  its pictures, in order
SELECT m.id, m.kind, m.path, m.type, m.width, m.height, m.color,
       CASE WHEN pm.alt <> '' THEN pm.alt ELSE m.alt END AS alt
  FROM product_media AS pm
  JOIN media AS m ON m.id = pm.media_id
 WHERE pm.product_id = :product_id AND pm.role = 'gallery'
 ORDER BY pm.position, pm.id;

-- :name prices_of_product :many
-- :use  all price rows of its variants in a list
SELECT pr.variant_id, pr.min_quantity, pr.amount, pr.pieces, pr.compare_amount, pr.starts_at, pr.ends_at
  FROM variants AS v
 CROSS JOIN prices AS pr -- in this order: the index of the price list holds the prices of the whole shop
    ON pr.variant_id = v.id AND pr.price_list_id = :price_list_id
 WHERE v.product_id = :product_id AND v.deleted_at IS NULL
 ORDER BY v.position, v.id, pr.min_quantity, pr.id; -- as the indexes have it: nothing to sort

-- :name stock_of_product :many
-- :use  the stock accounts of its variants, and its own when it tracks as a whole
SELECT a.owner_id, a.balance - a.held AS available, a.floor, a.low_at
  FROM accounts AS a
 WHERE a.kind = 'stock' AND a.owner_id = :product_id
UNION ALL -- added up by who asks: GROUP BY and IN would fill tables of their own
SELECT a.owner_id, a.balance - a.held, a.floor, a.low_at
  FROM variants AS v
 CROSS JOIN accounts AS a
    ON a.kind = 'stock' AND a.owner_id = v.id
 WHERE v.product_id = :product_id;

-- :name lowest_prices_of_product :many
-- :use  what each variant cost least in the time `before` it came to cost what it does: beside a reduction,
--       as directive 98/6/EC, article 6a, asks
SELECT h.variant_id, min(h.amount) AS amount
  FROM variants AS v
 CROSS JOIN price_history AS o
    ON o.variant_id = v.id AND o.channel_id = :channel_id AND o.currency = :currency AND o.until_at IS NULL
 CROSS JOIN price_history AS h
    ON h.variant_id = v.id AND h.channel_id = :channel_id AND h.currency = :currency
 WHERE v.product_id = :product_id
   AND h.until_at > o.from_at - :before
 GROUP BY h.variant_id;

-- :name product_translations :many
-- :use  all texts of a product in one language
SELECT entity, entity_id, field, value
  FROM translations
 WHERE locale = :locale
   AND entity = 'product' AND entity_id = :product_id;

-- :name option_translations :many
-- :use  its options and values in one language; those made from shared attributes take the attribute's
SELECT 'option' AS entity, o.id AS entity_id, t.value
  FROM options AS o
  JOIN translations AS t ON t.entity = 'attribute' AND t.entity_id = o.attribute_id AND t.locale = :locale
   AND t.field = 'title'
 WHERE o.product_id = :product_id
UNION ALL
SELECT 'option', o.id, t.value
  FROM options AS o
  JOIN translations AS t ON t.entity = 'option' AND t.entity_id = o.id AND t.locale = :locale AND t.field = 'title'
 WHERE o.product_id = :product_id
UNION ALL
SELECT 'value', ov.id, t.value
  FROM options AS o
  JOIN option_values AS ov ON ov.option_id = o.id
  JOIN translations AS t ON t.entity = 'attribute_term' AND t.entity_id = ov.term_id AND t.locale = :locale
   AND t.field = 'title'
 WHERE o.product_id = :product_id
UNION ALL
SELECT 'value', ov.id, t.value
  FROM options AS o
  JOIN option_values AS ov ON ov.option_id = o.id
  JOIN translations AS t ON t.entity = 'option_value' AND t.entity_id = ov.id AND t.locale = :locale
   AND t.field = 'title'
 WHERE o.product_id = :product_id;

-- :name attribute_translations :many
-- :use  shared attributes, their terms and local ones of a product in one language
SELECT 'attribute' AS entity, pa.id AS entity_id, t.field, t.value
  FROM product_attributes AS pa
  JOIN translations AS t ON t.entity = 'attribute' AND t.entity_id = pa.attribute_id AND t.locale = :locale
 WHERE pa.product_id = :product_id
UNION ALL
SELECT 'attribute', pa.id, t.field, t.value
  FROM product_attributes AS pa
  JOIN translations AS t ON t.entity = 'product_attribute' AND t.entity_id = pa.id AND t.locale = :locale
 WHERE pa.product_id = :product_id
UNION ALL
SELECT 'term', pt.term_id, t.field, t.value
  FROM product_terms AS pt
  JOIN translations AS t ON t.entity = 'attribute_term' AND t.entity_id = pt.term_id AND t.locale = :locale
 WHERE pt.product_id = :product_id;

-- :name categories_all :many
-- :use  the whole tree; a shop has some hundred at most
SELECT c.id, c.handle, c.kind, c.parent_id, c.title, c.description, c.position, c.sort, c.state, c.seo_title,
       c.seo_description, c.updated_at, m.path AS image_path, m.width AS image_width, m.height AS image_height,
       m.alt AS image_alt
  FROM categories AS c
  LEFT JOIN media AS m ON m.id = c.media_id
 WHERE c.deleted_at IS NULL
 ORDER BY c.position, c.id;

-- :name translations_of_entity :many
-- :use  one field of all rows of an entity in one language, for small entities
SELECT entity_id, field, value
  FROM translations
 WHERE entity = :entity AND locale = :locale;

-- :name primary_category_of :value
-- :use  where the way back up from a product leads
SELECT coalesce(
         (SELECT category_id
            FROM product_categories
           WHERE product_id = :product_id AND is_primary = 1
           ORDER BY category_id
           LIMIT 1),
         (SELECT category_id
            FROM product_categories
           WHERE product_id = :product_id
           ORDER BY category_id
           LIMIT 1));

-- :name categories_of_product :many
-- :use  the categories that a product was put into
SELECT category_id, is_primary, position
  FROM product_categories
 WHERE product_id = :product_id
 ORDER BY category_id;

-- :name relations_of_product :many
-- :use  members, up-sells and the like, in order
SELECT kind, target_id, quantity
  FROM product_relations
 WHERE product_id = :product_id
 ORDER BY kind, position, target_id;

-- :name tags_of_product :many
-- :use  its tags
SELECT t.id, t.handle, t.title
  FROM product_tags AS pt
  JOIN tags AS t ON t.id = pt.tag_id
 WHERE pt.product_id = :product_id
 ORDER BY t.title;

-- :name redirect_of :one
-- :use  an old path -> where it leads now
SELECT target, status
  FROM redirects
 WHERE path = :path;
