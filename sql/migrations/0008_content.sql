-- Words and looks: pages, menus, themes.

CREATE TABLE pages (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  handle          TEXT    NOT NULL UNIQUE,
  title           TEXT    NOT NULL,
  body            TEXT    NOT NULL DEFAULT '', -- clean HTML
  author          TEXT    NOT NULL DEFAULT '',
  template        TEXT    NOT NULL DEFAULT '',
  state           TEXT    NOT NULL DEFAULT 'active' CHECK (state IN ('draft', 'active')),
  publish_at      INTEGER,
  seo_title       TEXT    NOT NULL DEFAULT '',
  seo_description TEXT    NOT NULL DEFAULT '',
  version         INTEGER NOT NULL DEFAULT 1,
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL,
  deleted_at      INTEGER
) STRICT;

-- A theme calls these linklists.
CREATE TABLE menus (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  handle     TEXT    NOT NULL UNIQUE,
  title      TEXT    NOT NULL,
  version    INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE menu_links (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  menu_id   INTEGER NOT NULL REFERENCES menus (id) ON DELETE CASCADE,
  parent_id INTEGER REFERENCES menu_links (id) ON DELETE CASCADE,
  position  INTEGER NOT NULL,
  title     TEXT    NOT NULL,
  kind      TEXT    NOT NULL CHECK (kind IN ('home', 'category', 'product', 'page', 'all', 'search', 'url')),
  target_id INTEGER,
  url       TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX menu_links_by_menu ON menu_links (menu_id, position);
CREATE INDEX menu_links_by_parent ON menu_links (parent_id);

CREATE TABLE themes (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  handle     TEXT    NOT NULL, -- folder below themes/
  title      TEXT    NOT NULL,
  state      TEXT    NOT NULL DEFAULT 'draft' CHECK (state IN ('live', 'draft', 'archived')),
  parent_id  INTEGER REFERENCES themes (id) ON DELETE SET NULL,
  version    INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX themes_by_parent ON themes (parent_id);

-- What the merchant changed: settings_data and the JSON templates. Files of the theme are the default.
CREATE TABLE theme_documents (
  theme_id   INTEGER NOT NULL REFERENCES themes (id) ON DELETE CASCADE,
  path       TEXT    NOT NULL, -- "config/settings_data.json", "templates/index.json"
  body       TEXT    NOT NULL CHECK (json_valid(body)),
  version    INTEGER NOT NULL DEFAULT 1,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (theme_id, path)
) STRICT, WITHOUT ROWID;
