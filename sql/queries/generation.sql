-- Queries of lua/kernel/plugins/generation.lua.

-- :name generation_active :one
-- :use  the one that is in force
SELECT id, plugins, pins, bindings, parent_id, watched_until, note, created_at
  FROM generations
 WHERE state = 'active';

-- :name generation_by_id :one
-- :use  roll-back to a certain one
SELECT id, state, plugins, pins, bindings, parent_id, note, created_at
  FROM generations
 WHERE id = :id;

-- :name generations_recent :many
-- :use  merx plugin list --generations, newest first; which files are still needed
SELECT id, state, plugins, parent_id, watched_until, note, created_at
  FROM generations
 WHERE id > 0
 ORDER BY id DESC
 LIMIT :limit;

-- :name generation_insert :run
-- :use  generation.switch
INSERT INTO generations (state, plugins, pins, bindings, parent_id, watched_until, note, created_at)
VALUES (:state, :plugins, :pins, :bindings, :parent_id, :watched_until, :note, :at);

-- :name generation_retire :run
-- :use  the one that was in force: 'retired', or 'failed' when it was taken back
UPDATE generations
   SET state = :state, watched_until = NULL
 WHERE state = 'active';

-- :name generation_activate :run
-- :use  generation.rollback
UPDATE generations
   SET state = 'active'
 WHERE id = :id;

-- :name generations_prune :run
-- :use  generation.switch: as many stay as anybody will want to go back to
DELETE FROM generations
 WHERE state <> 'active'
   AND id < (SELECT min(id) FROM (SELECT id FROM generations WHERE id > 0 ORDER BY id DESC LIMIT :kept));

-- :name publisher_keys :many
-- :use  publisher -> the keys that are trusted
SELECT publisher, key_id, public_key, added_at
  FROM plugin_publishers
 WHERE publisher = :publisher
 ORDER BY key_id;

-- :name publishers_all :many
-- :use  merx plugin trust
SELECT publisher, key_id, public_key, added_at
  FROM plugin_publishers
 WHERE publisher > ''
 ORDER BY publisher, key_id;

-- :name publisher_trust :run
-- :use  publisher.trust
INSERT INTO plugin_publishers (publisher, key_id, public_key, added_at)
VALUES (:publisher, :key_id, :public_key, :at);

-- :name publisher_distrust :run
-- :use  publisher.distrust
DELETE FROM plugin_publishers
 WHERE publisher = :publisher
   AND key_id = :key_id;

-- :name plugin_version_find :one
-- :use  whether a version was installed before, and with which content
SELECT digest, key_id, installed_at
  FROM plugin_versions
 WHERE plugin = :plugin
   AND version = :version;

-- :name plugin_version_add :run
-- :use  generation.switch
INSERT INTO plugin_versions (plugin, version, digest, key_id, installed_at)
VALUES (:plugin, :version, :digest, :key_id, :at)
ON CONFLICT (plugin, version) DO NOTHING;

-- :name plugin_versions_forget :run
-- :use  plugin uninstall --purge
DELETE FROM plugin_versions
 WHERE plugin = :plugin;

-- :name carts_recent :many
-- :use  merx plugin install: the carts that were touched last
SELECT id
  FROM carts
 WHERE state = 'open'
 ORDER BY id DESC
 LIMIT :limit;

-- :name plugin_tables :many
-- :use  generation.forget: tables whose names begin with the plugin's
SELECT name
  FROM sqlite_schema
 WHERE type = 'table'
   AND name COLLATE NOCASE >= :from -- SQL knows them in any case
   AND name COLLATE NOCASE < :to
 ORDER BY name DESC;

-- :name plugin_schema :many
-- :use  what a plugin has made in the database, tables first, to try its next migrations on a copy
SELECT type, name, sql
  FROM sqlite_schema
 WHERE tbl_name COLLATE NOCASE >= :from
   AND tbl_name COLLATE NOCASE < :to
   AND sql <> '' -- what SQLite makes by itself has none
 ORDER BY type DESC, rowid;

-- :name settings_forget :run
-- :use  generation.forget: settings of one plugin, by what their keys begin with
DELETE FROM settings
 WHERE key >= :from
   AND key < :to;

-- :name settings_wipe_secrets :run
-- :use  merx plugin uninstall: what secrets.seal() made of the settings of one plugin
DELETE FROM settings
 WHERE key >= :from
   AND key < :to
   AND value >= '"sealed:'
   AND value < '"sealed;';
