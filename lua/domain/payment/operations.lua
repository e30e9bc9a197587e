--- Asks providers, in the jobs thread: each operation is a task of its own, so that a slow provider holds up nobody. The
--- operation's key stands on disk before; whatever goes wrong here, the same key is sent again.
local clock = require("kernel.clock")
local command = require("kernel.command")
local db = require("kernel.db")
local jobs = require("kernel.jobs")
local log = require("kernel.log")
local news = require("domain.payment.news")
local points = require("kernel.points")
local task = require("kernel.task")

local operations = {}

local AT_ONCE <const> = 64 -- questions under way
local AT_ONE <const> = 32 -- of them, to one adapter
local TRIES <const> = 4 -- after so many without an answer the provider is asked how things stand, every other time
local LOST_AFTER <const> = 120 * 1000 -- a question that never came back may be asked again
local REST <const> = 60 * 1000

local asking = {} ---@type table<string, { method: string, at: integer }> by key
local counts = {} ---@type table<string, integer> by method
local total = 0

--- What the adapter is told.
---@class merx.PaymentRequest
---@field key string of the operation; every try has the same
---@field attempt integer 1 for the first
---@field payment_id string our reference, which the provider must give back
---@field ref string the provider's id of the payment, "" when it never named one
---@field order string number of the order
---@field amount integer minor units of this operation
---@field total integer minor units of the whole payment
---@field currency string
---@field is_test boolean
---@field locale string
---@field email string
---@field return_url string where the shopper comes back
---@field cancel_url string where a shopper goes who does not pay
---@field webhook_url string where the provider tells news

---@param row table of payment_operations_due
---@return merx.PaymentRequest
function operations.request(row)
  local page = row.base_url .. "/orders/" .. row.order_token .. "/payment"
  return {
    key = row.key, attempt = row.attempts + 1, payment_id = row.reference, ref = row.provider_ref, order = row.order_number,
    amount = row.amount, total = row.payment_amount, currency = row.currency, is_test = row.is_test == 1, locale = row.locale,
    email = row.email, return_url = page .. "/return", cancel_url = page .. "?stopped=1",
    webhook_url = row.base_url .. "/webhooks/" .. row.method,
  }
end

--- Which function of the adapter an operation needs now. An order that was cancelled meanwhile is not charged any more, but
--- what was asked before may have been done.
---@param row { kind: string, attempts: integer, order_state: string }
---@param fns table<string, function>
---@param tries? integer
---@return string
function operations.choose(row, fns, tries)
  tries = tries or TRIES
  if row.kind == "fetch" or not fns.fetch then return row.kind end
  if row.kind == "authorize" and row.order_state == "cancelled" then return "fetch" end
  return row.attempts >= tries and (row.attempts - tries) % 2 == 0 and "fetch" or row.kind
end

local function no_answer(why)
  return { result = "retry", error = tostring(why):sub(1, 1000) }
end

--- Asks the adapter once. Never raises: what is no answer is a reason to ask again.
---@param handler merx.Handler with `fns`
---@param row table of payment_operations_due
---@param tries? integer after how many the provider is asked how things stand
---@return table answer arguments for payment.op_result, without the key
function operations.ask(handler, row, tries)
  local what = operations.choose(row, handler.fns, tries)
  local fn = handler.fns[what]
  if not fn then return no_answer("the adapter has no function " .. what) end
  local ok, answer, err = pcall(fn, operations.request(row), handler.settings)
  if not ok then return no_answer(answer) end
  if answer == nil then return no_answer(type(err) == "table" and err.message or err or "no answer") end
  local clean, problem = news.check(news.answer, answer)
  if clean and what == "authorize" and clean.result == "requires_action" and not clean.redirect then
    clean, problem = nil, "malformed: requires_action needs a redirect"
  end
  if not clean then
    if handler.blame then handler.blame("malformed", problem) end
    return no_answer(problem)
  end
  clean.is_fetched = what == "fetch" and row.kind ~= "fetch"
  return clean
end

local function finish(row)
  if not asking[row.key] then return end
  asking[row.key] = nil
  counts[row.method], total = counts[row.method] - 1, total - 1
end

local function run(handler, row)
  local answer = operations.ask(handler, row)
  answer.key = row.key
  local done, err = command.run("payment.op_result", answer)
  finish(row)
  if not done then log.error("the answer of a provider cannot be noted", { operation = row.key, error = err.message }) end
  if done and done.is_refused then log.warn("a provider answered with money that was not asked for", { operation = row.key }) end
end

local function begin(handler, row, now)
  asking[row.key] = { method = row.method, at = now }
  counts[row.method], total = (counts[row.method] or 0) + 1, total + 1
  if not task.current() then return run(handler, row) end
  task.spawn(function()
    run(handler, row)
    operations.run()
  end)
end

-- Questions whose task was lost: an adapter that never ends does not hold its payment for ever.
local function forget_lost(now)
  for key, question in pairs(asking) do
    if question.at + LOST_AFTER <= now then finish({ key = key, method = question.method }) end
  end
end

local function run_handler(handler, now)
  local room = math.min(AT_ONE - (counts[handler.id] or 0), AT_ONCE - total)
  if room <= 0 then return end
  local due = db.many("payment_operations_due", { method = handler.id, now = now, limit = room + (counts[handler.id] or 0) })
  for _, row in ipairs(due) do
    if not asking[row.key] and total < AT_ONCE then begin(handler, row, now) end
  end
end

--- Begins to ask all that is due and not under way.
---@return integer ms until something is due again
function operations.run()
  local now, soonest = clock.now(), REST
  forget_lost(now)
  for _, handler in ipairs(points.handlers("payment_method")) do
    if handler.fns then
      run_handler(handler, now)
      local next_at = db.value("payment_operations_next", { method = handler.id, now = now })
      if next_at then soonest = math.min(soonest, next_at - now) end
    end
  end
  return math.max(0, soonest)
end

-- With every commit; and by a task of its own, because a round of the jobs thread may wait for the effect of some plugin.
jobs.on_tick(function(_, is_last)
  return is_last and REST or operations.run()
end)

local LOOK <const> = 250

jobs.at_start(function()
  if not task.current() then return end
  task.spawn(function()
    while true do
      task.sleep(LOOK)
      local ok, err = pcall(operations.run)
      if not ok then log.error("payments cannot be asked for", { error = tostring(err) }) end
    end
  end)
end)

return operations
