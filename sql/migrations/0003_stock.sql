-- Scarce things, all by one primitive: an account with a balance, and holds that take from it.
-- available = balance - held, and may not fall below the floor.

CREATE TABLE locations (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  handle     TEXT    NOT NULL UNIQUE,
  title      TEXT    NOT NULL,
  address    TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(address)),
  is_pickup  INTEGER NOT NULL DEFAULT 0 CHECK (is_pickup IN (0, 1)),
  is_enabled INTEGER NOT NULL DEFAULT 1 CHECK (is_enabled IN (0, 1)),
  position   INTEGER NOT NULL DEFAULT 0, -- orders take from the lowest first
  version    INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX locations_by_position ON locations (position, id);

-- Changed only by one conditional UPDATE whose row count is checked; never read, then written.
--   stock        owner: variant (or product)   place: location
--   coupon       owner: coupon                 key: '' for all, digest of customer or e-mail for each
--   gift_card, credit, points, download, plugin accounts: owner and key as their room says
CREATE TABLE accounts (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  kind       TEXT    NOT NULL,
  owner_id   INTEGER NOT NULL,
  place_id   INTEGER NOT NULL DEFAULT 0,
  key        TEXT    NOT NULL DEFAULT '',
  balance    INTEGER NOT NULL,
  held       INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
  floor      INTEGER, -- NULL: no lower bound; below 0: back-orders
  low_at     INTEGER, -- stock.low is told when available falls to this
  updated_at INTEGER NOT NULL,
  UNIQUE (kind, owner_id, place_id, key)
) STRICT;

-- What was taken aside, for whom, and until when; a committed hold is what was sold.
CREATE TABLE account_holds (
  id         INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
  quantity   INTEGER NOT NULL CHECK (quantity > 0),
  state      TEXT    NOT NULL DEFAULT 'held'
                     CHECK (state = 'held' OR state = 'committed' OR state = 'released' OR state = 'expired'
                       OR state = 'returned'),
  order_id   INTEGER REFERENCES orders (id) ON DELETE RESTRICT,
  line_id    INTEGER, -- of the order, for stock
  expires_at INTEGER, -- NULL: until somebody decides
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX account_holds_by_account ON account_holds (account_id);
CREATE INDEX account_holds_by_order ON account_holds (order_id);
CREATE INDEX account_holds_by_expires_at ON account_holds (expires_at) WHERE state = 'held';

-- Every other change of a balance: what came, was counted, was lost. The sum of these, less what is
-- committed, is the balance: `merx fsck` compares.
CREATE TABLE account_movements (
  id         INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
  delta      INTEGER NOT NULL,
  reason     TEXT    NOT NULL, -- received, counted, lost, damaged, import …
  actor      TEXT    NOT NULL DEFAULT '',
  note       TEXT    NOT NULL DEFAULT '',
  at         INTEGER NOT NULL
) STRICT;

CREATE INDEX account_movements_by_account ON account_movements (account_id, id);
