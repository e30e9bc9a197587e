-- People who buy. A guest has no row in customers; orders keep their own copies of everything.

CREATE TABLE customer_groups (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  handle     TEXT    NOT NULL UNIQUE,
  title      TEXT    NOT NULL,
  version    INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE customers (
  id                INTEGER PRIMARY KEY AUTOINCREMENT,
  email             TEXT    NOT NULL, -- personal: erase
  email_key         TEXT    NOT NULL UNIQUE, -- folded; personal: erase
  email_verified_at INTEGER, -- earlier guest orders attach only from then on
  password_hash     TEXT,    -- NULL: cannot log in by password
  name              TEXT    NOT NULL DEFAULT '', -- as shown; personal: erase
  given_name        TEXT, -- personal: erase
  family_name       TEXT, -- personal: erase
  phone             TEXT, -- personal: erase
  birth_date        TEXT, -- personal: erase
  locale            TEXT,
  customer_group_id INTEGER REFERENCES customer_groups (id) ON DELETE SET NULL,
  is_enabled        INTEGER NOT NULL DEFAULT 1 CHECK (is_enabled IN (0, 1)),
  is_tax_exempt     INTEGER NOT NULL DEFAULT 0 CHECK (is_tax_exempt IN (0, 1)),
  tax_number        TEXT, -- personal: keep 10y
  note              TEXT    NOT NULL DEFAULT '', -- of the staff; personal: erase
  tags              TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(tags)),
  version           INTEGER NOT NULL DEFAULT 1,
  created_at        INTEGER NOT NULL,
  updated_at        INTEGER NOT NULL,
  deleted_at        INTEGER
) STRICT;

CREATE INDEX customers_by_customer_group ON customers (customer_group_id);
CREATE INDEX customers_by_updated_at ON customers (updated_at, id);

CREATE TABLE addresses (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  customer_id INTEGER NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
  name        TEXT    NOT NULL, -- personal: erase
  given_name  TEXT, -- personal: erase
  family_name TEXT, -- personal: erase
  company     TEXT, -- personal: erase
  line1       TEXT    NOT NULL, -- personal: erase
  line2       TEXT, -- personal: erase
  district    TEXT, -- personal: erase
  city        TEXT, -- personal: erase
  province    TEXT,
  postal_code TEXT, -- personal: erase
  country     TEXT    NOT NULL CHECK (length(country) = 2),
  phone       TEXT, -- personal: erase
  tax_number  TEXT, -- personal: keep 10y
  is_delivery INTEGER NOT NULL DEFAULT 0 CHECK (is_delivery IN (0, 1)), -- the one offered first
  is_billing  INTEGER NOT NULL DEFAULT 0 CHECK (is_billing IN (0, 1)),
  version     INTEGER NOT NULL DEFAULT 1,
  created_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX addresses_by_customer ON addresses (customer_id);

-- Links in mails that prove something. Only digests are kept. retain: until expires_at
CREATE TABLE customer_tokens (
  token_hash  TEXT    NOT NULL PRIMARY KEY,
  purpose     TEXT    NOT NULL CHECK (purpose IN ('verify', 'reset', 'unsubscribe', 'erase')),
  customer_id INTEGER REFERENCES customers (id) ON DELETE CASCADE,
  email_key   TEXT    NOT NULL, -- personal: erase
  expires_at  INTEGER NOT NULL,
  created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX customer_tokens_by_customer ON customer_tokens (customer_id);
CREATE INDEX customer_tokens_by_expires_at ON customer_tokens (expires_at);

-- Who buys without an account, by a keyed digest of the folded e-mail.
CREATE TABLE guests (
  email_digest TEXT    NOT NULL PRIMARY KEY, -- personal: erase
  first_at     INTEGER NOT NULL,
  last_at      INTEGER NOT NULL,
  customer_id  INTEGER REFERENCES customers (id) ON DELETE SET NULL -- once verified
) STRICT, WITHOUT ROWID;

CREATE INDEX guests_by_customer ON guests (customer_id);

-- What somebody agreed to, word for word provable. The newest row of a purpose counts.
CREATE TABLE consents (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  customer_id INTEGER REFERENCES customers (id) ON DELETE CASCADE,
  email_key   TEXT    NOT NULL DEFAULT '', -- personal: erase
  visitor     TEXT    NOT NULL DEFAULT '', -- personal: erase
  purpose     TEXT    NOT NULL CHECK (purpose IN ('marketing', 'analytics', 'terms', 'age')),
  is_given    INTEGER NOT NULL CHECK (is_given IN (0, 1)),
  text_digest TEXT    NOT NULL DEFAULT '',
  source      TEXT    NOT NULL,
  at          INTEGER NOT NULL
) STRICT;

CREATE INDEX consents_by_customer ON consents (customer_id, purpose, id);
CREATE INDEX consents_by_email ON consents (email_key, purpose, id);
