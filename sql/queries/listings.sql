-- Queries of lua/domain/listings: derived rows that list pages sort and filter on.

-- :name listing_source :one
-- :use  what a product's listing rows are made of
SELECT p.id, p.handle, p.kind, p.title, p.state, p.is_listed, p.publish_at, p.unpublish_at, p.featured_position,
       p.is_featured, p.tracking, p.created_at, p.deleted_at, b.title AS brand
  FROM products AS p
  LEFT JOIN brands AS b ON b.id = p.brand_id
 WHERE p.id = :id;

-- :name listing_variants :many
-- :use  its variants, for the lead variant and what is in stock
SELECT id, product_id, tax_class, min_quantity
  FROM variants
 WHERE product_id = :product_id AND is_enabled = 1 AND deleted_at IS NULL
 ORDER BY position, id;

-- :name listing_rows_of_product :many
-- :use  its rows as they are now
SELECT channel_id, price_list_id, category_id, position, featured, price_amount, price_max, is_on_sale, is_available,
       created_at, valid_from, valid_until
  FROM listings
 WHERE product_id = :product_id;

-- :name listing_put :run
-- :use  a row that is new or changed
INSERT INTO listings (channel_id, price_list_id, category_id, product_id, position, featured, price_amount, price_max,
                      is_on_sale, is_available, created_at, valid_from, valid_until)
VALUES (:channel_id, :price_list_id, :category_id, :product_id, :position, :featured, :price_amount, :price_max,
        :is_on_sale, :is_available, :created_at, :valid_from, :valid_until)
ON CONFLICT (channel_id, price_list_id, category_id, product_id) DO UPDATE
   SET position = excluded.position, featured = excluded.featured, price_amount = excluded.price_amount,
       price_max = excluded.price_max, is_on_sale = excluded.is_on_sale, is_available = excluded.is_available,
       created_at = excluded.created_at, valid_from = excluded.valid_from, valid_until = excluded.valid_until;

-- :name listing_delete :run
-- :use  a list that the product left
DELETE FROM listings
 WHERE channel_id = :channel_id AND price_list_id = :price_list_id AND category_id = :category_id
   AND product_id = :product_id;

-- :name listing_count_add :run
-- :use  one more or one less in a list
INSERT INTO listing_counts (channel_id, price_list_id, category_id, total)
VALUES (:channel_id, :price_list_id, :category_id, :delta)
ON CONFLICT (channel_id, price_list_id, category_id) DO UPDATE
   SET total = total + excluded.total;

-- :name listing_count :value
-- :use  how many products a list has
SELECT total
  FROM listing_counts
 WHERE channel_id = :channel_id AND price_list_id = :price_list_id AND category_id = :category_id;

-- :name listing_facet_add :run
-- :use  one more or one less of a term in a list
INSERT INTO listing_facets (channel_id, category_id, term_id, total)
VALUES (:channel_id, :category_id, :term_id, :delta)
ON CONFLICT (channel_id, category_id, term_id) DO UPDATE
   SET total = total + excluded.total;

-- :name listing_facets_of :many
-- :use  the terms that filter a list, with their counts
SELECT f.term_id, f.total, t.title, t.color, t.attribute_id, a.title AS attribute, a.handle AS attribute_handle
  FROM listing_facets AS f
  JOIN attribute_terms AS t ON t.id = f.term_id
  JOIN attributes AS a ON a.id = t.attribute_id
 WHERE f.channel_id = :channel_id AND f.category_id = :category_id AND f.total > 0 AND a.is_filter = 1
 ORDER BY a.position, a.id, t.position, t.id;

-- :name listing_terms_of_product :many
-- :use  its terms
SELECT term_id
  FROM product_terms
 WHERE product_id = :product_id
 ORDER BY term_id;

-- :name listing_price_range :one
-- :use  the cheapest and dearest of a list
SELECT (SELECT price_amount
          FROM listings
         WHERE channel_id = :channel_id AND price_list_id = :price_list_id AND category_id = :category_id
         ORDER BY price_amount LIMIT 1) AS low,
       (SELECT price_amount
          FROM listings
         WHERE channel_id = :channel_id AND price_list_id = :price_list_id AND category_id = :category_id
         ORDER BY price_amount DESC LIMIT 1) AS high;

-- :name listing_card_put :run
-- :use  what a card prints in one language
INSERT INTO listing_cards (channel_id, locale, product_id, variant_id, kind, handle, title, brand, choices, tax_class,
                           list_amount, list_pieces, offers, lowest_amount, image_path, image_width, image_height,
                           image_alt, image_color, second_path)
VALUES (:channel_id, :locale, :product_id, :variant_id, :kind, :handle, :title, :brand, :choices, :tax_class,
        :list_amount, :list_pieces, :offers, :lowest_amount, :image_path, :image_width, :image_height,
        :image_alt, :image_color, :second_path)
ON CONFLICT (channel_id, locale, product_id) DO UPDATE
   SET variant_id = excluded.variant_id, kind = excluded.kind, handle = excluded.handle, title = excluded.title,
       brand = excluded.brand, choices = excluded.choices, tax_class = excluded.tax_class,
       list_amount = excluded.list_amount, list_pieces = excluded.list_pieces, offers = excluded.offers,
       lowest_amount = excluded.lowest_amount, image_path = excluded.image_path, image_width = excluded.image_width,
       image_height = excluded.image_height, image_alt = excluded.image_alt, image_color = excluded.image_color,
       second_path = excluded.second_path;

-- :name listing_cards_of_product :many
-- :use  its cards as they are now
SELECT channel_id, locale, product_id, variant_id, kind, handle, title, brand, choices, tax_class, list_amount,
       list_pieces, offers, lowest_amount, image_path, image_width, image_height, image_alt, image_color, second_path
  FROM listing_cards
 WHERE product_id = :product_id;

-- :name listing_cards_delete :run
-- :use  a product that is nowhere listed
DELETE FROM listing_cards
 WHERE product_id = :product_id;

-- :name listing_card_get :one
-- :use  one card
SELECT c.product_id, c.variant_id, c.kind, c.handle, c.title, c.brand, c.choices, c.tax_class, c.list_amount,
       c.list_pieces, c.offers, c.lowest_amount, c.image_path, c.image_width, c.image_height, c.image_alt,
       c.second_path, l.price_amount, l.price_max, l.is_available, l.valid_from, l.valid_until
  FROM listing_cards AS c
  JOIN listings AS l ON l.channel_id = c.channel_id AND l.price_list_id = :price_list_id AND l.category_id = 0
   AND l.product_id = c.product_id
 WHERE c.channel_id = :channel_id AND c.locale = :locale AND c.product_id = :product_id;

-- :name listing_titles_of_product :many
-- :use  its title keys as they are now
SELECT channel_id, locale, category_id, title_key
  FROM listing_titles
 WHERE product_id = :product_id;

-- :name listing_title_put :run
-- :use  its place in the order of titles
INSERT INTO listing_titles (channel_id, locale, category_id, title_key, product_id)
VALUES (:channel_id, :locale, :category_id, :title_key, :product_id);

-- :name listing_title_delete :run
-- :use  a place that it left
DELETE FROM listing_titles
 WHERE channel_id = :channel_id AND locale = :locale AND category_id = :category_id AND title_key = :title_key
   AND product_id = :product_id;

-- :name listing_titles_in_locale :many
-- :use  translated titles of a product
SELECT locale, value
  FROM translations
 WHERE entity = 'product' AND entity_id = :product_id AND field = 'title';

-- :name listing_products_after :many
-- :use  all products, a few at a time, for fsck and rebuilding
SELECT id
  FROM products
 WHERE id > :id
 ORDER BY id
 LIMIT :limit;

-- :name listing_counts_wrong :many
-- :use  fsck: lists whose count is not that of their rows; walks both tables
SELECT coalesce(c.channel_id, l.channel_id) AS channel_id, coalesce(c.price_list_id, l.price_list_id) AS price_list_id,
       coalesce(c.category_id, l.category_id) AS category_id, coalesce(c.total, 0) AS total, coalesce(l.total, 0) AS counted
  FROM listing_counts AS c
  FULL JOIN (SELECT channel_id, price_list_id, category_id, count(*) AS total
               FROM listings
              GROUP BY channel_id, price_list_id, category_id) AS l
    ON l.channel_id = c.channel_id AND l.price_list_id = c.price_list_id AND l.category_id = c.category_id
 WHERE coalesce(c.total, 0) <> coalesce(l.total, 0)
 ORDER BY 1, 2, 3
 LIMIT :limit;

-- :name listing_facets_wrong :many
-- :use  fsck: terms whose count in a list is not that of its rows; walks both tables
SELECT coalesce(f.channel_id, l.channel_id) AS channel_id, coalesce(f.category_id, l.category_id) AS category_id,
       coalesce(f.term_id, l.term_id) AS term_id, coalesce(f.total, 0) AS total, coalesce(l.total, 0) AS counted
  FROM listing_facets AS f
  FULL JOIN (SELECT r.channel_id, r.category_id, pt.term_id, count(*) AS total
               FROM listings AS r
               JOIN product_terms AS pt ON pt.product_id = r.product_id
              GROUP BY r.channel_id, r.category_id, pt.term_id) AS l
    ON l.channel_id = f.channel_id AND l.category_id = f.category_id AND l.term_id = f.term_id
 WHERE coalesce(f.total, 0) <> coalesce(l.total, 0)
 ORDER BY 1, 2, 3
 LIMIT :limit;

-- :name listing_count_set :run
-- :use  fsck --repair
INSERT INTO listing_counts (channel_id, price_list_id, category_id, total)
VALUES (:channel_id, :price_list_id, :category_id, :counted)
ON CONFLICT (channel_id, price_list_id, category_id) DO UPDATE
   SET total = excluded.total;

-- :name listing_facet_set :run
-- :use  fsck --repair
INSERT INTO listing_facets (channel_id, category_id, term_id, total)
VALUES (:channel_id, :category_id, :term_id, :counted)
ON CONFLICT (channel_id, category_id, term_id) DO UPDATE
   SET total = excluded.total;

-- :name listing_price_windows :many
-- :use  variants whose price changes by the clock between two moments, with that moment
SELECT v.product_id, p.variant_id, p.starts_at AS at
  FROM prices AS p
  JOIN variants AS v ON v.id = p.variant_id
 WHERE p.starts_at > :after AND p.starts_at <= :until
UNION
SELECT v.product_id, p.variant_id, p.ends_at
  FROM prices AS p
  JOIN variants AS v ON v.id = p.variant_id
 WHERE p.ends_at > :after AND p.ends_at <= :until
 ORDER BY 3, 2;

-- :name schedule_find :one
-- :use  how far a repeating job has come
SELECT last_at
  FROM job_schedules
 WHERE name = :name;

-- :name schedule_put :run
-- :use  how far a repeating job has come
INSERT INTO job_schedules (name, last_at, next_at)
VALUES (:name, :at, :at)
ON CONFLICT (name) DO UPDATE
   SET last_at = excluded.last_at, next_at = excluded.next_at;
