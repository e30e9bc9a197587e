-- Queries of lua/domain/catalog/write: what commands change in the catalogue.

-- :name product_handle_owner :value
-- :use  who has a handle, the bin included
SELECT id
  FROM products
 WHERE handle = :handle;

-- :name product_insert :run
-- :use  a new product
INSERT INTO products (id, handle, kind, title, created_at, updated_at)
VALUES (:id, :handle, :kind, :title, :at, :at);

-- :name product_update :run
-- :use  all plain columns of a product
UPDATE products
   SET kind = :kind, title = :title, summary = :summary, description = :description, brand_id = :brand_id,
       state = :state, is_listed = :is_listed, is_searchable = :is_searchable, is_featured = :is_featured,
       featured_position = :featured_position, tracking = :tracking, max_per_order = :max_per_order,
       external_url = :external_url, external_label = :external_label, updated_at = :at, version = version + 1
 WHERE id = :id;

-- :name product_with_sku :one
-- :use  whose an article number is, for the words of an import
SELECT p.id, p.title
  FROM variants AS v
  JOIN products AS p ON p.id = v.product_id
 WHERE v.sku_key = :sku_key;

-- :name product_of_sku :value
-- :use  a folded SKU -> the product of its variant
SELECT product_id
  FROM variants
 WHERE sku_key = :sku_key;

-- :name external_id_find :value
-- :use  the row that another system's id means
SELECT entity_id
  FROM external_ids
 WHERE source = :source AND entity = :entity AND value = :value;

-- :name external_id_put :run
-- :use  remembers another system's id
INSERT INTO external_ids (source, entity, value, entity_id)
VALUES (:source, :entity, :value, :entity_id)
ON CONFLICT (source, entity, value) DO UPDATE SET entity_id = excluded.entity_id;

-- :name product_numbers_forget :run
-- :use  SKUs that a product with variants had before: they may name another one now
DELETE FROM external_ids
 WHERE entity = 'product' AND entity_id = :product_id AND source = 'sku' AND value IS NOT :kept;

-- :name brand_find :value
-- :use  a brand by its handle
SELECT id
  FROM brands
 WHERE handle = :handle;

-- :name brand_insert :run
-- :use  a new brand
INSERT INTO brands (handle, title, created_at, updated_at)
VALUES (:handle, :title, :at, :at);

-- :name variants_to_keep :many
-- :use  all variants of a product, disabled ones too
SELECT id, sku_key, title, position
  FROM variants
 WHERE product_id = :product_id AND deleted_at IS NULL
 ORDER BY position, id;

-- :name variant_insert :run
-- :use  a new variant
INSERT INTO variants (id, product_id, position, created_at, updated_at)
VALUES (:id, :product_id, :position, :at, :at);

-- :name variant_update :run
-- :use  all plain columns of a variant
UPDATE variants
   SET position = :position, title = :title, sku = :sku, sku_key = :sku_key, gtin = :gtin, media_id = :media_id,
       is_enabled = :is_enabled, ships = :ships, is_downloadable = :is_downloadable, is_taxable = :is_taxable,
       tax_class = :tax_class, weight_mg = :weight_mg, length_um = :length_um, width_um = :width_um,
       height_um = :height_um, max_quantity = :max_quantity, updated_at = :at, version = version + 1
 WHERE id = :id;

-- :name variant_number_release :run
-- :use  before the SKU of a variant goes to another one in the same command
UPDATE variants
   SET sku_key = NULL
 WHERE id = :id;

-- :name variant_retire :run
-- :use  a variant that is no longer made: orders still name it
UPDATE variants
   SET is_enabled = 0, deleted_at = :at, sku_key = NULL, updated_at = :at, version = version + 1
 WHERE id = :id;

-- :name variant_values_clear :run
-- :use  before its values are written again
DELETE FROM variant_values
 WHERE variant_id = :variant_id;

-- :name variant_value_insert :run
-- :use  one value of a variant
INSERT INTO variant_values (variant_id, option_id, value_id)
VALUES (:variant_id, :option_id, :value_id);

-- :name attribute_find :value
-- :use  a shared attribute by its handle
SELECT id
  FROM attributes
 WHERE handle = :handle;

-- :name attribute_insert :run
-- :use  a new shared attribute
INSERT INTO attributes (handle, title, created_at, updated_at)
VALUES (:handle, :title, :at, :at);

-- :name attribute_term_find :value
-- :use  a term by its handle
SELECT id
  FROM attribute_terms
 WHERE attribute_id = :attribute_id AND handle = :handle;

-- :name attribute_term_insert :run
-- :use  a new term, behind the others
INSERT INTO attribute_terms (attribute_id, handle, title, position)
VALUES (:attribute_id, :handle, :title,
        (SELECT count(*) FROM attribute_terms WHERE attribute_id = :attribute_id));

-- :name product_attributes_clear :run
-- :use  before they are written again
DELETE FROM product_attributes
 WHERE product_id = :product_id;

-- :name product_attribute_insert :run
-- :use  what a product says about itself
INSERT INTO product_attributes (product_id, attribute_id, title, words, is_visible, position)
VALUES (:product_id, :attribute_id, :title, :words, :is_visible, :position);

-- :name product_terms_clear :run
-- :use  before they are written again
DELETE FROM product_terms
 WHERE product_id = :product_id;

-- :name product_term_insert :run
-- :use  a term of a product
INSERT INTO product_terms (product_id, term_id)
VALUES (:product_id, :term_id)
ON CONFLICT DO NOTHING;

-- :name option_find :value
-- :use  an option of a product by its title
SELECT id
  FROM options
 WHERE product_id = :product_id AND title = :title;

-- :name option_insert :run
-- :use  a new option
INSERT INTO options (product_id, attribute_id, title, position)
VALUES (:product_id, :attribute_id, :title, :position);

-- :name option_update :run
-- :use  its place
UPDATE options
   SET position = :position, attribute_id = :attribute_id
 WHERE id = :id;

-- :name option_delete :run
-- :use  an option that is no longer offered
DELETE FROM options
 WHERE id = :id;

-- :name option_value_find :value
-- :use  a value of an option by its title
SELECT id
  FROM option_values
 WHERE option_id = :option_id AND title = :title;

-- :name option_value_insert :run
-- :use  a new value
INSERT INTO option_values (option_id, term_id, title, position)
VALUES (:option_id, :term_id, :title, :position);

-- :name category_find :value
-- :use  a category below a parent, by its title in the language it was written in
SELECT id
  FROM categories
 WHERE parent_id IS :parent_id AND title = :title AND deleted_at IS NULL;

-- :name category_handle_owner :value
-- :use  who has a handle
SELECT id
  FROM categories
 WHERE handle = :handle;

-- :name category_insert :run
-- :use  a new category, behind the others
INSERT INTO categories (handle, parent_id, title, position, created_at, updated_at)
VALUES (:handle, :parent_id, :title, (SELECT count(*) FROM categories), :at, :at);

-- :name category_image_set :run
-- :use  its picture
UPDATE categories
   SET media_id = :media_id, updated_at = :at, version = version + 1
 WHERE id = :id;

-- :name product_category_put :run
-- :use  puts a product into a category
INSERT INTO product_categories (category_id, product_id, position, is_primary)
VALUES (:category_id, :product_id, :position, :is_primary)
ON CONFLICT (category_id, product_id) DO UPDATE
   SET position = excluded.position, is_primary = excluded.is_primary;

-- :name product_categories_clear :run
-- :use  before they are written again
DELETE FROM product_categories
 WHERE product_id = :product_id;

-- :name tag_find :value
-- :use  a tag by its handle
SELECT id
  FROM tags
 WHERE handle = :handle;

-- :name tag_insert :run
-- :use  a new tag
INSERT INTO tags (handle, title)
VALUES (:handle, :title);

-- :name product_tags_clear :run
-- :use  before they are written again
DELETE FROM product_tags
 WHERE product_id = :product_id;

-- :name product_tag_insert :run
-- :use  a tag of a product
INSERT INTO product_tags (product_id, tag_id)
VALUES (:product_id, :tag_id)
ON CONFLICT DO NOTHING;

-- :name media_find :value
-- :use  a file by its digest
SELECT id
  FROM media
 WHERE digest = :digest;

-- :name media_insert :run
-- :use  a new file
INSERT INTO media (digest, kind, path, type, bytes, width, height, alt, source, created_at, updated_at)
VALUES (:digest, :kind, :path, :type, :bytes, :width, :height, :alt, :source, :at, :at);

-- :name product_media_clear :run
-- :use  before they are written again
DELETE FROM product_media
 WHERE product_id = :product_id;

-- :name product_media_insert :run
-- :use  a picture of a product
INSERT INTO product_media (product_id, media_id, position)
VALUES (:product_id, :media_id, :position)
ON CONFLICT DO NOTHING;

-- :name downloads_clear :run
-- :use  before they are written again
DELETE FROM downloads
 WHERE variant_id = :variant_id;

-- :name download_insert :run
-- :use  a file that a buyer may fetch
INSERT INTO downloads (variant_id, media_id, title, source, max_count, expiry_days, position)
VALUES (:variant_id, :media_id, :title, :source, :max_count, :expiry_days, :position);

-- :name prices_clear :run
-- :use  before they are written again
DELETE FROM prices
 WHERE variant_id = :variant_id AND price_list_id = :price_list_id;

-- :name price_insert :run
-- :use  a price row
INSERT INTO prices (variant_id, price_list_id, min_quantity, amount, pieces, compare_amount, starts_at, ends_at)
VALUES (:variant_id, :price_list_id, 1, :amount, 1, :compare_amount, :starts_at, :ends_at);

-- :name prices_of_variant :many
-- :use  all price rows of a variant in a list
SELECT variant_id, min_quantity, amount, pieces, compare_amount, starts_at, ends_at
  FROM prices
 WHERE variant_id = :variant_id AND price_list_id = :price_list_id
 ORDER BY min_quantity, id;

-- :name price_history_open :one
-- :use  what is publicly asked for a variant now
SELECT id, amount, from_at
  FROM price_history
 WHERE variant_id = :variant_id AND channel_id = :channel_id AND currency = :currency AND until_at IS NULL;

-- :name price_history_close :run
-- :use  the end of a public price
UPDATE price_history
   SET until_at = :at
 WHERE id = :id;

-- :name price_history_insert :run
-- :use  the beginning of a public price
INSERT INTO price_history (variant_id, channel_id, currency, amount, from_at, cause)
VALUES (:variant_id, :channel_id, :currency, :amount, :at, :cause);

-- :name product_relations_clear :run
-- :use  before they are written again
DELETE FROM product_relations
 WHERE product_id = :product_id;

-- :name product_relation_insert :run
-- :use  a member, an up-sell, a cross-sell
INSERT INTO product_relations (product_id, kind, target_id, position)
VALUES (:product_id, :kind, :target_id, :position)
ON CONFLICT DO NOTHING;

-- :name product_parents_of_member :many
-- :use  groups that a product is a member of
SELECT product_id
  FROM product_relations
 WHERE target_id = :target_id AND kind = 'member';

-- :name translation_put :run
-- :use  a text in another language
INSERT INTO translations (entity, entity_id, locale, field, value, updated_at)
VALUES (:entity, :entity_id, :locale, :field, :value, :at)
ON CONFLICT (entity, entity_id, locale, field) DO UPDATE
   SET value = excluded.value, updated_at = excluded.updated_at;

-- :name meta_put :run
-- :use  a free field
INSERT INTO meta (entity, entity_id, namespace, key, value, updated_at)
VALUES (:entity, :entity_id, :namespace, :key, :value, :at)
ON CONFLICT (entity, entity_id, namespace, key) DO UPDATE
   SET value = excluded.value, updated_at = excluded.updated_at;
