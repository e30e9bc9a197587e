--- Stores an accepted quote as an order: numbers, snapshots, holds, payment, in one command.
local db = require("kernel.db")
local inventory = require("domain.inventory")
local payment = require("domain.payment")
local text = require("kernel.text")

local place = {}

local MINUTE <const> = 60 * 1000

local function insert_line(order_id, line)
  line.order_id = order_id
  local _, id = db.run("order_line_insert", line)
  for _, tax in ipairs(line.taxes) do
    tax.order_id, tax.line_id = order_id, id
    db.run("order_tax_insert", tax)
  end
  for _, part in ipairs(line.allocations) do
    part.order_id, part.line_id = order_id, id
    db.run("order_allocation_insert", part)
  end
  return id
end

local function wants_of(lines, ids)
  local wants = {}
  for i, line in ipairs(lines) do
    if line.stock_owner then
      wants[#wants + 1] = {
        kind = "stock", owner_id = line.stock_owner, quantity = line.quantity, line_id = ids[i], product_id = line.product_id,
      }
    end
  end
  return wants
end

-- Accounts of codes are opened when they are first used; those of plugins exist or the hold fails.
local function other_wants(tx, made)
  local wants = {}
  for _, hold in ipairs(made.holds) do
    if hold.balance then inventory.open(tx, hold) end
    wants[#wants + 1] = { kind = hold.kind, owner_id = hold.owner_id, key = hold.key, quantity = hold.quantity }
  end
  for _, tender in ipairs(made.tenders) do
    if tender.amount > 0 then
      wants[#wants + 1] = { kind = tender.kind, owner_id = tender.owner_id, key = tender.key, quantity = tender.amount }
    end
  end
  return wants
end

-- What is due at once is gone at once: paid orders and cash on delivery. Others hold until the money is there.
local function hold_options(tx, made, order_id)
  local asked = made.payment
  if not asked or asked.flow == "offline" and not asked.hold_minutes then return { order_id = order_id, is_final = true } end
  return { order_id = order_id, expires_at = tx.now + (asked.hold_minutes or 30) * MINUTE }
end

local function open_payments(tx, made, head, order_id, base_url)
  for _, tender in ipairs(made.tenders) do
    payment.open_tender(tx, {
      order_id = order_id, method = tender.handler, amount = tender.amount, currency = head.currency, is_test = head.is_test,
    })
  end
  if made.payment then
    payment.open(tx, {
      order_id = order_id, method = made.payment.method, flow = made.payment.flow, amount = head.due_amount,
      currency = head.currency, is_test = head.is_test, base_url = base_url,
    })
  end
end

--- Writes the order. The caller has checked that the quote still holds.
---@param tx merx.Tx
---@param made table see order/document.lua
---@param cart { id: integer, customer_id?: integer, channel_id: integer, email?: string, phone?: string, source: string, is_test: integer, address?: string,
---  base_url?: string }
---@return { id: integer, token: string, number: string }? order
---@return merx.Error? err "stock.short", "coupon.short" …
function place.write(tx, made, cart)
  local head = made.head
  local options = hold_options(tx, made, 0)
  head.token, head.number = tx.token(), tostring(tx.id("order_number"))
  head.cart_id, head.customer_id, head.channel_id, head.source = cart.id, cart.customer_id, cart.channel_id, cart.source
  head.email, head.phone, head.address, head.is_test = cart.email or "", cart.phone or "", cart.address or "", cart.is_test == 1
  head.is_test = head.is_test or made.payment ~= nil and made.payment.is_test
  head.email_key, head.at = text.fold(head.email), tx.now
  head.state = options.is_final and "confirmed" or "placed"
  head.confirmed_at, head.expires_at = options.is_final and tx.now or nil, options.expires_at
  head.payment_state = head.due_amount == 0 and "paid" or made.payment.flow == "online" and "pending" or "unpaid"
  local inserted, id = db.run("order_insert", head)
  if not inserted then return nil, id end
  options.order_id = id
  local ids = {}
  for i, line in ipairs(made.lines) do ids[i] = insert_line(id, line) end
  local ok, err = inventory.take(tx, wants_of(made.lines, ids), options)
  if ok then ok, err = inventory.take(tx, other_wants(tx, made), options) end
  if not ok then return nil, err end
  for _, address in ipairs(made.addresses) do
    address.order_id = id
    db.run("order_address_insert", address)
  end
  open_payments(tx, made, head, id, cart.base_url)
  tx.emit("order.placed", "order:" .. id, { id = id, number = head.number, total = head.total_amount, currency = head.currency })
  if options.is_final then tx.emit("order.confirmed", "order:" .. id, { id = id, number = head.number }) end
  return { id = id, token = head.token, number = head.number }
end

return place
