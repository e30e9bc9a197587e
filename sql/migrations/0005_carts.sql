-- Questions to the shop: what would this cost, there, that way? A cart is also the checkout session.

CREATE TABLE carts (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  token            TEXT    NOT NULL UNIQUE, -- the only name a URL or cookie may use
  state            TEXT    NOT NULL DEFAULT 'open'
                           CHECK (state = 'open' OR state = 'ordered' OR state = 'merged' OR state = 'cancelled'),
  channel_id       INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
  customer_id      INTEGER REFERENCES customers (id) ON DELETE SET NULL,
  currency         TEXT    NOT NULL CHECK (length(currency) = 3),
  locale           TEXT    NOT NULL,
  country          TEXT    NOT NULL DEFAULT '', -- guessed or chosen before there is an address
  email            TEXT, -- personal: erase
  phone            TEXT, -- personal: erase
  delivery_address TEXT    CHECK (json_valid(delivery_address)), -- personal: erase
  billing_address  TEXT    CHECK (json_valid(billing_address)),  -- NULL: the same; personal: erase
  delivery_choice  TEXT, -- "plugin/handler:rate"
  payment_choice   TEXT, -- "plugin/handler"
  note             TEXT    NOT NULL DEFAULT '', -- personal: erase
  attributes       TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(attributes)), -- personal: erase
  source           TEXT    NOT NULL DEFAULT 'web',
  is_test          INTEGER NOT NULL DEFAULT 0 CHECK (is_test IN (0, 1)),
  version          INTEGER NOT NULL DEFAULT 1, -- rises with every change: a stamp of its quotes
  created_at       INTEGER NOT NULL,
  updated_at       INTEGER NOT NULL
) STRICT;

CREATE INDEX carts_by_channel ON carts (channel_id);
CREATE INDEX carts_by_customer ON carts (customer_id, state, updated_at) WHERE customer_id IS NOT NULL;
CREATE INDEX carts_by_updated_at ON carts (state, updated_at);

-- key: digest of variant, properties, selling plan and parent, so that equal wishes meet in one line.
CREATE TABLE cart_lines (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  cart_id         INTEGER NOT NULL REFERENCES carts (id) ON DELETE CASCADE,
  key             TEXT    NOT NULL,
  variant_id      INTEGER NOT NULL REFERENCES variants (id) ON DELETE CASCADE,
  quantity        INTEGER NOT NULL CHECK (quantity > 0),
  properties      TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(properties)), -- personal: erase
  selling_plan_id INTEGER,
  parent_key      TEXT,
  created_at      INTEGER NOT NULL,
  UNIQUE (cart_id, key)
) STRICT;

CREATE INDEX cart_lines_by_variant ON cart_lines (variant_id);

CREATE TABLE cart_codes (
  cart_id  INTEGER NOT NULL REFERENCES carts (id) ON DELETE CASCADE,
  code_key TEXT    NOT NULL, -- folded
  code     TEXT    NOT NULL, -- as typed
  at       INTEGER NOT NULL,
  PRIMARY KEY (cart_id, code_key)
) STRICT, WITHOUT ROWID;

-- Quotes of real carts without the people in them, to see what a change of rules would do. retain: 90d
CREATE TABLE recorded_carts (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  draft      TEXT    NOT NULL CHECK (json_valid(draft)),
  currency   TEXT    NOT NULL,
  total      INTEGER NOT NULL,
  quote_hash TEXT    NOT NULL,
  at         INTEGER NOT NULL
) STRICT;

CREATE INDEX recorded_carts_by_at ON recorded_carts (at);
