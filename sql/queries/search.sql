-- Queries of lua/domain/search: the index over products.

-- :name search_document_find :one
-- :use  what is indexed of a product in a language
SELECT id, digest
  FROM search_documents
 WHERE product_id = :product_id AND locale = :locale;

-- :name search_document_insert :run
-- :use  a new document
INSERT INTO search_documents (product_id, locale, title, digest)
VALUES (:product_id, :locale, :title, :digest);

-- :name search_document_update :run
-- :use  a changed document
UPDATE search_documents
   SET title = :title, digest = :digest
 WHERE id = :id;

-- :name search_documents_of :many
-- :use  all documents of a product
SELECT id, locale
  FROM search_documents
 WHERE product_id = :product_id;

-- :name search_document_delete :run
-- :use  a product that is no longer found
DELETE FROM search_documents
 WHERE id = :id;

-- :name search_document_matches :value
-- :use  fsck: whether the index finds a document by words that it has
SELECT 1
  FROM search_index
 WHERE rowid = :id AND search_index MATCH :match;

-- :name search_index_strays :many
-- :use  fsck: what is indexed and belongs to no document; walks the index
SELECT i.rowid AS id
  FROM search_index AS i
 WHERE i.rowid > :after
   AND NOT EXISTS (SELECT 1 FROM search_documents AS d WHERE d.id = i.rowid)
 ORDER BY i.rowid
 LIMIT :limit;

-- :name search_index_delete :run
-- :use  its words
DELETE FROM search_index
 WHERE rowid = :id;

-- :name search_index_insert :run
-- :use  its words; codes are SKUs and the like, found as a whole and by part
INSERT INTO search_index (rowid, title, codes, words, body)
VALUES (:id, :title, :codes, :words, :body);

-- :name search_source :one
-- :use  the texts of a product that are searched
SELECT p.id, p.title, p.summary, p.description, p.state, p.is_searchable, p.deleted_at, b.title AS brand
  FROM products AS p
  LEFT JOIN brands AS b ON b.id = p.brand_id
 WHERE p.id = :id;

-- :name search_codes :many
-- :use  what a variant is called by machines
SELECT sku, gtin, title
  FROM variants
 WHERE product_id = :product_id AND is_enabled = 1 AND deleted_at IS NULL;

-- :name search_categories :many
-- :use  titles of the categories of a product, with their translation
SELECT c.title, t.value AS translated
  FROM product_categories AS pc
  JOIN categories AS c ON c.id = pc.category_id
  LEFT JOIN translations AS t ON t.entity = 'category' AND t.entity_id = c.id AND t.locale = :locale AND t.field = 'title'
 WHERE pc.product_id = :product_id;

-- :name search_terms :many
-- :use  terms of a product, with their translation
SELECT at.title, t.value AS translated
  FROM product_terms AS pt
  JOIN attribute_terms AS at ON at.id = pt.term_id
  LEFT JOIN translations AS t ON t.entity = 'attribute_term' AND t.entity_id = at.id AND t.locale = :locale AND t.field = 'title'
 WHERE pt.product_id = :product_id;

-- :name search_match_ranked :many
-- :use  the best matches: a title counts most, then codes, then words, then the body
SELECT d.product_id
  FROM search_index AS i
  JOIN search_documents AS d ON d.id = i.rowid AND d.locale = :locale
  JOIN listings AS l ON l.channel_id = :channel_id AND l.price_list_id = :price_list_id AND l.category_id = 0
   AND l.product_id = d.product_id
 WHERE search_index MATCH :match
 ORDER BY bm25(search_index, 10.0, 8.0, 4.0, 1.0), d.product_id
 LIMIT :limit OFFSET :offset;

-- :name search_match_plain :many
-- :use  some matches, without looking at all of them: for words that half of the shop has
SELECT d.product_id
  FROM search_index AS i
  JOIN search_documents AS d ON d.id = i.rowid AND d.locale = :locale
  JOIN listings AS l ON l.channel_id = :channel_id AND l.price_list_id = :price_list_id AND l.category_id = 0
   AND l.product_id = d.product_id
 WHERE search_index MATCH :match
 LIMIT :limit OFFSET :offset;

-- :name search_count :value
-- :use  how many match, at most `limit`
SELECT count(*)
  FROM (SELECT 1
          FROM search_index AS i
          JOIN search_documents AS d ON d.id = i.rowid AND d.locale = :locale
         WHERE search_index MATCH :match
         LIMIT :limit);

-- :name search_sku :value
-- :use  an article number typed whole
SELECT product_id
  FROM variants
 WHERE sku_key = :sku_key AND is_enabled = 1 AND deleted_at IS NULL;
