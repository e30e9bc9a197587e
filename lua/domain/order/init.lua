--- An agreement: what was sold to whom, for how much and why, and how far it has come.
local cache = require("kernel.cache")
local command = require("kernel.command")
local db = require("kernel.db")
local document = require("domain.order.document")
local events = require("kernel.events")
local order_money = require("domain.order.money")
local jobs = require("kernel.jobs")
local json = require("kernel.json")
local log = require("kernel.log")
local payment = require("domain.payment")
local place = require("domain.order.place")
local test_provider = require("domain.order.test_provider")
local webhooks = require("domain.order.webhooks")
require("domain.order.commands")
require("domain.order.provider")

local order = {}

order.document = document.make
order.write = place.write
order.refundable = order_money.refundable
order.quote_refund = order_money.quote_refund
order.find_webhook = webhooks.find
order.take_webhook = webhooks.take
order.test_provider = test_provider

local ABOUT <const> = { id = "integer: id of the order", number = "string: what people call it" }
local PLACED <const> = { id = ABOUT.id, number = ABOUT.number, total = "integer: minor units", currency = "string" }
local CANCELLED <const> = { id = ABOUT.id, number = ABOUT.number, by = "string: merchant, customer, expiry or payment" }

events.define("order.placed", { doc = "A buyer accepted a quote; the order stands and its goods are held.", body = PLACED })
events.define("order.confirmed", { doc = "The order is certain: paid, promised, or payable at the door.", body = ABOUT })
events.define("order.revived", { doc = "An order that was not paid in time, or whose payment had failed, is paid after all.", body = ABOUT })
events.define("order.paid", { doc = "All that was due has been captured.", body = ABOUT })
events.define("order.refunded", { doc = "All that was paid went back.", body = ABOUT })
events.define("order.shipped", { doc = "Everything is on its way.", body = ABOUT })
events.define("order.completed", { doc = "Paid and delivered.", body = ABOUT })
events.define("order.cancelled", { doc = "The order ended; `by` says who ended it.", body = CANCELLED })

---@class merx.Order
---@field id integer
---@field token string
---@field number string
---@field state "placed"|"confirmed"|"completed"|"cancelled"
---@field payment_state string
---@field delivery_state string
---@field lines table[] goods, then delivery and fees; each with taxes and allocations
---@field addresses { delivery?: merx.Address, billing?: merx.Address }
---@field payments table[]
---@field refunds table[]
---@field fulfilments table[]
---@field holds table[] reasons to wait
---@field ledger merx.Entry[]

local function group(rows, field)
  local grouped = {}
  for _, row in ipairs(rows) do
    grouped[row[field]] = grouped[row[field]] or {}
    table.insert(grouped[row[field]], row)
  end
  return grouped
end

local FLAGS <const> = { "is_tax_included", "ships", "is_downloadable", "is_gift_card" }

local function load_lines(id)
  local lines = db.many("order_lines_of", { order_id = id })
  local taxes = group(db.many("order_taxes_of", { order_id = id }), "line_id")
  local parts = group(db.many("order_allocations_of", { order_id = id }), "line_id")
  for _, line in ipairs(lines) do
    line.options, line.properties = json.decode(line.options), json.decode(line.properties)
    line.taxes, line.allocations = taxes[line.id] or {}, parts[line.id] or {}
    for _, tax in ipairs(line.taxes) do tax.is_included = tax.is_included == 1 end
    for _, part in ipairs(line.allocations) do part.reason = json.decode(part.reason) end
    for _, flag in ipairs(FLAGS) do line[flag] = line[flag] == 1 end
  end
  return lines
end

local function load_fulfilments(id)
  local fulfilments = db.many("fulfilments_of", { order_id = id })
  local lines = group(db.many("fulfilment_lines_of", { order_id = id }), "fulfilment_id")
  for _, fulfilment in ipairs(fulfilments) do fulfilment.lines = lines[fulfilment.id] or {} end
  return fulfilments
end

local function load_rest(row)
  if not row then return nil end
  local id = row.id
  cache.read("order:" .. id)
  row.policy, row.ledger = json.decode(row.policy), json.decode(row.ledger)
  row.codes, row.attributes = json.decode(row.codes), json.decode(row.attributes)
  row.is_test, row.is_tax_included = row.is_test == 1, row.is_tax_included == 1
  row.lines, row.addresses = load_lines(id), {}
  for _, address in ipairs(db.many("order_addresses_of", { order_id = id })) do row.addresses[address.kind] = address end
  row.payments, row.refunds = payment.list(id), db.many("refunds_of_order", { order_id = id })
  row.fulfilments, row.holds = load_fulfilments(id), db.many("order_holds_of", { order_id = id })
  return row
end

--- An order, whole.
---@param id integer
---@return merx.Order?
function order.find(id)
  return load_rest(db.one("order_by_id", { id = id }))
end

--- The order of a link that only its buyer has.
---@param token string
---@return merx.Order?
function order.find_by_token(token)
  return load_rest(db.one("order_by_token", { token = token }))
end

--- The order of the number that people read aloud.
---@param number string
---@return merx.Order?
function order.find_by_number(number)
  local id = db.value("order_id_by_number", { number = number })
  return id and order.find(id)
end

--- The live order that a cart became.
---@param cart_id integer
---@return { id: integer, token: string, number: string }?
function order.find_of_cart(cart_id)
  return db.one("order_of_cart", { cart_id = cart_id })
end

---@class merx.PaymentProgress
---@field id integer
---@field number string
---@field cart_id? integer
---@field phase "done"|"pay"|"wait"|"failed"|"expired" done: there is nothing to pay here, or nothing any more
---@field redirect? string where it is paid
---@field reason? string why it failed
---@field due_amount integer
---@field currency string
---@field expires_at? integer

local ENDED <const> = { payment = "failed", expiry = "expired" }

local function phase_of(row, charge)
  if not charge then return "done" end
  if row.state == "cancelled" then return ENDED[row.cancelled_by] or "done" end
  if row.state ~= "placed" then return "done" end
  return charge.state == "requires_action" and charge.redirect_url ~= "" and "pay" or "wait"
end

--- How far paying online has come, for a shopper who waits for it.
---@param token string of the order
---@return merx.PaymentProgress?
function order.progress(token)
  local row = db.one("order_progress", { token = token })
  if not row then return nil end
  local charge
  for _, paid in ipairs(payment.list(row.id)) do
    if paid.kind == "charge" and paid.flow == "online" then charge = paid end
  end
  row.phase = phase_of(row, charge)
  row.redirect, row.reason = charge and charge.redirect_url, charge and charge.reason
  return row
end

--- All orders, newest first; of one state when it is named.
---@param limit integer
---@param before? integer
---@param state? string
---@return table[]
function order.list(limit, before, state)
  local query = state and "orders_in_state" or "orders_recent"
  return db.many(query, { state = state, limit = limit, before = before or math.maxinteger })
end

---@param id integer
---@return table[]
function order.history(id)
  return db.many("order_history_of", { order_id = id })
end

---@param id integer
---@param is_visible? boolean only what the customer may read
---@return table[]
function order.notes(id, is_visible)
  local notes = {}
  for _, note in ipairs(db.many("order_notes_of", { order_id = id })) do
    if not is_visible or note.is_visible == 1 then notes[#notes + 1] = note end
  end
  return notes
end

jobs.define({
  name = "order.expire",
  doc = "Cancels orders whose time to pay is over.",
  every = 30 * 1000,
  handler = function()
    repeat
      local done = assert(command.run("order.expire", { limit = 20 }))
    until done.expired < 20
  end,
})

local LATE <const> = 10 * 1000

-- Webhooks that were kept and, for whatever reason, not applied when they came.
local function apply_waiting(now)
  for _, row in ipairs(db.many("inbox_waiting", { before = now - LATE, limit = 100 })) do
    local done, err = command.run("payment.apply_message", { id = row.id })
    if not done then log.error("a message of a provider cannot be applied", { message = row.id, error = err.message }) end
  end
end

jobs.define({
  name = "payment.reconcile",
  doc = "Asks providers about payments that are not final, and applies messages that wait.",
  every = 60 * 1000,
  handler = function(_, now)
    apply_waiting(now)
    repeat
      local done = assert(command.run("payment.reconcile", { limit = 50 }))
    until done.asked < 50
  end,
})

jobs.define({
  name = "payment.prune_inbox",
  doc = "Forgets what providers sent more than 90 days ago.",
  every = 24 * 3600 * 1000,
  handler = function() assert(command.run("payment.prune_inbox", {})) end,
})

return order
