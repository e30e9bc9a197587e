--- Money that really moves. Captures, refunds and disputes are rows keyed by the provider's id, put in
--- once and summed. What follows for the order is domain/order's affair.
local db = require("kernel.db")
local failure = require("kernel.failure")
local log = require("kernel.log")
local machine = require("domain.payment.machine")
local refunds = require("domain.payment.refunds")

local payment = {}

local CHECK_AFTER <const> = 15 * 60 * 1000

payment.net = machine.net
payment.state_of_order = machine.payment_state
payment.spread = refunds.spread
payment.refund_pieces = refunds.pieces
payment.refund_amount = refunds.amount

--- Opens a payment. An online one is asked for at once: the operation stands before any byte is sent.
---@param tx merx.Tx
---@param given { order_id: integer, method: string, flow: "offline"|"online", amount: integer, currency: string, is_test: boolean }
---@return integer id
function payment.open(tx, given)
  local _, id = db.run("payment_insert", {
    reference = tx.uuid(), order_id = given.order_id, method = given.method, kind = "charge", flow = given.flow, state = "created",
    currency = given.currency, amount = given.amount, captured_amount = 0, is_test = given.is_test,
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
  local number = 1
  for _, operation in ipairs(db.many("payment_operations_of", { payment_id = id })) do
    if operation.kind == kind then number = number + 1 end
  end
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

--- What the jobs thread should ask now.
---@param now integer
---@param limit integer
---@return table[]
function payment.operations_due(now, limit)
  return db.many("payment_operations_due", { now = now, limit = limit })
end

local function save(tx, row)
  row.captured_amount = db.value("captures_sum", { payment_id = row.id })
  row.refunded_amount = db.value("refunds_sum", { payment_id = row.id })
  row.disputed_amount = db.value("disputes_sum", { payment_id = row.id })
  if machine.is_final(row) then
    row.check_at = nil
  else
    row.check_at = row.flow == "online" and tx.now + CHECK_AFTER or nil
  end
  row.at = tx.now
  db.run("payment_save", row)
end

-- Rows or a running total, never both for one payment: the first that comes decides.
local function note_capture(tx, row, news)
  local reports = news.ref and "rows" or "total"
  row.reports = row.reports or reports
  if row.reports ~= reports then
    log.warn("a provider tells of captures in two ways; the second is not counted", { payment = row.id })
    return
  end
  local amount = news.amount or row.amount
  if news.ref then
    db.run("capture_insert", { payment_id = row.id, provider_ref = news.ref, amount = amount, at = tx.now })
  else
    db.run("capture_raise", { payment_id = row.id, amount = amount, at = tx.now })
  end
end

-- A refund that we asked for is told; one that the merchant made at the provider is new to us.
local function note_refund(tx, row, news, key)
  local ref = news.ref or key
  if not ref or db.value("refund_known", { payment_id = row.id, provider_ref = ref }) then return end
  local told = db.run("refund_told", { payment_id = row.id, provider_ref = ref, amount = news.amount, at = tx.now })
  if told == 0 then
    db.run("refund_insert", {
      order_id = row.order_id, payment_id = row.id, provider_ref = ref, amount = news.amount, tax_amount = 0, state = "done",
      reason = "provider", actor = tx.actor, at = tx.now,
    })
  end
end

--- Applies news of a provider to a payment.
---@param tx merx.Tx
---@param row table payment
---@param news merx.News
---@param key? string of the operation that it answers
---@return table? row
---@return merx.Error? err "payment.mismatch"
function payment.apply(tx, row, news, key)
  if news.currency and news.currency ~= row.currency then
    return failure.new("payment.mismatch", "the provider speaks of another currency")
  end
  if news.result == "captured" then
    note_capture(tx, row, news)
  elseif news.result == "refunded" then
    note_refund(tx, row, news, key)
  elseif news.result == "refund_failed" then
    db.run("refund_fail", { payment_id = row.id, amount = news.amount, at = tx.now })
  elseif news.result == "disputed" then
    db.run("dispute_put", {
      payment_id = row.id, provider_ref = news.ref or "dispute", state = news.state or "opened", amount = news.amount or row.amount,
      fee_amount = news.fee or 0, deadline_at = news.deadline_at, at = tx.now,
    })
  end
  row.state = machine.next_state(row, news.result)
  if news.ref and news.result == "authorized" then row.provider_ref = news.ref end
  row.redirect_url, row.error = news.redirect or row.redirect_url, news.error or ""
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
  local _, id = db.run("refund_insert", {
    order_id = row.order_id, payment_id = row.id, provider_ref = is_offline and "by-hand:" .. tx.uuid() or nil,
    amount = given.amount, tax_amount = given.tax_amount, state = is_offline and "done" or "pending", reason = given.reason,
    actor = tx.actor, at = tx.now,
  })
  if is_offline and row.kind == "charge" then
    save(tx, row)
  elseif is_offline then
    row.refunded_amount, row.at = row.refunded_amount + given.amount, tx.now
    db.run("payment_save", row)
  else
    payment.ask(tx, row.id, "refund", given.amount)
  end
  return id
end

--- What can still be given back through a payment.
---@param row table
---@return integer
function payment.refundable(row)
  return machine.refundable(row, db.value("refunds_pending_sum", { payment_id = row.id }))
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
