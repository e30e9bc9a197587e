-- What any web program needs: numbers, settings, commands, facts, jobs, the journal, people who log in.
-- Columns that hold what a person is or did carry a tag, from which export and erasure are generated:
--   personal: erase       emptied when the person asks
--   personal: keep 10y    kept as the law demands, then emptied
-- Where much is written, a CHECK of three values or more is spelled with OR: for IN (…) SQLite fills a table at each write.
-- Tables that would grow for ever say how long a row is kept: "retain: 30d".

-- Numbers that are never given twice, not even after their row is gone. Products and variants share one.
CREATE TABLE sequences (
  name TEXT    NOT NULL PRIMARY KEY,
  next INTEGER NOT NULL CHECK (next BETWEEN 1 AND 9007199254740991)
) STRICT, WITHOUT ROWID;

INSERT INTO sequences (name, next) VALUES ('order_number', 1001), ('product', 1);

-- Typed settings, declared in code. A key without a row has its default.
CREATE TABLE settings (
  key        TEXT    NOT NULL PRIMARY KEY,
  value      TEXT    NOT NULL CHECK (json_valid(value)),
  version    INTEGER NOT NULL DEFAULT 1,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Counters of things that many rows make up together ("rules", "prices", "settings", "channels",
-- "generation"). A quote remembers them all; order.place compares. Triggers raise them (0011_stamps).
CREATE TABLE revisions (
  name  TEXT    NOT NULL PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Results of commands that were sent with an idempotency key. Only ids, never a token. retain: 30d
CREATE TABLE command_results (
  actor       TEXT    NOT NULL,
  command     TEXT    NOT NULL,
  key         TEXT    NOT NULL,
  fingerprint TEXT    NOT NULL, -- digest of the arguments: same key, other arguments is refused
  result      TEXT    NOT NULL CHECK (json_valid(result)),
  created_at  INTEGER NOT NULL,
  PRIMARY KEY (actor, command, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX command_results_by_created_at ON command_results (created_at);

-- Facts for the outside, written with what they tell of. Rows below the lowest cursor are pruned, so
-- only AUTOINCREMENT keeps a number from coming back. retain: 30d
CREATE TABLE outbox (
  seq   INTEGER PRIMARY KEY AUTOINCREMENT,
  key   TEXT    NOT NULL, -- events of one key are delivered in order
  event TEXT    NOT NULL,
  body  TEXT    NOT NULL CHECK (json_valid(body)), -- personal: erase
  at    INTEGER NOT NULL
) STRICT;

CREATE INDEX outbox_by_key ON outbox (key, seq);

-- How far each subscriber has come.
CREATE TABLE outbox_cursors (
  subscriber TEXT    NOT NULL PRIMARY KEY,
  seq        INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Events that a subscriber could not take. Later events of the same key wait behind them.
CREATE TABLE outbox_exceptions (
  subscriber TEXT    NOT NULL,
  seq        INTEGER NOT NULL REFERENCES outbox (seq) ON DELETE CASCADE,
  key        TEXT    NOT NULL,
  state      TEXT    NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'dead')),
  attempts   INTEGER NOT NULL DEFAULT 1,
  next_at    INTEGER NOT NULL,
  error      TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (subscriber, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_exceptions_by_seq ON outbox_exceptions (seq);
CREATE INDEX outbox_exceptions_by_key ON outbox_exceptions (subscriber, key, seq);
CREATE INDEX outbox_exceptions_by_next_at ON outbox_exceptions (next_at) WHERE state = 'waiting';

-- Work for later. A job that is done is deleted; one that failed for good stays as a dead letter
-- until a person retries or drops it.
CREATE TABLE jobs (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  name         TEXT    NOT NULL,
  key          TEXT    UNIQUE, -- at most one job of a key waits
  args         TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(args)), -- personal: erase
  state        TEXT    NOT NULL DEFAULT 'waiting' CHECK (state = 'waiting' OR state = 'running' OR state = 'dead'),
  run_at       INTEGER NOT NULL,
  attempts     INTEGER NOT NULL DEFAULT 0,
  locked_until INTEGER, -- a running job whose thread died is free again after this
  error        TEXT,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL
) STRICT;

CREATE INDEX jobs_by_run_at ON jobs (state, run_at);

-- When a repeating job ran last.
CREATE TABLE job_schedules (
  name    TEXT    NOT NULL PRIMARY KEY,
  last_at INTEGER NOT NULL,
  next_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The journal: who changed what. Each hash covers the one before and a salted digest of the payload,
-- so a payload may be erased without breaking the chain.
CREATE TABLE audit_entries (
  seq       INTEGER PRIMARY KEY AUTOINCREMENT,
  at        INTEGER NOT NULL,
  actor     TEXT    NOT NULL, -- "staff:3", "customer:17", "job:…", "cli"
  action    TEXT    NOT NULL,
  entity    TEXT    NOT NULL,
  entity_id TEXT    NOT NULL,
  digest    TEXT    NOT NULL, -- hex SHA-256 of salt and payload
  hash      TEXT    NOT NULL UNIQUE -- hex SHA-256 of the hash before and this row
) STRICT;

CREATE INDEX audit_entries_by_entity ON audit_entries (entity, entity_id, seq);
CREATE INDEX audit_entries_by_actor ON audit_entries (actor, seq);

CREATE TABLE audit_payloads (
  seq     INTEGER PRIMARY KEY REFERENCES audit_entries (seq) ON DELETE CASCADE,
  salt    TEXT NOT NULL,
  payload TEXT NOT NULL CHECK (json_valid(payload)) -- before, after, from where; personal: erase
) STRICT;

-- Ids that another system gave to our rows.
CREATE TABLE external_ids (
  source    TEXT    NOT NULL, -- "woocommerce", "shopify", "erp" …
  entity    TEXT    NOT NULL,
  value     TEXT    NOT NULL,
  entity_id INTEGER NOT NULL,
  PRIMARY KEY (source, entity, value)
) STRICT, WITHOUT ROWID;

CREATE INDEX external_ids_by_entity ON external_ids (entity, entity_id);

-- Free fields of any entity, with ids of their own because APIs show them.
CREATE TABLE meta (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  entity     TEXT    NOT NULL CHECK (entity IN ('product', 'variant', 'category', 'brand', 'page',
               'customer', 'order', 'order_line', 'coupon', 'refund', 'shop')),
  entity_id  INTEGER NOT NULL,
  namespace  TEXT    NOT NULL,
  key        TEXT    NOT NULL,
  type       TEXT    NOT NULL DEFAULT 'text',
  value      TEXT    NOT NULL, -- personal: erase
  updated_at INTEGER NOT NULL,
  UNIQUE (entity, entity_id, namespace, key)
) STRICT;

-- Every text that shoppers read, in other languages than the one that it was written in.
CREATE TABLE translations (
  entity     TEXT    NOT NULL,
  entity_id  INTEGER NOT NULL,
  locale     TEXT    NOT NULL,
  field      TEXT    NOT NULL,
  value      TEXT    NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (entity, entity_id, locale, field)
) STRICT, WITHOUT ROWID;

-- A storefront: where it answers, what it speaks, how it shows prices.
CREATE TABLE channels (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  handle        TEXT    NOT NULL UNIQUE,
  title         TEXT    NOT NULL,
  host          TEXT    NOT NULL DEFAULT '', -- '' answers to any host
  path          TEXT    NOT NULL DEFAULT '', -- prefix without the slash at its end
  locale        TEXT    NOT NULL DEFAULT 'en',
  locales       TEXT    NOT NULL DEFAULT '["en"]' CHECK (json_valid(locales)),
  currency      TEXT    NOT NULL DEFAULT 'EUR' CHECK (length(currency) = 3),
  currencies    TEXT    NOT NULL DEFAULT '["EUR"]' CHECK (json_valid(currencies)),
  country       TEXT    NOT NULL DEFAULT 'DE' CHECK (length(country) = 2),
  price_list_id INTEGER REFERENCES price_lists (id) ON DELETE SET NULL,
  tax_display   TEXT    NOT NULL DEFAULT 'included' CHECK (tax_display IN ('included', 'excluded')),
  time_zone     TEXT    NOT NULL DEFAULT 'UTC',
  theme_id      INTEGER REFERENCES themes (id) ON DELETE SET NULL,
  is_open       INTEGER NOT NULL DEFAULT 1 CHECK (is_open IN (0, 1)),
  position      INTEGER NOT NULL DEFAULT 0,
  version       INTEGER NOT NULL DEFAULT 1,
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL,
  UNIQUE (host, path)
) STRICT;

CREATE INDEX channels_by_price_list ON channels (price_list_id);
CREATE INDEX channels_by_theme ON channels (theme_id);

-- Old addresses of pages. A changed handle writes one by itself.
CREATE TABLE redirects (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  path       TEXT    NOT NULL UNIQUE,
  target     TEXT    NOT NULL,
  status     INTEGER NOT NULL DEFAULT 301 CHECK (status IN (301, 302, 410)),
  created_at INTEGER NOT NULL,
  version    INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE staff_roles (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  title       TEXT    NOT NULL UNIQUE,
  permissions TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(permissions)),
  version     INTEGER NOT NULL DEFAULT 1,
  created_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE staff_users (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  email         TEXT    NOT NULL, -- personal: erase
  email_key     TEXT    NOT NULL UNIQUE, -- folded; personal: erase
  name          TEXT    NOT NULL DEFAULT '', -- personal: erase
  password_hash TEXT,
  totp_sealed   TEXT,
  totp_step     INTEGER, -- the last step used: a code works once
  role_id       INTEGER REFERENCES staff_roles (id) ON DELETE RESTRICT,
  locale        TEXT    NOT NULL DEFAULT 'en',
  is_enabled    INTEGER NOT NULL DEFAULT 1 CHECK (is_enabled IN (0, 1)),
  version       INTEGER NOT NULL DEFAULT 1,
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL,
  deleted_at    INTEGER
) STRICT;

CREATE INDEX staff_users_by_role ON staff_users (role_id);

-- Who is logged in. Only a digest of the token is here: a stolen file opens no session.
CREATE TABLE sessions (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  token_hash    TEXT    NOT NULL UNIQUE,
  kind          TEXT    NOT NULL CHECK (kind IN ('customer', 'staff')),
  customer_id   INTEGER REFERENCES customers (id) ON DELETE CASCADE,
  staff_user_id INTEGER REFERENCES staff_users (id) ON DELETE CASCADE,
  csrf          TEXT    NOT NULL,
  data          TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(data)),
  address       TEXT    NOT NULL DEFAULT '', -- where from; personal: erase
  agent         TEXT    NOT NULL DEFAULT '', -- with what; personal: erase
  created_at    INTEGER NOT NULL,
  seen_at       INTEGER NOT NULL,
  expires_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_by_customer ON sessions (customer_id);
CREATE INDEX sessions_by_staff_user ON sessions (staff_user_id);
CREATE INDEX sessions_by_expires_at ON sessions (expires_at);

CREATE TABLE api_tokens (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  title         TEXT    NOT NULL,
  token_hash    TEXT    NOT NULL UNIQUE,
  hint          TEXT    NOT NULL, -- its first characters, to tell one from another
  scopes        TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(scopes)),
  staff_user_id INTEGER REFERENCES staff_users (id) ON DELETE CASCADE,
  created_at    INTEGER NOT NULL,
  used_at       INTEGER,
  expires_at    INTEGER
) STRICT;

CREATE INDEX api_tokens_by_staff_user ON api_tokens (staff_user_id);

-- Sets of plugins and their settings. A generation is never changed; the active one is pointed at.
CREATE TABLE generations (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  state      TEXT    NOT NULL CHECK (state IN ('staged', 'active', 'retired', 'failed')),
  plugins    TEXT    NOT NULL CHECK (json_valid(plugins)), -- [{id, version, digest, settings}]
  note       TEXT    NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX generations_by_active ON generations (state) WHERE state = 'active';

-- Secrets of plugins, sealed with the key file.
CREATE TABLE secrets (
  plugin     TEXT    NOT NULL,
  key        TEXT    NOT NULL,
  scope      TEXT    NOT NULL DEFAULT '',
  sealed     TEXT    NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (plugin, key, scope)
) STRICT, WITHOUT ROWID;

-- Mail, before and after it was sent. retain: 90d
CREATE TABLE mails (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  kind       TEXT    NOT NULL,
  entity     TEXT    NOT NULL DEFAULT '',
  entity_id  INTEGER,
  locale     TEXT    NOT NULL,
  recipient  TEXT    NOT NULL, -- personal: erase
  subject    TEXT    NOT NULL, -- personal: erase
  body_text  TEXT    NOT NULL, -- personal: erase
  body_html  TEXT    NOT NULL DEFAULT '', -- personal: erase
  state      TEXT    NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'failed')),
  error      TEXT,
  created_at INTEGER NOT NULL,
  sent_at    INTEGER
) STRICT;

CREATE INDEX mails_by_entity ON mails (entity, entity_id);
CREATE INDEX mails_by_created_at ON mails (created_at);
CREATE INDEX mails_by_state ON mails (state, id);
