-- Queries of lua/domain/payment: money that really moves.

-- :name payment_insert :run
-- :use  order.place: the row stands before any byte is sent
INSERT INTO payments (reference, order_id, method, kind, flow, account_id, state, currency, amount, captured_amount, is_test, check_at,
       base_url, created_at, updated_at)
VALUES (:reference, :order_id, :method, :kind, :flow, :account_id, :state, :currency, :amount, :captured_amount, :is_test, :check_at,
       coalesce(:base_url, ''), :at, :at);

-- :name payment_by_id :one
-- :use  payments.id -> the row
SELECT id, reference, order_id, method, kind, flow, account_id, state, currency, amount, captured_amount, refunded_amount,
       disputed_amount, reports, refund_reports, provider_ref, redirect_url, error, reason, is_test, check_at, version
  FROM payments
 WHERE id = :id;

-- :name payment_by_reference :one
-- :use  news of a provider -> its row
SELECT id, reference, order_id, method, kind, flow, account_id, state, currency, amount, captured_amount, refunded_amount,
       disputed_amount, reports, refund_reports, provider_ref, redirect_url, error, reason, is_test, check_at, version
  FROM payments
 WHERE reference = :reference;

-- :name payments_of_order :many
-- :use  all payments of an order, oldest first
SELECT id, reference, order_id, method, kind, flow, account_id, state, currency, amount, captured_amount, refunded_amount,
       disputed_amount, reports, refund_reports, provider_ref, redirect_url, error, reason, is_test, check_at, version, created_at
  FROM payments
 WHERE order_id = :order_id
 ORDER BY id;

-- :name payment_save :run
-- :use  after news: state and the sums of its rows
UPDATE payments
   SET state = :state, captured_amount = :captured_amount, refunded_amount = :refunded_amount, disputed_amount = :disputed_amount,
       reports = :reports, refund_reports = :refund_reports, provider_ref = :provider_ref, redirect_url = :redirect_url,
       error = :error, reason = :reason, check_at = :check_at, updated_at = :at, version = version + 1
 WHERE id = :id;

-- :name payment_operation_insert :run
-- :use  what we will ask, with the key that every try carries
INSERT INTO payment_operations (key, payment_id, method, kind, amount, next_at, created_at, updated_at)
SELECT :key, id, method, :kind, :amount, :at, :at, :at
  FROM payments
 WHERE id = :payment_id;

-- :name payment_operation_find :one
-- :use  payment.op_result
SELECT key, payment_id, kind, amount, state, result, attempts
  FROM payment_operations
 WHERE key = :key;

-- :name payment_operation_done :run
-- :use  payment.op_result: told once
UPDATE payment_operations
   SET state = 'done', result = :result, error = :error, updated_at = :at
 WHERE key = :key
   AND state = 'pending';

-- :name payment_operation_retry :run
-- :use  payment.op_result: no answer, the same key again later
UPDATE payment_operations
   SET attempts = attempts + 1, next_at = :next_at, error = :error, updated_at = :at
 WHERE key = :key
   AND state = 'pending';

-- :name payment_operations_due :many
-- :use  the jobs thread: what to ask through one adapter now
SELECT o.key, o.kind, o.amount, o.attempts, o.payment_id, o.method, p.reference, p.currency, p.amount AS payment_amount, p.provider_ref,
       p.base_url, p.is_test, r.id AS order_id, r.token AS order_token, r.number AS order_number, r.state AS order_state, r.locale, r.email
  FROM payment_operations AS o
  JOIN payments AS p ON p.id = o.payment_id
  JOIN orders AS r ON r.id = p.order_id
 WHERE o.state = 'pending'
   AND o.method = :method
   AND o.next_at <= :now
 ORDER BY o.next_at
 LIMIT :limit;

-- :name payment_operations_next :value
-- :use  the jobs thread: when an adapter is asked again at the soonest
SELECT min(next_at)
  FROM payment_operations
 WHERE state = 'pending'
   AND method = :method
   AND next_at > :now;

-- :name payment_operations_waiting :many
-- :use  merx doctor: what providers were asked and did not answer
SELECT method, count(*) AS total, min(created_at) AS since
  FROM payment_operations
 WHERE state = 'pending'
 GROUP BY method;

-- :name payment_operations_open :value
-- :use  an order with a question under way cannot expire
SELECT count(*)
  FROM payments AS p
  JOIN payment_operations AS o ON o.payment_id = p.id
 WHERE p.order_id = :order_id
   AND o.state = 'pending';

-- :name payments_to_check :many
-- :use  payment.reconcile: not final after a quarter of an hour, and nobody is asking already
SELECT p.id
  FROM payments AS p
 WHERE p.check_at <= :now
   AND NOT EXISTS (SELECT 1 FROM payment_operations AS o WHERE o.payment_id = p.id AND o.state = 'pending')
 ORDER BY p.check_at
 LIMIT :limit;

-- :name payment_check_later :run
-- :use  payment.reconcile
UPDATE payments
   SET check_at = :check_at
 WHERE id = :id;

-- :name payment_operations_latest :one
-- :use  how often a payment was asked for something, and when last
SELECT count(*) AS count, max(created_at) AS at, count(*) FILTER (WHERE state = 'pending') AS pending
  FROM payment_operations
 WHERE payment_id = :payment_id
   AND kind = :kind;

-- :name capture_find :value
-- :use  what a capture of the provider was counted as
SELECT amount
  FROM captures
 WHERE payment_id = :payment_id
   AND provider_ref = :provider_ref;

-- :name capture_insert :run
-- :use  one row for each id of the provider
INSERT INTO captures (payment_id, provider_ref, amount, at)
VALUES (:payment_id, :provider_ref, :amount, :at)
    ON CONFLICT (payment_id, provider_ref) DO NOTHING;

-- :name capture_raise :run
-- :use  a provider that only tells totals: the figure never falls
INSERT INTO captures (payment_id, provider_ref, amount, at)
VALUES (:payment_id, 'total', :amount, :at)
    ON CONFLICT (payment_id, provider_ref) DO UPDATE SET amount = max(amount, excluded.amount);

-- :name captures_sum :value
-- :use  what a payment brought
SELECT coalesce(sum(amount), 0)
  FROM captures
 WHERE payment_id = :payment_id;

-- :name refund_insert :run
-- :use  payment.refund: asked for
INSERT INTO refunds (order_id, payment_id, provider_ref, operation_key, amount, tax_amount, state, reason, actor, created_at, updated_at)
VALUES (:order_id, :payment_id, :provider_ref, :operation_key, :amount, :tax_amount, :state, :reason, :actor, :at, :at);

-- :name refund_of_operation :one
-- :use  the refund that an operation asked for
SELECT id, provider_ref, amount, state
  FROM refunds
 WHERE operation_key = :operation_key;

-- :name refund_done :run
-- :use  the provider answered what we asked
UPDATE refunds
   SET provider_ref = :provider_ref, state = 'done', updated_at = :at, version = version + 1
 WHERE id = :id
   AND state = 'pending';

-- :name refund_named :run
-- :use  a refund that was answered without an id of the provider gets it
UPDATE refunds
   SET provider_ref = :provider_ref, updated_at = :at, version = version + 1
 WHERE id = (SELECT r.id
               FROM refunds AS r
              WHERE r.payment_id = :payment_id
                AND r.provider_ref = r.operation_key
                AND r.state = 'done'
                AND r.amount = :amount
              ORDER BY r.id
              LIMIT 1);

-- :name refunds_pending :many
-- :use  a provider that only tells totals: which refunds the sum is made of, oldest first
SELECT id, amount, operation_key
  FROM refunds
 WHERE payment_id = :payment_id
   AND state = 'pending'
 ORDER BY id;

-- :name refund_raise :run
-- :use  a provider that only tells totals gave back more than was asked for
INSERT INTO refunds (order_id, payment_id, provider_ref, amount, tax_amount, state, reason, actor, created_at, updated_at)
VALUES (:order_id, :payment_id, 'total', :amount, 0, 'done', 'provider', :actor, :at, :at)
    ON CONFLICT (payment_id, provider_ref) DO UPDATE SET amount = amount + excluded.amount, updated_at = excluded.updated_at;

-- :name refunds_failed_count :value
-- :use  a refund that the provider refused is not asked for again and again
SELECT count(*)
  FROM refunds
 WHERE payment_id = :payment_id
   AND state = 'failed';

-- :name refund_told :run
-- :use  the provider says that it gave money back: the oldest asked-for refund of that amount is meant
UPDATE refunds
   SET provider_ref = :provider_ref, state = 'done', updated_at = :at, version = version + 1
 WHERE id = (SELECT r.id
               FROM refunds AS r
              WHERE r.payment_id = :payment_id
                AND r.state = 'pending'
                AND r.amount = :amount
              ORDER BY r.id
              LIMIT 1)
   AND NOT EXISTS (SELECT 1 FROM refunds AS known WHERE known.payment_id = :payment_id AND known.provider_ref = :provider_ref);

-- :name refund_known :value
-- :use  was this refund of the provider told before
SELECT id
  FROM refunds
 WHERE payment_id = :payment_id
   AND provider_ref = :provider_ref;

-- :name refund_fail :run
-- :use  the provider refused: the one that the operation asked for, else the oldest of that amount
UPDATE refunds
   SET state = 'failed', updated_at = :at, version = version + 1
 WHERE id = coalesce((SELECT asked.id FROM refunds AS asked WHERE asked.operation_key = :operation_key AND asked.state = 'pending'),
                     (SELECT r.id
                        FROM refunds AS r
                       WHERE r.payment_id = :payment_id
                         AND r.state = 'pending'
                         AND r.amount = :amount
                         AND :operation_key IS NULL
                       ORDER BY r.id
                       LIMIT 1));

-- :name refunds_sum :value
-- :use  what a payment gave back
SELECT coalesce(sum(amount), 0)
  FROM refunds
 WHERE payment_id = :payment_id
   AND state = 'done';

-- :name refunds_pending_sum :value
-- :use  what a payment was asked to give back
SELECT coalesce(sum(amount), 0)
  FROM refunds
 WHERE payment_id = :payment_id
   AND state = 'pending';

-- :name refunds_of_order :many
-- :use  all refunds of an order
SELECT id, payment_id, provider_ref, amount, tax_amount, state, reason, actor, created_at
  FROM refunds
 WHERE order_id = :order_id
   AND deleted_at IS NULL
 ORDER BY id;

-- :name refund_line_insert :run
-- :use  payment.refund: which pieces
INSERT INTO refund_lines (refund_id, line_id, quantity, amount, tax_amount)
VALUES (:refund_id, :line_id, :quantity, :amount, :tax_amount);

-- :name refunded_of_lines :many
-- :use  what of each line was given back, asked-for refunds included
SELECT rl.line_id, sum(rl.quantity) AS quantity, sum(rl.amount) AS amount, sum(rl.tax_amount) AS tax_amount
  FROM refunds AS r
  JOIN refund_lines AS rl ON rl.refund_id = r.id
 WHERE r.order_id = :order_id
   AND r.state <> 'failed'
 GROUP BY rl.line_id;

-- :name dispute_put :run
-- :use  money that moves without us
INSERT INTO disputes (payment_id, provider_ref, state, amount, fee_amount, deadline_at, created_at, updated_at)
VALUES (:payment_id, :provider_ref, :state, :amount, :fee_amount, :deadline_at, :at, :at)
    ON CONFLICT (payment_id, provider_ref) DO UPDATE
   SET state = CASE WHEN state = 'opened' THEN excluded.state ELSE state END, updated_at = excluded.updated_at;

-- :name disputes_sum :value
-- :use  what counts against what is kept
SELECT coalesce(sum(amount), 0)
  FROM disputes
 WHERE payment_id = :payment_id
   AND state <> 'won';

-- :name inbox_insert :run
-- :use  payment.receive: durable before it is acknowledged
INSERT INTO payment_inbox (source, event_id, state, headers, body, events, received_at)
VALUES (:source, :event_id, :state, :headers, :body, :events, :at)
    ON CONFLICT (source, event_id) DO NOTHING;

-- :name inbox_find :one
-- :use  payment.receive: it came before
SELECT id, state
  FROM payment_inbox
 WHERE source = :source
   AND event_id = :event_id;

-- :name inbox_by_id :one
-- :use  payment.apply: what it said
SELECT id, source, event_id, state, events
  FROM payment_inbox
 WHERE id = :id;

-- :name inbox_set_state :run
-- :use  payment.apply
UPDATE payment_inbox
   SET state = :state, error = :error, applied_at = :at
 WHERE id = :id;

-- :name inbox_waiting :many
-- :use  payment.reconcile: kept and never applied
SELECT id
  FROM payment_inbox
 WHERE state = 'waiting'
   AND received_at <= :before
 ORDER BY id
 LIMIT :limit;

-- :name inbox_prune :run
-- :use  payment.reconcile: the retention time is over
DELETE FROM payment_inbox
 WHERE received_at < :before;

-- :name payments_wrong_sums :many
-- :use  fsck: sums that are not those of the rows
SELECT p.id, p.order_id
  FROM payments AS p
 WHERE p.id > :after
   AND p.kind = 'charge'
   AND (p.captured_amount <> coalesce((SELECT sum(c.amount) FROM captures AS c WHERE c.payment_id = p.id), 0)
        OR p.refunded_amount <> coalesce((SELECT sum(r.amount) FROM refunds AS r WHERE r.payment_id = p.id AND r.state = 'done'), 0)
        OR p.disputed_amount <> coalesce((SELECT sum(d.amount) FROM disputes AS d WHERE d.payment_id = p.id AND d.state <> 'won'), 0))
 ORDER BY p.id
 LIMIT :limit;

-- :name test_charge_insert :run
-- :use  test_provider.charge
INSERT INTO test_charges (reference, token, body, created_at, updated_at)
VALUES (:reference, :token, :body, :at, :at);

-- :name test_charge_by_reference :one
-- :use  the provider of trials, asked by its plugin
SELECT token, body
  FROM test_charges
 WHERE reference = :reference;

-- :name test_charge_by_token :one
-- :use  the provider of trials, asked by a shopper
SELECT token, body
  FROM test_charges
 WHERE token = :token;

-- :name test_charge_save :run
-- :use  test_provider.act, test_provider.decide
UPDATE test_charges
   SET body = :body, updated_at = :at
 WHERE reference = :reference;
