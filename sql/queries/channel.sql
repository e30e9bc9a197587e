-- Queries of lua/domain/channel: storefronts.

-- :name channels_all :many
-- :use  every storefront; a handful of rows
SELECT id, handle, title, host, path, locale, locales, currency, currencies, country, price_list_id, tax_display,
       time_zone, theme_id, is_open, version
  FROM channels
 ORDER BY position, id;

-- :name channel_languages_set :run
-- :use  channel.update
UPDATE channels
   SET locale = :locale, locales = :locales, version = version + 1, updated_at = :at
 WHERE id = :id;

-- :name theme_of :one
-- :use  themes.id -> its folder
SELECT handle, title
  FROM themes
 WHERE id = :id;
