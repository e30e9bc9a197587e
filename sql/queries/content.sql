-- Queries of lua/domain/content: pages and menus.

-- :name page_by_handle :one
-- :use  a page that is published
SELECT id, handle, title, body, author, template, publish_at, seo_title, seo_description, updated_at
  FROM pages
 WHERE handle = :handle AND state = 'active' AND deleted_at IS NULL;

-- :name pages_listed :many
-- :use  all pages, for menus and the sitemap
SELECT id, handle, title, publish_at, updated_at
  FROM pages
 WHERE state = 'active' AND deleted_at IS NULL
 ORDER BY id
 LIMIT 1000;

-- :name translations_of_row :many
-- :use  all texts of one row in one language
SELECT field, value
  FROM translations
 WHERE entity = :entity AND entity_id = :entity_id AND locale = :locale;

-- :name menu_links_of :many
-- :use  the links of a menu by its handle
SELECT l.id, l.parent_id, l.position, l.title, l.kind, l.target_id, l.url
  FROM menus AS m
  JOIN menu_links AS l ON l.menu_id = m.id
 WHERE m.handle = :handle
 ORDER BY l.position, l.id;

-- :name menu_links_all :many
-- :use  where the menus of the shop lead
SELECT kind, target_id, url
  FROM menu_links;

-- :name page_put :run
-- :use  content.put_page
INSERT INTO pages (handle, title, body, created_at, updated_at)
VALUES (:handle, :title, :body, :at, :at)
ON CONFLICT (handle) DO UPDATE
   SET title = excluded.title, body = excluded.body, updated_at = excluded.updated_at, version = version + 1,
       deleted_at = NULL;

-- :name page_id :value
-- :use  handle -> id
SELECT id
  FROM pages
 WHERE handle = :handle;
