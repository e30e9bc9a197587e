-- Agreements. Orders as the customer saw and accepted them: lines copy what they need from the
-- catalogue, addresses are snapshots, so that later edits cannot rewrite history.

-- Orders and what hangs on them are never deleted, only emptied of persons: plain keys do not come back.
CREATE TABLE orders (
  id               INTEGER PRIMARY KEY,
  token            TEXT    NOT NULL UNIQUE, -- the only name a URL may use
  number           TEXT    NOT NULL UNIQUE, -- the name people read aloud
  cart_id          INTEGER, -- kept as a number: carts are swept
  customer_id      INTEGER REFERENCES customers (id) ON DELETE SET NULL,
  channel_id       INTEGER, -- a number: history does not refer
  source           TEXT    NOT NULL DEFAULT 'web',
  is_test          INTEGER NOT NULL DEFAULT 0 CHECK (is_test IN (0, 1)),
  state            TEXT    NOT NULL DEFAULT 'placed'
                           CHECK (state = 'placed' OR state = 'confirmed' OR state = 'completed'
                             OR state = 'cancelled'),
  payment_state    TEXT    NOT NULL DEFAULT 'unpaid'
                   CHECK (payment_state = 'unpaid' OR payment_state = 'pending' OR payment_state = 'authorized'
                     OR payment_state = 'partly_paid' OR payment_state = 'paid' OR payment_state = 'partly_refunded'
                     OR payment_state = 'refunded' OR payment_state = 'voided' OR payment_state = 'failed'),
  delivery_state   TEXT    NOT NULL DEFAULT 'unfulfilled'
                   CHECK (delivery_state = 'not_required' OR delivery_state = 'unfulfilled'
                     OR delivery_state = 'partly_shipped' OR delivery_state = 'shipped'
                     OR delivery_state = 'ready_for_pickup' OR delivery_state = 'delivered'
                     OR delivery_state = 'partly_returned' OR delivery_state = 'returned'),
  cancelled_by     TEXT, -- merchant, customer, expiry: late money revives only the last
  cancel_reason    TEXT,
  email            TEXT    NOT NULL DEFAULT '', -- personal: keep 10y
  email_key        TEXT    NOT NULL DEFAULT '', -- folded; personal: keep 10y
  phone            TEXT    NOT NULL DEFAULT '', -- personal: keep 10y
  locale           TEXT    NOT NULL,
  currency         TEXT    NOT NULL CHECK (length(currency) = 3),
  base_currency    TEXT    NOT NULL CHECK (length(base_currency) = 3),
  rate_mantissa    INTEGER NOT NULL DEFAULT 1,
  rate_exponent    INTEGER NOT NULL DEFAULT 0,
  list_amount      INTEGER NOT NULL, -- list prices of the goods; + sum of the ledger = total
  subtotal_amount  INTEGER NOT NULL CHECK (subtotal_amount >= 0), -- goods after line discounts and order discounts
  discount_amount  INTEGER NOT NULL, -- taken off by promotions, positive
  delivery_amount  INTEGER NOT NULL,
  fee_amount       INTEGER NOT NULL,
  tax_amount       INTEGER NOT NULL, -- all of it, included or added
  added_tax_amount INTEGER NOT NULL, -- the part that is on top of the lines
  total_amount     INTEGER NOT NULL CHECK (total_amount >= 0),
  tender_amount    INTEGER NOT NULL DEFAULT 0, -- gift cards and credit
  due_amount       INTEGER NOT NULL CHECK (due_amount >= 0), -- total - tenders
  is_tax_included  INTEGER NOT NULL CHECK (is_tax_included IN (0, 1)),
  policy           TEXT    NOT NULL CHECK (json_valid(policy)), -- how it was rounded
  ledger           TEXT    NOT NULL CHECK (json_valid(ledger)), -- who changed the price, by how much, why
  quote_hash       TEXT    NOT NULL,
  delivery_method  TEXT    NOT NULL DEFAULT '',
  delivery_title   TEXT    NOT NULL DEFAULT '',
  payment_method   TEXT    NOT NULL DEFAULT '',
  codes            TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(codes)),
  note             TEXT    NOT NULL DEFAULT '', -- of the customer; personal: erase
  attributes       TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(attributes)), -- personal: erase
  address          TEXT    NOT NULL DEFAULT '', -- where it was ordered from; personal: erase
  placed_at        INTEGER NOT NULL,
  confirmed_at     INTEGER,
  completed_at     INTEGER,
  cancelled_at     INTEGER,
  created_at       INTEGER NOT NULL,
  updated_at       INTEGER NOT NULL,
  deleted_at       INTEGER,
  version          INTEGER NOT NULL DEFAULT 1
) STRICT;

-- A second click finds the first order.
CREATE UNIQUE INDEX orders_by_cart ON orders (cart_id) WHERE state <> 'cancelled';
CREATE INDEX orders_by_customer ON orders (customer_id, id) WHERE customer_id IS NOT NULL;
CREATE INDEX orders_by_email ON orders (email_key, id) WHERE email_key <> '';
CREATE INDEX orders_by_placed_at ON orders (placed_at, id);
CREATE INDEX orders_by_updated_at ON orders (updated_at, id);
CREATE INDEX orders_by_state ON orders (state, id);

CREATE TABLE order_lines (
  id               INTEGER PRIMARY KEY,
  order_id         INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  position         INTEGER NOT NULL,
  kind             TEXT    NOT NULL CHECK (kind = 'goods' OR kind = 'delivery' OR kind = 'fee'),
  key              TEXT    NOT NULL, -- of the cart line; of the rate or fee
  parent_key       TEXT,
  variant_id       INTEGER, -- numbers, not references: history does not refer
  product_id       INTEGER,
  selling_plan_id  INTEGER,
  title            TEXT    NOT NULL,
  variant_title    TEXT    NOT NULL DEFAULT '',
  sku              TEXT    NOT NULL DEFAULT '',
  brand            TEXT    NOT NULL DEFAULT '',
  image            TEXT    NOT NULL DEFAULT '',
  options          TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(options)), -- [{name, value}]
  properties       TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(properties)), -- personal: erase
  quantity         INTEGER NOT NULL CHECK (quantity > 0),
  list_unit_amount INTEGER NOT NULL,
  list_pieces      INTEGER NOT NULL DEFAULT 1, -- the list price is for so many pieces
  unit_amount      INTEGER NOT NULL, -- after the price phase
  unit_pieces      INTEGER NOT NULL DEFAULT 1,
  subtotal_amount  INTEGER NOT NULL, -- unit * quantity
  discount_amount  INTEGER NOT NULL DEFAULT 0, -- sum of its allocations
  total_amount     INTEGER NOT NULL, -- subtotal - discount, as shown
  tax_amount       INTEGER NOT NULL DEFAULT 0,
  is_tax_included  INTEGER NOT NULL CHECK (is_tax_included IN (0, 1)),
  tax_class        TEXT    NOT NULL DEFAULT '',
  cost_amount      INTEGER,
  weight_mg        INTEGER NOT NULL DEFAULT 0,
  ships            INTEGER NOT NULL DEFAULT 0 CHECK (ships IN (0, 1)),
  is_downloadable  INTEGER NOT NULL DEFAULT 0 CHECK (is_downloadable IN (0, 1)),
  is_gift_card     INTEGER NOT NULL DEFAULT 0 CHECK (is_gift_card IN (0, 1)),
  shipped_quantity  INTEGER NOT NULL DEFAULT 0,
  returned_quantity INTEGER NOT NULL DEFAULT 0,
  CHECK (shipped_quantity BETWEEN 0 AND quantity),
  CHECK (returned_quantity BETWEEN 0 AND quantity),
  UNIQUE (order_id, position)
) STRICT;

CREATE INDEX order_lines_by_variant ON order_lines (variant_id, id) WHERE variant_id IS NOT NULL;
CREATE INDEX order_lines_by_product ON order_lines (product_id, id) WHERE product_id IS NOT NULL;

-- Which promotion took how much off which line.
CREATE TABLE order_allocations (
  line_id  INTEGER NOT NULL REFERENCES order_lines (id) ON DELETE CASCADE,
  seq      INTEGER NOT NULL, -- of the ledger
  order_id INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  handler  TEXT    NOT NULL,
  code     TEXT    NOT NULL DEFAULT '',
  reason   TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(reason)),
  amount   INTEGER NOT NULL,
  PRIMARY KEY (line_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX order_allocations_by_order ON order_allocations (order_id);

CREATE TABLE order_taxes (
  line_id      INTEGER NOT NULL REFERENCES order_lines (id) ON DELETE CASCADE,
  rate_id      TEXT    NOT NULL,
  order_id     INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  title        TEXT    NOT NULL,
  jurisdiction TEXT    NOT NULL DEFAULT '',
  ppm          INTEGER NOT NULL CHECK (ppm >= 0),
  base_amount  INTEGER NOT NULL, -- net
  amount       INTEGER NOT NULL,
  is_included  INTEGER NOT NULL CHECK (is_included IN (0, 1)),
  PRIMARY KEY (line_id, rate_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX order_taxes_by_order ON order_taxes (order_id);

-- Snapshots, never references.
CREATE TABLE order_addresses (
  order_id    INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  kind        TEXT    NOT NULL CHECK (kind IN ('delivery', 'billing')),
  name        TEXT    NOT NULL DEFAULT '', -- personal: keep 10y
  given_name  TEXT, -- personal: keep 10y
  family_name TEXT, -- personal: keep 10y
  company     TEXT, -- personal: keep 10y
  line1       TEXT    NOT NULL DEFAULT '', -- personal: keep 10y
  line2       TEXT, -- personal: keep 10y
  district    TEXT, -- personal: keep 10y
  city        TEXT, -- personal: keep 10y
  province    TEXT,
  postal_code TEXT, -- personal: keep 10y
  country     TEXT    NOT NULL,
  phone       TEXT, -- personal: keep 10y
  tax_number  TEXT, -- personal: keep 10y
  PRIMARY KEY (order_id, kind)
) STRICT, WITHOUT ROWID;

-- Reasons to wait: while one is open, nothing is captured or shipped.
CREATE TABLE order_holds (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  order_id    INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  reason      TEXT    NOT NULL CHECK (reason = 'risk' OR reason = 'review' OR reason = 'stock' OR reason = 'payment'),
  actor       TEXT    NOT NULL,
  note        TEXT    NOT NULL DEFAULT '',
  at          INTEGER NOT NULL,
  released_at INTEGER,
  released_by TEXT
) STRICT;

CREATE INDEX order_holds_by_order ON order_holds (order_id);

CREATE TABLE order_notes (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  order_id   INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  actor      TEXT    NOT NULL,
  body       TEXT    NOT NULL, -- personal: erase
  is_visible INTEGER NOT NULL DEFAULT 0 CHECK (is_visible IN (0, 1)), -- the customer may read it
  at         INTEGER NOT NULL
) STRICT;

CREATE INDEX order_notes_by_order ON order_notes (order_id, id);

CREATE TABLE order_history (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  order_id INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  field    TEXT    NOT NULL CHECK (field = 'state' OR field = 'payment_state' OR field = 'delivery_state'),
  was      TEXT    NOT NULL,
  now      TEXT    NOT NULL,
  reason   TEXT    NOT NULL DEFAULT '',
  actor    TEXT    NOT NULL,
  at       INTEGER NOT NULL
) STRICT;

CREATE INDEX order_history_by_order ON order_history (order_id, id);

-- Parcels and pick-ups.
CREATE TABLE fulfilments (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  order_id        INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  location_id     INTEGER REFERENCES locations (id) ON DELETE SET NULL,
  state           TEXT    NOT NULL
                          CHECK (state = 'ready_for_pickup' OR state = 'shipped' OR state = 'delivered'
                            OR state = 'cancelled'),
  carrier         TEXT    NOT NULL DEFAULT '',
  tracking_number TEXT    NOT NULL DEFAULT '',
  tracking_url    TEXT    NOT NULL DEFAULT '',
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL,
  delivered_at    INTEGER,
  version         INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE INDEX fulfilments_by_order ON fulfilments (order_id);
CREATE INDEX fulfilments_by_location ON fulfilments (location_id);
CREATE INDEX fulfilments_by_tracking_number ON fulfilments (tracking_number) WHERE tracking_number <> '';

CREATE TABLE fulfilment_lines (
  fulfilment_id INTEGER NOT NULL REFERENCES fulfilments (id) ON DELETE CASCADE,
  line_id       INTEGER NOT NULL REFERENCES order_lines (id) ON DELETE CASCADE,
  quantity      INTEGER NOT NULL CHECK (quantity > 0),
  PRIMARY KEY (fulfilment_id, line_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX fulfilment_lines_by_line ON fulfilment_lines (line_id);

-- Goods that come back, and contracts that are withdrawn from.
CREATE TABLE returns (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  order_id        INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  kind            TEXT    NOT NULL CHECK (kind = 'return' OR kind = 'exchange' OR kind = 'withdrawal'),
  state           TEXT    NOT NULL DEFAULT 'requested'
                          CHECK (state = 'requested' OR state = 'approved' OR state = 'received' OR state = 'closed'
                            OR state = 'refused'),
  reason          TEXT    NOT NULL DEFAULT '', -- personal: erase
  acknowledged_at INTEGER,
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL,
  version         INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE INDEX returns_by_order ON returns (order_id);
CREATE INDEX returns_by_state ON returns (state, id);

CREATE TABLE return_lines (
  return_id   INTEGER NOT NULL REFERENCES returns (id) ON DELETE CASCADE,
  line_id     INTEGER NOT NULL REFERENCES order_lines (id) ON DELETE CASCADE,
  quantity    INTEGER NOT NULL CHECK (quantity > 0),
  is_restocked INTEGER NOT NULL DEFAULT 0 CHECK (is_restocked IN (0, 1)),
  PRIMARY KEY (return_id, line_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX return_lines_by_line ON return_lines (line_id);

-- Complaints and reports about orders, products and reviews.
CREATE TABLE cases (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  kind       TEXT    NOT NULL CHECK (kind IN ('complaint', 'report')),
  entity     TEXT    NOT NULL,
  entity_id  INTEGER NOT NULL,
  state      TEXT    NOT NULL DEFAULT 'open' CHECK (state = 'open' OR state = 'answered' OR state = 'closed'),
  email      TEXT    NOT NULL DEFAULT '', -- personal: erase
  body       TEXT    NOT NULL, -- personal: erase
  answer     TEXT    NOT NULL DEFAULT '', -- personal: erase
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version    INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE INDEX cases_by_entity ON cases (entity, entity_id);
CREATE INDEX cases_by_state ON cases (state, id);

-- Issued documents. Never changed; numbers of a series have no gaps; test orders get none.
CREATE TABLE invoices (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  series    TEXT    NOT NULL,
  number    INTEGER NOT NULL CHECK (number > 0),
  kind      TEXT    NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
  order_id  INTEGER NOT NULL REFERENCES orders (id) ON DELETE RESTRICT,
  refund_id INTEGER REFERENCES refunds (id) ON DELETE RESTRICT,
  document  TEXT    NOT NULL CHECK (json_valid(document)), -- seller, buyer, figures, notes; personal: keep 10y
  digest    TEXT    NOT NULL, -- hex SHA-256 of document
  issued_at INTEGER NOT NULL,
  UNIQUE (series, number)
) STRICT;

CREATE INDEX invoices_by_order ON invoices (order_id);
CREATE INDEX invoices_by_refund ON invoices (refund_id);

-- The right to fetch a file, counted by an account of kind 'download'.
CREATE TABLE order_downloads (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  order_id   INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  line_id    INTEGER NOT NULL REFERENCES order_lines (id) ON DELETE CASCADE,
  title      TEXT    NOT NULL,
  media_id   INTEGER REFERENCES media (id) ON DELETE RESTRICT,
  token      TEXT    NOT NULL UNIQUE,
  expires_at INTEGER,
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX order_downloads_by_order ON order_downloads (order_id);
CREATE INDEX order_downloads_by_line ON order_downloads (line_id);
CREATE INDEX order_downloads_by_media ON order_downloads (media_id);
