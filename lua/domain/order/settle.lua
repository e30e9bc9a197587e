--- The one place where an order reacts to money. Paid in full: the goods are gone. Money for a cancelled
--- order: revive it when an expiry ended it and the goods are there, else give back exactly what that
--- payment kept. There is no other way of making good.
local db = require("kernel.db")
local derive = require("domain.order.derive")
local inventory = require("domain.inventory")
local payment = require("domain.payment")

local settle = {}

local EVENTS <const> = { paid = "order.paid", refunded = "order.refunded", completed = "order.completed", shipped = "order.shipped" }

local function note_change(tx, order, field, was, now, reason)
  if was == now then return end
  db.run("order_history_insert", {
    order_id = order.id, field = field, was = was, now = now, reason = reason or "", actor = tx.actor, at = tx.now,
  })
  local event = field ~= "state" and EVENTS[now] or EVENTS[now == "completed" and now or ""]
  if event then tx.emit(event, "order:" .. order.id, { id = order.id, number = order.number }) end
end

--- Derives the states of an order from its rows and stores them.
---@param tx merx.Tx
---@param order table row of order_state_row, with the state that it should have
---@param was string the state before
---@param reason? string
function settle.refresh(tx, order, was, reason)
  local goods = {}
  for _, line in ipairs(db.many("order_lines_of", { order_id = order.id })) do
    if line.kind == "goods" then goods[#goods + 1] = line end
  end
  local payment_state = payment.state_of_order(order.total_amount, payment.list(order.id), payment.has_open_operations(order.id))
  local delivery_state = derive.delivery_state(goods, db.many("fulfilments_of", { order_id = order.id }))
  local state = derive.order_state(order.state, payment_state, delivery_state)
  db.run("order_set_states", {
    id = order.id, state = state, payment_state = payment_state, delivery_state = delivery_state, at = tx.now,
  })
  note_change(tx, order, "state", was, state, reason)
  note_change(tx, order, "payment_state", order.payment_state, payment_state, reason)
  note_change(tx, order, "delivery_state", order.delivery_state, delivery_state, reason)
  tx.touch("order:" .. order.id)
end

--- Something that nobody may pass over: capture and delivery wait until somebody looked.
---@param tx merx.Tx
---@param order_id integer
---@param note string
function settle.hold(tx, order_id, note)
  if db.value("order_is_held", { order_id = order_id }) then return end
  db.run("order_hold_insert", { order_id = order_id, reason = "payment", actor = tx.actor, note = note, at = tx.now })
  tx.touch("order:" .. order_id)
end

--- Cancels and gives back what was held. The caller refreshes.
---@param tx merx.Tx
---@param order table
---@param by "merchant"|"customer"|"expiry"|"payment"
---@param reason string
function settle.cancel(tx, order, by, reason)
  inventory.release(tx, order.id, by == "expiry" and "expired" or "released")
  db.run("order_set_cancelled", { id = order.id, by = by, reason = reason, at = tx.now })
  order.state, order.cancelled_by = "cancelled", by
  tx.emit("order.cancelled", "order:" .. order.id, { id = order.id, number = order.number, by = by })
end

local function wants_of(order)
  local wants = {}
  for _, line in ipairs(db.many("order_goods_wants", { order_id = order.id })) do
    if line.tracking ~= "none" then
      wants[#wants + 1] = {
        kind = "stock", owner_id = line.tracking == "product" and line.product_id or line.variant_id, quantity = line.quantity,
        line_id = line.id, product_id = line.product_id,
      }
    end
  end
  return wants
end

-- All or nothing: looked at first, since a command cannot undo a part of itself.
local function has_stock(wants)
  local needed = {}
  for _, want in ipairs(wants) do
    needed[want.owner_id] = (needed[want.owner_id] or 0) + want.quantity
    if inventory.available(want) < needed[want.owner_id] then return false end
  end
  return true
end

-- An order that expired, or whose payment failed, lives again when its money came after all.
local function revive(tx, order)
  if order.cancelled_by ~= "expiry" and order.cancelled_by ~= "payment" then return false end
  local wants = wants_of(order)
  if not has_stock(wants) then return false end
  if not db.run("order_revive", { id = order.id, at = tx.now }) then return false end -- the cart has another order
  assert(inventory.take(tx, wants, { order_id = order.id, is_final = true }))
  order.state, order.cancelled_by = "confirmed", nil
  tx.emit("order.revived", "order:" .. order.id, { id = order.id, number = order.number })
  tx.emit("order.confirmed", "order:" .. order.id, { id = order.id, number = order.number })
  return true
end

local MOST_VOIDS <const> = 3

-- What is promised, or could still be paid, is called off; a provider that refuses is not asked for ever.
local function call_off(tx, row)
  local is_open = row.state == "authorized" or row.state == "requires_action"
  if not is_open or row.flow ~= "online" or payment.has_open_operations(row.order_id) then return end
  if payment.asked(row.id, "void").count < MOST_VOIDS then payment.ask(tx, row.id, "void", row.amount) end
end

-- Exactly what each payment kept. One that a provider refused to give back is for staff: they find a hold on the order.
local function give_back(tx, payments)
  for _, row in ipairs(payments) do
    local left = payment.refundable(row)
    if left > 0 and payment.has_failed_refund(row.id) then
      settle.hold(tx, row.order_id, "a refund was refused: " .. left .. " must go back by hand")
    elseif left > 0 then
      payment.refund(tx, row, { amount = left, tax_amount = 0, reason = "order cancelled" })
    end
    call_off(tx, row)
  end
end

local function confirm(tx, order)
  order.state = "confirmed"
  tx.emit("order.confirmed", "order:" .. order.id, { id = order.id, number = order.number })
end

-- What all payments kept, what they may still take, and whether every charge failed. What is on its way back is not kept:
-- an order that it made live again would lose it.
local function sums_of(payments)
  local kept, promised, has_failed, has_other = 0, 0, false, false
  for _, row in ipairs(payments) do
    kept = kept + payment.net(row) - payment.asked_back(row.id)
    if row.state == "authorized" then promised = promised + row.amount end
    if row.kind == "charge" then
      if row.state == "failed" or row.state == "voided" then has_failed = true else has_other = true end
    end
  end
  return kept, promised, has_failed and not has_other
end

--- Reacts to what the payments of an order say now.
---@param tx merx.Tx
---@param order_id integer
---@param reason? string
---@param was? string the state before, when the caller has changed it
function settle.run(tx, order_id, reason, was)
  local order = db.one("order_state_row", { id = order_id })
  local payments = payment.list(order_id)
  was = was or order.state
  local kept, promised, all_failed = sums_of(payments)
  if order.state == "placed" then
    if kept >= order.total_amount then
      inventory.commit(tx, order_id)
      confirm(tx, order)
    elseif kept + promised >= order.total_amount then
      inventory.extend(tx, order_id, nil)
      confirm(tx, order)
    elseif all_failed and not payment.has_open_operations(order_id) then
      settle.cancel(tx, order, "payment", "the payment failed")
    end
  elseif order.state == "cancelled" then
    if not (kept >= order.total_amount and kept > 0 and revive(tx, order)) then give_back(tx, payments) end
  elseif kept >= order.total_amount then
    inventory.commit(tx, order_id)
  end
  settle.refresh(tx, order, was, reason)
end

return settle
