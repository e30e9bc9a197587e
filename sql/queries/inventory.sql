-- Queries of lua/domain/inventory: accounts of scarce things, and what is taken from them.

-- :name location_default :value
-- :use  where stock lies when nobody says
SELECT id
  FROM locations
 WHERE is_enabled = 1
 ORDER BY position, id
 LIMIT 1;

-- :name locations_all :many
-- :use  every place; a handful of rows
SELECT id, handle, title, address, is_pickup, is_enabled, position, version
  FROM locations
 ORDER BY position, id;

-- :name location_insert :run
-- :use  location.create
INSERT INTO locations (handle, title, address, is_pickup, position, created_at, updated_at)
VALUES (:handle, :title, :address, :is_pickup, :position, :at, :at);

-- :name account_find :one
-- :use  kind, owner, place, key -> the account
SELECT id, balance, held, floor, low_at
  FROM accounts
 WHERE kind = :kind
   AND owner_id = :owner_id
   AND place_id = :place_id
   AND key = :key;

-- :name accounts_of_owner :many
-- :use  what of an owner lies where, in the order in which orders take it
SELECT a.id, a.place_id, a.balance, a.held, a.floor, a.low_at
  FROM accounts AS a
  LEFT JOIN locations AS l ON l.id = a.place_id
 WHERE a.kind = :kind
   AND a.owner_id = :owner_id
   AND a.key = :key
   AND coalesce(l.is_enabled, 1) = 1
 ORDER BY coalesce(l.position, 0), a.id;

-- :name account_insert :run
-- :use  the first time that something is counted
INSERT INTO accounts (kind, owner_id, place_id, key, balance, floor, low_at, updated_at)
VALUES (:kind, :owner_id, :place_id, :key, :balance, :floor, :low_at, :at)
    ON CONFLICT (kind, owner_id, place_id, key) DO NOTHING;

-- :name account_set :run
-- :use  somebody counted: the balance is this
UPDATE accounts
   SET balance = :balance, floor = :floor, low_at = :low_at, updated_at = :at
 WHERE id = :id;

-- :name account_add :one
-- :use  a delivery came, a correction: never below the floor
UPDATE accounts
   SET balance = balance + :delta, updated_at = :at
 WHERE id = :id
   AND (:delta >= 0 OR floor IS NULL OR balance - held + :delta >= floor)
RETURNING id, balance, held, floor, low_at;

-- :name account_hold_at :run
-- :use  takes aside at one place, or changes nothing: the way of most orders
UPDATE accounts
   SET held = held + :quantity, updated_at = :at
 WHERE kind = :kind
   AND owner_id = :owner_id
   AND place_id = :place_id
   AND key = :key
   AND (floor IS NULL OR balance - held - :quantity >= floor);

-- :name account_take_at :run
-- :use  the same, but gone for good at once
UPDATE accounts
   SET balance = balance - :quantity, updated_at = :at
 WHERE kind = :kind
   AND owner_id = :owner_id
   AND place_id = :place_id
   AND key = :key
   AND (floor IS NULL OR balance - held - :quantity >= floor);

-- :name account_hold_one :one
-- :use  takes aside from the first place that has enough, or changes nothing
UPDATE accounts
   SET held = held + :quantity, updated_at = :at
 WHERE id = (SELECT a.id
               FROM accounts AS a
               LEFT JOIN locations AS l ON l.id = a.place_id
              WHERE a.kind = :kind
                AND a.owner_id = :owner_id
                AND a.key = :key
                AND coalesce(l.is_enabled, 1) = 1
                AND (a.floor IS NULL OR a.balance - a.held - :quantity >= a.floor)
              ORDER BY coalesce(l.position, 0), a.id
              LIMIT 1)
RETURNING id, balance, held, floor, low_at;

-- :name account_take_one :one
-- :use  the same, but gone for good at once
UPDATE accounts
   SET balance = balance - :quantity, updated_at = :at
 WHERE id = (SELECT a.id
               FROM accounts AS a
               LEFT JOIN locations AS l ON l.id = a.place_id
              WHERE a.kind = :kind
                AND a.owner_id = :owner_id
                AND a.key = :key
                AND coalesce(l.is_enabled, 1) = 1
                AND (a.floor IS NULL OR a.balance - a.held - :quantity >= a.floor)
              ORDER BY coalesce(l.position, 0), a.id
              LIMIT 1)
RETURNING id, balance, held, floor, low_at;

-- :name account_hold_part :one
-- :use  when no place has enough: what one place has
UPDATE accounts
   SET held = held + :quantity, updated_at = :at
 WHERE id = :id
   AND (floor IS NULL OR balance - held - :quantity >= floor)
RETURNING id, balance, held, floor, low_at;

-- :name account_take_part :one
-- :use  the same, gone for good at once
UPDATE accounts
   SET balance = balance - :quantity, updated_at = :at
 WHERE id = :id
   AND (floor IS NULL OR balance - held - :quantity >= floor)
RETURNING id, balance, held, floor, low_at;

-- :name account_commit :one
-- :use  what was held is gone
UPDATE accounts
   SET balance = balance - :quantity, held = held - :quantity, updated_at = :at
 WHERE id = :id
   AND held >= :quantity
RETURNING id, kind, owner_id, balance, held, floor, low_at;

-- :name account_release :one
-- :use  what was held is free again
UPDATE accounts
   SET held = held - :quantity, updated_at = :at
 WHERE id = :id
   AND held >= :quantity
RETURNING id, kind, owner_id, balance, held, floor, low_at;

-- :name account_return :one
-- :use  what was gone is back
UPDATE accounts
   SET balance = balance + :quantity, updated_at = :at
 WHERE id = :id
RETURNING id, kind, owner_id, balance, held, floor, low_at;

-- :name hold_insert :run
-- :use  who holds what, and until when
INSERT INTO account_holds (account_id, quantity, state, order_id, line_id, expires_at, created_at, updated_at)
VALUES (:account_id, :quantity, :state, :order_id, :line_id, :expires_at, :at, :at);

-- :name holds_of_order :many
-- :use  what an order took aside
SELECT h.id, h.account_id, h.quantity, h.state, h.line_id, h.expires_at, a.kind, a.owner_id
  FROM account_holds AS h
  JOIN accounts AS a ON a.id = h.account_id
 WHERE h.order_id = :order_id
 ORDER BY h.id;

-- :name hold_set_state :run
-- :use  held -> committed, released or expired; committed -> returned
UPDATE account_holds
   SET state = :state, updated_at = :at
 WHERE id = :id
   AND state = :was;

-- :name hold_reduce :run
-- :use  a part of what was committed came back
UPDATE account_holds
   SET quantity = quantity - :quantity, updated_at = :at
 WHERE id = :id
   AND state = 'committed'
   AND quantity > :quantity;

-- :name hold_extend :run
-- :use  the order got more time
UPDATE account_holds
   SET expires_at = :expires_at, updated_at = :at
 WHERE order_id = :order_id
   AND state = 'held';

-- :name movement_insert :run
-- :use  a change of a balance that no order made
INSERT INTO account_movements (account_id, delta, reason, actor, note, at)
VALUES (:account_id, :delta, :reason, :actor, :note, :at);

-- :name product_of_owner :value
-- :use  the product behind an account of stock: the owner is a variant, or the product itself
SELECT product_id
  FROM variants
 WHERE id = :owner_id
 UNION ALL
SELECT id
  FROM products
 WHERE id = :owner_id
 LIMIT 1;

-- :name tracking_of :one
-- :use  variant -> its product and whether stock is counted
SELECT v.id, v.product_id, p.tracking
  FROM variants AS v
  JOIN products AS p ON p.id = v.product_id
 WHERE v.id = :variant_id;

-- :name accounts_wrong_balance :many
-- :use  fsck: accounts whose movements, less what was sold, do not add up to the balance
SELECT a.id, a.kind, a.owner_id, a.balance
  FROM accounts AS a
 WHERE a.id > :after
   AND a.balance <> coalesce((SELECT sum(m.delta) FROM account_movements AS m WHERE m.account_id = a.id), 0)
     - coalesce((SELECT sum(h.quantity) FROM account_holds AS h WHERE h.account_id = a.id AND h.state = 'committed'), 0)
 ORDER BY a.id
 LIMIT :limit;

-- :name accounts_wrong_held :many
-- :use  fsck: accounts whose holds do not add up to what is held
SELECT a.id, a.kind, a.owner_id, a.held, coalesce((SELECT sum(h.quantity) FROM account_holds AS h WHERE h.account_id = a.id AND h.state = 'held'), 0) AS counted
  FROM accounts AS a
 WHERE a.id > :after
   AND a.held <> coalesce((SELECT sum(h.quantity) FROM account_holds AS h WHERE h.account_id = a.id AND h.state = 'held'), 0)
 ORDER BY a.id
 LIMIT :limit;
