-- Queries of lua/domain/checkout: between a cart and its order.

-- :name cart_of_cancelled_order :value
-- :use  cart.reopen: only while no other order of the cart lives
SELECT o.cart_id
  FROM orders AS o
 WHERE o.id = :order_id
   AND o.state = 'cancelled'
   AND NOT EXISTS (SELECT 1 FROM orders AS live WHERE live.cart_id = o.cart_id AND live.state <> 'cancelled');

-- :name cart_of_live_order :value
-- :use  cart.close
SELECT cart_id
  FROM orders
 WHERE id = :order_id
   AND state <> 'cancelled';

-- :name cart_reopen :run
-- :use  cart.reopen
UPDATE carts
   SET state = 'open', version = version + 1, updated_at = :at
 WHERE id = :id
   AND state = 'ordered';
