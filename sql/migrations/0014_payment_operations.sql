-- Online payment: operations find their adapter without a look at the payment, refunds know the operation that asked for
-- them, and webhooks keep what they said beside the bytes that said it.

ALTER TABLE payments ADD COLUMN base_url TEXT NOT NULL DEFAULT ''; -- where the shopper ordered: providers send them back there
ALTER TABLE payments ADD COLUMN reason TEXT NOT NULL DEFAULT ''; -- why it failed, as a word that pages explain
ALTER TABLE payments ADD COLUMN refund_reports TEXT CHECK (refund_reports IN ('rows', 'total')); -- as `reports`, of refunds

ALTER TABLE refunds ADD COLUMN operation_key TEXT; -- what asked the provider for it

CREATE INDEX refunds_by_operation_key ON refunds (operation_key) WHERE operation_key IS NOT NULL;

ALTER TABLE payment_operations ADD COLUMN method TEXT NOT NULL DEFAULT ''; -- of its payment

UPDATE payment_operations SET method = (SELECT p.method FROM payments AS p WHERE p.id = payment_id);

DROP INDEX payment_operations_by_next_at;
CREATE INDEX payment_operations_by_method ON payment_operations (method, next_at) WHERE state = 'pending';

ALTER TABLE payment_inbox ADD COLUMN events TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(events)); -- what the adapter read in it

-- When an order that nobody paid ends. Not the time of its holds: an order of goods that are not counted has none.
ALTER TABLE orders ADD COLUMN expires_at INTEGER;

UPDATE orders
   SET expires_at = (SELECT min(h.expires_at) FROM account_holds AS h WHERE h.order_id = orders.id AND h.state = 'held')
 WHERE state = 'placed';

CREATE INDEX orders_by_expires_at ON orders (expires_at) WHERE state = 'placed';

-- The provider of the plugin merx.test-pay, for shops in test mode: what it was asked to charge, as JSON.
CREATE TABLE test_charges (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  reference  TEXT    NOT NULL UNIQUE, -- ours, of the payment
  token      TEXT    NOT NULL UNIQUE, -- of the page where it is paid
  body       TEXT    NOT NULL CHECK (json_valid(body)),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
