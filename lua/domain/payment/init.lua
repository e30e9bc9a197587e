--- Money that really moves. Captures, refunds and disputes are rows keyed by the provider's id, put in
--- once and summed. What follows for the order is domain/order's affair.
local db = require("kernel.db")
local failure = require("kernel.failure")
local machine = require("domain.payment.machine")
local news = require("domain.payment.news")
local notes = require("domain.payment.notes")
local operations = require("domain.payment.operations")
local refunds = require("domain.payment.refunds")
require("domain.payment.adapter")

local payment = {}

local CHECK_AFTER <const> = 15 * 60 * 1000

payment.net = machine.net
payment.state_of_order = machine.payment_state
payment.spread = refunds.spread
payment.refund_pieces = refunds.pieces
payment.refund_amount = refunds.amount
payment.news = news
payment.ask_providers = operations.run

--- Opens a payment. An online one is asked for at once: the operation stands before any byte is sent.
---@param tx merx.Tx
---@param given { order_id: integer, method: string, flow: "offline"|"online", amount: integer, currency: string, is_test: boolean,
---  base_url?: string }
---@return integer id
function payment.open(tx, given)
  local _, id = db.run("payment_insert", {
    reference = tx.uuid(), order_id = given.order_id, method = given.method, kind = "charge", flow = given.flow, state = "created",
    currency = given.currency, amount = given.amount, captured_amount = 0, is_test = given.is_test, base_url = given.base_url,
    check_at = given.flow == "online" and tx.now + CHECK_AFTER or nil, at = tx.now,
  })
  if given.flow == "online" then payment.ask(tx, id, "authorize", given.amount) end
  return id
end

--- Notes a tender: a gift card or credit that paid its part. What it took is held by its account.
---@param tx merx.Tx
---@param given { order_id: integer, method: string, account_id?: integer, amount: integer, currency: string, is_test: boolean }
---@return integer id
function payment.open_tender(tx, given)
  local _, id = db.run("payment_insert", {
    reference = tx.uuid(), order_id = given.order_id, method = given.method, kind = "tender", flow = "offline",
    account_id = given.account_id, state = "captured", currency = given.currency, amount = given.amount,
    captured_amount = given.amount, is_test = given.is_test, at = tx.now,
  })
  return id
end

--- Asks a provider for something: the jobs thread will. A retry carries the same key.
---@param tx merx.Tx
---@param id integer
---@param kind "authorize"|"capture"|"refund"|"void"|"fetch"
---@param amount integer
---@return string key "p1:authorize:1"
function payment.ask(tx, id, kind, amount)
  local number = db.one("payment_operations_latest", { payment_id = id, kind = kind }).count + 1
  local key = ("p%d:%s:%d"):format(id, kind, number)
  assert(db.run("payment_operation_insert", { key = key, payment_id = id, kind = kind, amount = amount, at = tx.now }))
  return key
end

--- The payments of an order, tenders included.
---@param order_id integer
---@return table[]
function payment.list(order_id)
  return db.many("payments_of_order", { order_id = order_id })
end

---@param id integer
---@return table?
function payment.find(id)
  return db.one("payment_by_id", { id = id })
end

---@param reference string
---@return table?
function payment.find_by_reference(reference)
  return db.one("payment_by_reference", { reference = reference })
end

--- Whether a question to a provider about this order is under way.
---@param order_id integer
---@return boolean
function payment.has_open_operations(order_id)
  return db.value("payment_operations_open", { order_id = order_id }) > 0
end

--- How often a payment was asked for something, when last, and how many of these are under way.
---@param id integer
---@param kind string
---@return { count: integer, at?: integer, pending: integer }
function payment.asked(id, kind)
  return db.one("payment_operations_latest", { payment_id = id, kind = kind })
end

local function save(tx, row)
  row.captured_amount = db.value("captures_sum", { payment_id = row.id })
  row.refunded_amount = db.value("refunds_sum", { payment_id = row.id })
  row.disputed_amount = db.value("disputes_sum", { payment_id = row.id })
  if machine.is_final(row) and not row.is_doubtful then
    row.check_at = nil
  else
    row.check_at = row.flow == "online" and tx.now + CHECK_AFTER or nil
  end
  row.at = tx.now
  db.run("payment_save", row)
end

-- What a payment is once a piece of news is true. `row` is changed and not yet stored.
local function take_note(tx, row, told, key)
  if told.result == "captured" then
    notes.capture(tx, row, told)
  elseif told.result == "refunded" then
    notes.refund(tx, row, told, key)
  elseif told.result == "refund_failed" then
    db.run("refund_fail", { payment_id = row.id, amount = told.amount, operation_key = key, at = tx.now })
  elseif told.result == "disputed" then
    notes.dispute(tx, row, told)
  end
  local before = row.state
  row.state = machine.next_state(row, told.result)
  local of_all = told.charge or machine.is_of_all(told.result) and told.ref
  if of_all and row.provider_ref == "" then row.provider_ref = of_all end
  row.redirect_url = told.redirect or row.redirect_url
  if told.result == "failed" and row.state == "failed" then
    row.reason, row.error = told.reason or "declined", told.error or ""
  elseif told.result == "failed" then
    row.error = told.error or "" -- of a capture or a void: the payment is what it was
  elseif row.state ~= before then
    row.reason, row.error = "", told.error or ""
  end
end

--- Applies news of a provider to a payment; all of it, or nothing.
---@param tx merx.Tx
---@param row table payment
---@param told merx.News `events` may hold more
---@param key? string of the operation that it answers
---@return table? row
---@return merx.Error? err "payment.mismatch"
function payment.apply(tx, row, told, key)
  local all = table.move(told.events or {}, 1, #(told.events or {}), 2, { told })
  for i, one in ipairs(all) do
    local problem = news.problem(row, one)
    if problem then return failure.new("payment.mismatch", problem) end
    if one.result == "captured" and notes.is_too_much(row, one) then
      return failure.new("payment.mismatch", "the provider took more than was asked for")
    end
    take_note(tx, row, one, i == 1 and key or one.key)
  end
  save(tx, row)
  return row
end

--- Gives a sum of one payment back: at once when people move the money, else by asking the provider.
---@param tx merx.Tx
---@param row table payment
---@param given { amount: integer, tax_amount: integer, reason: string }
---@return integer refund_id
function payment.refund(tx, row, given)
  local is_offline = row.flow == "offline"
  local key = not is_offline and payment.ask(tx, row.id, "refund", given.amount) or nil
  local _, id = db.run("refund_insert", {
    order_id = row.order_id, payment_id = row.id, provider_ref = is_offline and "by-hand:" .. tx.uuid() or nil, operation_key = key,
    amount = given.amount, tax_amount = given.tax_amount, state = is_offline and "done" or "pending", reason = given.reason,
    actor = tx.actor, at = tx.now,
  })
  if is_offline and row.kind == "charge" then
    save(tx, row)
  elseif is_offline then
    row.refunded_amount, row.at = row.refunded_amount + given.amount, tx.now
    db.run("payment_save", row)
  end
  return id
end

--- Whether what was asked for happened, after the provider was asked how things stand.
---@param row table payment, as it is now
---@param operation { key: string, kind: string }
---@param told merx.News
---@return boolean
function payment.is_answered(row, operation, told)
  if operation.kind == "refund" then
    local refund = db.one("refund_of_operation", { operation_key = operation.key })
    return refund ~= nil and refund.state ~= "pending"
  end
  return machine.is_answered(row, operation.kind, told)
end

--- Why a payment that is not refunded by itself must be looked at, or nothing.
---@param id integer
---@return boolean
function payment.has_failed_refund(id)
  return db.value("refunds_failed_count", { payment_id = id }) > 0
end

--- What a payment was asked to give back, and has not yet.
---@param id integer
---@return integer
function payment.asked_back(id)
  return db.value("refunds_pending_sum", { payment_id = id })
end

--- What can still be given back through a payment.
---@param row table
---@return integer
function payment.refundable(row)
  return machine.refundable(row, payment.asked_back(row.id))
end

--- Payments of an order that can give money back, each with `refundable`.
---@param order_id integer
---@return table[]
function payment.list_refundable(order_id)
  local rows = payment.list(order_id)
  for _, row in ipairs(rows) do row.refundable = payment.refundable(row) end
  return rows
end

return payment
