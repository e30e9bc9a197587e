-- Reductions as the merchant ordered them. What a condition or an action means is a handler's affair;
-- which of them apply, and in what order, is the engine's.

CREATE TABLE promotions (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  handle     TEXT    NOT NULL UNIQUE,
  title      TEXT    NOT NULL,
  lane       TEXT    NOT NULL DEFAULT 'normal' CHECK (lane IN ('early', 'normal', 'late')),
  position   INTEGER NOT NULL DEFAULT 0,
  combine    TEXT    NOT NULL DEFAULT 'all' CHECK (combine IN ('all', 'best', 'exclusive')),
  level      TEXT    NOT NULL CHECK (level IN ('line', 'order', 'delivery')), -- its phase
  conditions TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(conditions)), -- [{handler, settings}]
  action     TEXT    NOT NULL CHECK (json_valid(action)),                  -- {handler, settings}
  has_codes  INTEGER NOT NULL DEFAULT 0 CHECK (has_codes IN (0, 1)), -- only with one of its coupons
  on_error   TEXT    NOT NULL DEFAULT 'skip' CHECK (on_error IN ('skip', 'block')),
  is_enabled INTEGER NOT NULL DEFAULT 1 CHECK (is_enabled IN (0, 1)),
  starts_at  INTEGER,
  ends_at    INTEGER,
  version    INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER
) STRICT;

CREATE INDEX promotions_by_position ON promotions (position, id) WHERE is_enabled = 1 AND deleted_at IS NULL;

-- Codes. How often one may be used is an account of kind 'coupon'.
CREATE TABLE coupons (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  promotion_id       INTEGER NOT NULL REFERENCES promotions (id) ON DELETE CASCADE,
  code               TEXT    NOT NULL,
  code_key           TEXT    NOT NULL UNIQUE, -- folded
  max_uses           INTEGER CHECK (max_uses > 0),
  max_uses_each      INTEGER CHECK (max_uses_each > 0), -- for one customer
  starts_at          INTEGER,
  ends_at            INTEGER,
  is_enabled         INTEGER NOT NULL DEFAULT 1 CHECK (is_enabled IN (0, 1)),
  version            INTEGER NOT NULL DEFAULT 1,
  created_at         INTEGER NOT NULL,
  updated_at         INTEGER NOT NULL,
  deleted_at         INTEGER
) STRICT;

CREATE INDEX coupons_by_promotion ON coupons (promotion_id);

-- Prepaid money. The balance is an account of kind 'gift_card'.
CREATE TABLE gift_cards (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  code_hash      TEXT    NOT NULL UNIQUE,
  hint           TEXT    NOT NULL, -- last four characters
  currency       TEXT    NOT NULL CHECK (length(currency) = 3),
  initial_amount INTEGER NOT NULL CHECK (initial_amount > 0),
  order_id       INTEGER REFERENCES orders (id) ON DELETE SET NULL, -- that sold it
  expires_at     INTEGER,
  is_enabled     INTEGER NOT NULL DEFAULT 1 CHECK (is_enabled IN (0, 1)),
  created_at     INTEGER NOT NULL,
  updated_at     INTEGER NOT NULL,
  version        INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE INDEX gift_cards_by_order ON gift_cards (order_id);
