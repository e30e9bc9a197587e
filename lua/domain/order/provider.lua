--- Commands by which news of providers come in, and the only ones: answers to what we asked, and webhooks. A webhook is kept
--- before it is applied, so that nothing that was acknowledged is lost.
local command = require("kernel.command")
local db = require("kernel.db")
local failure = require("kernel.failure")
local inventory = require("domain.inventory")
local json = require("kernel.json")
local payment = require("domain.payment")
local schema = require("kernel.schema")
local settle = require("domain.order.settle")

local FIRST_WAIT <const>, LONGEST_WAIT <const> = 2000, 3600 * 1000
local CHECK_AGAIN <const> = 15 * 60 * 1000
local MORE_TIME <const> = 60 * 1000
local KEPT <const> = 90 * 24 * 3600 * 1000

-- No answer, or none that ends it: the same key again, after a longer pause.
local function ask_again(tx, operation, why)
  local wait = math.min(FIRST_WAIT << math.min(operation.attempts, 20), LONGEST_WAIT)
  db.run("payment_operation_retry", { key = operation.key, next_at = tx.now + wait, error = why or "", at = tx.now })
end

-- What an answer means for the operation that was asked for. A provider that knows nothing of a payment of a cancelled
-- order is believed, and asked once more in a quarter of an hour: our question may still be on its way there.
local function judge(operation, row, told, order_state)
  if operation.kind == "refund" and told.result == "failed" and not told.is_fetched then told.result = "refund_failed" end
  if operation.kind == "authorize" and told.result == "missing" and order_state == "cancelled" then
    told.result, told.reason, told.error, row.is_doubtful = "failed", "expired", "the provider never heard of it", true
  end
end

-- Whether the operation has come to its end.
local function apply_answer(tx, operation, row, args)
  local order_state = db.one("order_state_row", { id = row.order_id }).state
  judge(operation, row, args, order_state)
  if not args.is_fetched and operation.kind ~= "fetch" then args.amount = args.amount or operation.amount end
  local applied, err = payment.apply(tx, row, args, not args.is_fetched and args.key or nil)
  if not applied then return nil, err end
  if not args.is_fetched or order_state == "cancelled" and args.result == "requires_action" then return true end
  return payment.is_answered(applied, operation, args)
end

local NO_ANSWER <const> = { retry = true, pending = true, missing = true }

local function is_no_answer(operation, args)
  if args.result == "retry" then return true end
  return NO_ANSWER[args.result] and operation.kind ~= "fetch" and not args.is_fetched
end

command.define({
  name = "payment.op_result",
  doc = "The answer of a provider to what we asked. `retry`: no answer; the same key is sent again. `is_fetched`: it was asked how "
    .. "things stand instead.",
  args = payment.news.args({ key = schema.text({ required = true, max = 100 }), is_fetched = schema.boolean({ default = false }) }),
  handler = function(tx, args)
    local operation = db.one("payment_operation_find", { key = args.key })
    if not operation then return failure.new("operation.missing", "there is no operation " .. args.key) end
    if operation.state == "done" then return { id = operation.payment_id } end
    if is_no_answer(operation, args) then
      ask_again(tx, operation, args.error)
      return { id = operation.payment_id }
    end
    local row = payment.find(operation.payment_id)
    local is_answered, err = apply_answer(tx, operation, row, args)
    if is_answered == nil then -- money that was not asked for: staff must look, and the provider is asked again
      ask_again(tx, operation, err.message)
      settle.hold(tx, row.order_id, err.message)
      return { id = row.id, order_id = row.order_id, is_refused = true }
    end
    if is_answered then
      db.run("payment_operation_done", { key = args.key, result = args.result, error = args.error or "", at = tx.now })
    else
      ask_again(tx, operation, args.error)
    end
    settle.run(tx, row.order_id, "payment " .. args.result)
    return { id = row.id, order_id = row.order_id }
  end,
})

-- ---- webhooks ----------------------------------------------------------------------------------------------------------

command.define({
  name = "payment.receive",
  doc = "Keeps what a provider sent, word for word, before it is acknowledged. The adapter has verified it.",
  args = schema.object({
    source = schema.text({ required = true, max = 120 }), event_id = schema.text({ required = true, max = 200 }),
    headers = schema.map(schema.text({ max = 4000 }), { max = 100, default = {} }), body = schema.any({ required = true }),
    events = schema.list(payment.news.event, { max = 100, default = {} }),
  }),
  handler = function(tx, args)
    local added, id = db.run("inbox_insert", {
      source = args.source, event_id = args.event_id, state = "waiting", headers = json.encode(args.headers), body = args.body,
      events = json.encode(json.array(args.events)), at = tx.now,
    })
    if added == 1 then return { id = id, is_new = true } end
    local known = db.one("inbox_find", { source = args.source, event_id = args.event_id })
    return { id = known.id, is_new = false }
  end,
})

-- One event of a kept message. Returns why it is refused, or nothing.
local function apply_event(tx, source, event)
  local row = payment.find_by_reference(event.payment_id)
  if not row or row.method ~= source then return "there is no payment of that reference" end
  local applied, err = payment.apply(tx, row, event, event.key)
  if not applied then
    settle.hold(tx, row.order_id, err.message)
    return err.message
  end
  settle.run(tx, row.order_id, "payment " .. event.result)
end

command.define({
  name = "payment.apply_message",
  doc = "Applies what a kept webhook said, once.",
  args = schema.object({ id = schema.id({ required = true }) }),
  handler = function(tx, args)
    local entry = db.one("inbox_by_id", { id = args.id })
    if not entry then return failure.new("message.missing", "there is no message " .. args.id) end
    if entry.state ~= "waiting" then return { id = entry.id, is_again = true } end
    local refused
    for _, event in ipairs(json.decode(entry.events)) do refused = apply_event(tx, entry.source, event) or refused end
    db.run("inbox_set_state", { id = entry.id, state = refused and "refused" or "applied", error = refused or "", at = tx.now })
    return { id = entry.id, is_refused = refused ~= nil, error = refused }
  end,
})

command.define({
  name = "payment.prune_inbox",
  doc = "Forgets what providers sent more than 90 days ago.",
  args = schema.object({}),
  handler = function(tx) return { deleted = (db.run("inbox_prune", { before = tx.now - KEPT })) } end,
})

-- ---- asking how things stand -------------------------------------------------------------------------------------------

command.define({
  name = "payment.reconcile",
  doc = "Asks about every payment that is not final after a quarter of an hour.",
  args = schema.object({ limit = schema.integer({ min = 1, max = 200, default = 50 }) }),
  handler = function(tx, args)
    local due = db.many("payments_to_check", { now = tx.now, limit = args.limit })
    for _, row in ipairs(due) do
      payment.ask(tx, row.id, "fetch", 0)
      db.run("payment_check_later", { id = row.id, check_at = tx.now + CHECK_AGAIN })
    end
    return { asked = #due }
  end,
})

local LOOK_PAUSE <const> = 5000

command.define({
  name = "payment.look",
  doc = "Somebody came back from the provider: asks how things stand, unless that is known or was asked a moment ago.",
  args = schema.object({ order_id = schema.id({ required = true }) }),
  handler = function(tx, args)
    local asked = 0
    for _, row in ipairs(payment.list(args.order_id)) do
      local is_open = row.flow == "online" and (row.state == "requires_action" or row.state == "created")
      local last = is_open and payment.asked(row.id, "fetch")
      if last and not payment.has_open_operations(args.order_id) and (last.at or 0) + LOOK_PAUSE <= tx.now then
        payment.ask(tx, row.id, "fetch", 0)
        asked = asked + 1
      end
    end
    return { asked = asked }
  end,
})

command.define({
  name = "order.abandon_payment",
  doc = "The shopper wants to pay another way: the order ends and its cart is open again. Money that comes all the same goes back.",
  args = schema.object({ id = schema.id({ required = true }) }),
  handler = function(tx, args)
    local order = db.one("order_state_row", { id = args.id })
    if not order then return failure.new("order.missing", "there is no order " .. args.id) end
    if order.state ~= "placed" then return failure.new("order.not_open", "this order does not wait for a payment") end
    if payment.has_open_operations(order.id) then return failure.new("order.busy", "a payment is under way: try again in a moment") end
    for _, row in ipairs(payment.list(order.id)) do
      if row.kind == "charge" and (row.flow ~= "online" or row.state == "authorized" or row.captured_amount > 0) then
        return failure.new("order.not_open", "this order does not wait for a payment online")
      end
    end
    local was = order.state
    settle.cancel(tx, order, "payment", "another way to pay")
    settle.run(tx, order.id, "another way to pay", was)
    return { id = order.id }
  end,
})

command.define({
  name = "order.expire",
  doc = "Cancels orders whose time to pay is over, unless a payment is under way.",
  args = schema.object({ limit = schema.integer({ min = 1, max = 100, default = 20 }) }),
  handler = function(tx, args)
    local count = 0
    for _, row in ipairs(db.many("orders_expired", { now = tx.now, limit = args.limit })) do
      if payment.has_open_operations(row.order_id) then
        local expires_at = tx.now + MORE_TIME -- money may be on its way: ask, never guess
        inventory.extend(tx, row.order_id, expires_at)
        db.run("order_extend", { id = row.order_id, expires_at = expires_at })
      else
        settle.cancel(tx, db.one("order_state_row", { id = row.order_id }), "expiry", "not paid in time")
        settle.run(tx, row.order_id, "not paid in time", "placed")
        count = count + 1
      end
    end
    return { expired = count }
  end,
})

return true
