-- Money that really moves. Captures, refunds and disputes are rows keyed by the provider's id, put in
-- once and summed; the sums on payments are derived from them in the same command.

CREATE TABLE payments (
  id              INTEGER PRIMARY KEY, -- never deleted
  reference       TEXT    NOT NULL UNIQUE, -- goes to the provider, so that news finds its row
  order_id        INTEGER NOT NULL REFERENCES orders (id) ON DELETE RESTRICT,
  method          TEXT    NOT NULL, -- "plugin/handler"
  kind            TEXT    NOT NULL DEFAULT 'charge' CHECK (kind IN ('charge', 'tender')),
  flow            TEXT    NOT NULL DEFAULT 'offline' CHECK (flow IN ('offline', 'online')), -- offline: people move the money
  account_id      INTEGER REFERENCES accounts (id) ON DELETE RESTRICT, -- of a tender
  state           TEXT    NOT NULL DEFAULT 'created'
                          CHECK (state = 'created' OR state = 'requires_action' OR state = 'authorized'
                            OR state = 'captured' OR state = 'failed' OR state = 'voided'),
  currency        TEXT    NOT NULL CHECK (length(currency) = 3),
  amount          INTEGER NOT NULL CHECK (amount >= 0),
  captured_amount INTEGER NOT NULL DEFAULT 0 CHECK (captured_amount >= 0),
  refunded_amount INTEGER NOT NULL DEFAULT 0 CHECK (refunded_amount >= 0),
  disputed_amount INTEGER NOT NULL DEFAULT 0 CHECK (disputed_amount >= 0),
  reports         TEXT    CHECK (reports IN ('rows', 'total')), -- how the provider tells of captures; never both
  provider_ref    TEXT    NOT NULL DEFAULT '',
  redirect_url    TEXT    NOT NULL DEFAULT '',
  error           TEXT    NOT NULL DEFAULT '',
  is_test         INTEGER NOT NULL DEFAULT 0 CHECK (is_test IN (0, 1)),
  check_at        INTEGER, -- not final by then: ask the provider
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL,
  version         INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE INDEX payments_by_order ON payments (order_id);
CREATE INDEX payments_by_account ON payments (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX payments_by_provider_ref ON payments (method, provider_ref) WHERE provider_ref <> '';
CREATE INDEX payments_by_check_at ON payments (check_at) WHERE check_at IS NOT NULL;

-- What we ask of the provider. The key stands here before any byte is sent; a retry has the same one.
CREATE TABLE payment_operations (
  key        TEXT    NOT NULL PRIMARY KEY, -- "p1:authorize:1"
  payment_id INTEGER NOT NULL REFERENCES payments (id) ON DELETE RESTRICT,
  kind       TEXT    NOT NULL
                     CHECK (kind = 'authorize' OR kind = 'capture' OR kind = 'refund' OR kind = 'void'
                       OR kind = 'fetch'),
  amount     INTEGER NOT NULL,
  state      TEXT    NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done')),
  result     TEXT,
  attempts   INTEGER NOT NULL DEFAULT 0,
  next_at    INTEGER NOT NULL,
  error      TEXT    NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX payment_operations_by_payment ON payment_operations (payment_id);
CREATE INDEX payment_operations_by_next_at ON payment_operations (next_at) WHERE state = 'pending';

CREATE TABLE captures (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  payment_id   INTEGER NOT NULL REFERENCES payments (id) ON DELETE RESTRICT,
  provider_ref TEXT    NOT NULL,
  amount       INTEGER NOT NULL CHECK (amount >= 0),
  at           INTEGER NOT NULL,
  UNIQUE (payment_id, provider_ref)
) STRICT;

-- What the merchant gave back, by line; each part goes through one payment.
CREATE TABLE refunds (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  order_id     INTEGER NOT NULL REFERENCES orders (id) ON DELETE RESTRICT,
  payment_id   INTEGER REFERENCES payments (id) ON DELETE RESTRICT,
  provider_ref TEXT, -- NULL: asked for, not yet told
  amount       INTEGER NOT NULL CHECK (amount >= 0),
  tax_amount   INTEGER NOT NULL DEFAULT 0,
  state        TEXT    NOT NULL DEFAULT 'pending' CHECK (state = 'pending' OR state = 'done' OR state = 'failed'),
  reason       TEXT    NOT NULL DEFAULT '',
  actor        TEXT    NOT NULL DEFAULT '',
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL,
  deleted_at   INTEGER,
  version      INTEGER NOT NULL DEFAULT 1,
  UNIQUE (payment_id, provider_ref)
) STRICT;

CREATE INDEX refunds_by_order ON refunds (order_id);

CREATE TABLE refund_lines (
  refund_id  INTEGER NOT NULL REFERENCES refunds (id) ON DELETE CASCADE,
  line_id    INTEGER NOT NULL REFERENCES order_lines (id) ON DELETE RESTRICT,
  quantity   INTEGER NOT NULL DEFAULT 0,
  amount     INTEGER NOT NULL, -- with its tax
  tax_amount INTEGER NOT NULL,
  PRIMARY KEY (refund_id, line_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX refund_lines_by_line ON refund_lines (line_id);

CREATE TABLE disputes (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  payment_id   INTEGER NOT NULL REFERENCES payments (id) ON DELETE RESTRICT,
  provider_ref TEXT    NOT NULL,
  state        TEXT    NOT NULL CHECK (state = 'opened' OR state = 'won' OR state = 'lost'),
  amount       INTEGER NOT NULL CHECK (amount >= 0),
  fee_amount   INTEGER NOT NULL DEFAULT 0,
  deadline_at  INTEGER,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL,
  UNIQUE (payment_id, provider_ref)
) STRICT;

-- What providers told us, word for word, kept before it is acknowledged. retain: 90d
CREATE TABLE payment_inbox (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  source      TEXT    NOT NULL, -- the adapter
  event_id    TEXT    NOT NULL, -- of the provider, or a digest of the body
  state       TEXT    NOT NULL
                      CHECK (state = 'unverified' OR state = 'waiting' OR state = 'applied' OR state = 'refused'),
  headers     TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(headers)),
  body        TEXT    NOT NULL, -- personal: erase
  error       TEXT    NOT NULL DEFAULT '',
  received_at INTEGER NOT NULL,
  applied_at  INTEGER,
  UNIQUE (source, event_id)
) STRICT;

CREATE INDEX payment_inbox_by_state ON payment_inbox (state, id);
CREATE INDEX payment_inbox_by_received_at ON payment_inbox (received_at);
