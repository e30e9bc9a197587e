-- Generations of plugins: where each came from, the merchant's order and choices, who vouches for what is installed.

-- The one before: where a roll-back goes. A generation that is watched goes back by itself when its handlers fail.
ALTER TABLE generations ADD COLUMN parent_id INTEGER REFERENCES generations (id) ON DELETE SET NULL;
ALTER TABLE generations ADD COLUMN pins TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(pins)); -- [[first, second]]
ALTER TABLE generations ADD COLUMN bindings TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(bindings)); -- slot to plugin
ALTER TABLE generations ADD COLUMN watched_until INTEGER; -- NULL: nobody watches it (any more)

CREATE INDEX generations_by_parent ON generations (parent_id);

-- Whose signatures the merchant trusts, and for which plugins: a key is good for one publisher's.
CREATE TABLE plugin_publishers (
  publisher  TEXT    NOT NULL, -- what stands before the dot of a plugin's id
  key_id     TEXT    NOT NULL,
  public_key TEXT    NOT NULL,
  added_at   INTEGER NOT NULL,
  PRIMARY KEY (publisher, key_id)
) STRICT, WITHOUT ROWID;

-- What was ever installed. A version never changes: another content under the same number is refused.
CREATE TABLE plugin_versions (
  plugin       TEXT    NOT NULL,
  version      TEXT    NOT NULL,
  digest       TEXT    NOT NULL, -- SHA-256 of the package
  key_id       TEXT,             -- NULL: unsigned
  installed_at INTEGER NOT NULL,
  PRIMARY KEY (plugin, version)
) STRICT, WITHOUT ROWID;
