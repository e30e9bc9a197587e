--- Walks all that may happen to an order and its money, within a budget, on the real commands: after each step and at every
--- end the money and the goods must be right.
local shop = require("support.shop")
local market = require("support.market")
local bank = require("support.bank")
local cart = require("domain.cart")
local checkout = require("domain.checkout")
local clock = require("native.clock")
local command = require("kernel.command")
local db = require("kernel.db")
local operations = require("domain.payment.operations")

local saga = {}

local START <const> = 1767225600000
local MINUTE <const> = 60000
local METHOD <const> = "test.plugin/card"

local ctx, conn, buyers, mug
local built = {}

local function rows(sql, params)
  built[sql] = built[sql] or db.built(sql)
  return built[sql]:many(params or {})
end

saga.rows = rows

local function new_buyer()
  local id = assert(command.run("cart.add", {
    channel_id = ctx.channel.id, currency = "EUR", locale = "en", variant_id = mug, quantity = 1 })).id
  local token = cart.find_by_id(id).token
  assert(command.run("cart.set_address", { cart = token, delivery = market.address, email = "ada@example.com" }))
  assert(command.run("cart.choose_delivery", { cart = token, choice = "test.plugin/parcel:std" }))
  assert(command.run("cart.choose_payment", { cart = token, choice = METHOD }))
  return { id = id, token = token }
end

local function open_world()
  built = {}
  conn = shop.open({ now = START })
  market.open()
  ctx = shop.context()
  mug = market.product({ amount = 1000, stock = 1 })
  buyers = { a = new_buyer(), b = new_buyer() }
end

local function spend(world, name)
  world.budget[name] = world.budget[name] - 1
end

local function wait(world, minutes)
  world.now = world.now + minutes * MINUTE
  clock.set_fake(world.now)
end

-- ---- what may happen next: name -> function(world) ---------------------------------------------------------------------

local function add_clicks(world, actions)
  for _, name in ipairs({ "a", "b" }) do
    if world.budget["click_" .. name] > 0 then
      actions["click " .. name] = function(next)
        spend(next, "click_" .. name)
        local quote = cart.quote(ctx, cart.find(buyers[name].token))
        checkout.complete(ctx, buyers[name].token, quote.hash)
      end
    end
  end
end

local function pending()
  return db.many("payment_operations_due", { method = METHOD, now = math.maxinteger, limit = 20 })
end

local function key_with(mistakes)
  return mistakes.new_key and function(req) return req.key .. "#" .. req.attempt end or nil
end

-- Asks the provider as the jobs thread does. The answer may get lost on its way back.
local function ask(world, operation, mistakes, outcome, is_lost)
  local handler = { id = METHOD, fns = bank.adapter(world.bank, { outcome = outcome, key_of = key_with(mistakes) }) }
  local answer = operations.ask(handler, operation, 1)
  if mistakes.ignore_answers then return end
  if is_lost then answer = { result = "retry", error = "no answer" } end
  answer.key = operation.key
  assert(command.run("payment.op_result", answer))
end

local function add_answers(world, actions, mistakes)
  for _, operation in ipairs(pending()) do
    local key = operation.key
    local may_decline = operation.kind == "authorize" and world.bank.flow ~= "redirect" and world.budget.decline > 0
    actions["answer " .. key] = function(next) ask(next, operation, mistakes) end
    if may_decline and not world.bank.done[key] then
      actions["decline " .. key] = function(next)
        spend(next, "decline")
        ask(next, operation, mistakes, "failed")
      end
    end
    if world.budget.lost > 0 and not mistakes.ignore_answers then
      actions["lose " .. key] = function(next)
        spend(next, "lost")
        ask(next, operation, mistakes, nil, true)
      end
    end
  end
end

local function add_news(world, actions, mistakes)
  if mistakes.ignore_answers then return end
  for i, event in ipairs(world.bank.events) do
    if event.left > 0 then
      actions["event " .. event.told.id] = function(next)
        local heard = next.bank.events[i]
        heard.left = heard.left - 1
        market.tell(heard.told, mistakes.no_inbox and heard.told.id .. "#" .. heard.left or nil)
      end
    end
  end
end

local function add_shopper(world, actions)
  for _, id in ipairs(world.bank.order) do
    local charge = world.bank.charges[id]
    if charge.state == "open" then
      actions["pay " .. id] = function(next) bank.pay(next.bank, id) end
      if world.budget.decline > 0 then
        actions["refuse " .. id] = function(next)
          spend(next, "decline")
          bank.pay(next.bank, id, "failed")
        end
      end
    elseif charge.captured > 0 and not charge.disputed and world.budget.dispute > 0 then
      actions["dispute " .. id] = function(next)
        spend(next, "dispute")
        bank.dispute(next.bank, id)
      end
    end
  end
end

local function add_time(world, actions)
  if world.budget.expire > 0 then
    actions.expire = function(next)
      spend(next, "expire")
      wait(next, 31)
      assert(command.run("order.expire", {}))
    end
  end
  if world.budget.check > 0 then
    actions.check = function(next)
      spend(next, "check")
      wait(next, 16)
      assert(command.run("payment.reconcile", {}))
    end
  end
end

local function add_people(world, actions)
  for _, row in ipairs(rows("SELECT id, state, payment_state, cancelled_by FROM orders")) do
    if row.state ~= "cancelled" and row.state ~= "completed" and world.budget.cancel > 0 then
      actions["cancel " .. row.id] = function(next)
        spend(next, "cancel")
        assert(command.run("order.cancel", { id = row.id, by = "merchant" }))
      end
    end
    if row.state == "placed" and world.budget.abandon > 0 then
      actions["abandon " .. row.id] = function(next)
        spend(next, "abandon")
        command.run("order.abandon_payment", { id = row.id })
      end
    end
    if (row.cancelled_by == "payment" or row.cancelled_by == "expiry") and not world.reopened[row.id] then
      actions["reopen " .. row.id] = function(next)
        next.reopened[row.id] = true
        assert(command.run("cart.reopen", { order_id = row.id }))
      end
    end
  end
end

local function capture_promised()
  for _, row in ipairs(rows([[SELECT p.id FROM payments AS p JOIN orders AS o ON o.id = p.order_id
      WHERE p.state = 'authorized' AND o.state = 'confirmed']])) do
    command.run("payment.capture", { payment_id = row.id })
  end
end

local function actions_of(world, mistakes)
  local actions = {}
  add_clicks(world, actions)
  add_answers(world, actions, mistakes)
  add_news(world, actions, mistakes)
  add_shopper(world, actions)
  add_time(world, actions)
  add_people(world, actions)
  if world.bank.flow == "manual" and rows("SELECT count(*) AS n FROM payments WHERE state = 'authorized'")[1].n > 0 then
    actions.capture = capture_promised
  end
  return actions
end

-- ---- what must always be true ------------------------------------------------------------------------------------------

local function check_always(world)
  -- The planted mistake without a unique cart numbers its orders past 1000: they are of one cart still.
  for _, row in ipairs(rows("SELECT count(*) AS live FROM orders WHERE state <> 'cancelled' GROUP BY cart_id % 1000")) do
    if row.live > 1 then return "a cart has " .. row.live .. " live orders" end
  end
  local stock = rows("SELECT balance, held FROM accounts WHERE kind = 'stock'")[1]
  local holds = rows([[SELECT coalesce(sum(quantity) FILTER (WHERE state = 'committed'), 0) AS sold,
    coalesce(sum(quantity) FILTER (WHERE state = 'held'), 0) AS held FROM account_holds]])[1]
  if stock.balance + holds.sold ~= world.stock or stock.held ~= holds.held or stock.balance - stock.held < 0 then
    return ("stock is not conserved: %d there, %d held, %d sold"):format(stock.balance, holds.held, holds.sold)
  end
  for _, row in ipairs(rows("SELECT id, reference, captured_amount, refunded_amount FROM payments")) do
    local sums = bank.sums(world.bank, row.reference)
    if sums.charges > 1 then return "charged twice" end
    if sums.refunded > sums.captured then return "more was given back than taken" end
    if row.captured_amount > sums.captured then return "we believe in more money than there is" end
  end
end

local function check_order(world, row)
  local kept, disputed, open = 0, 0, 0
  for _, paid in ipairs(rows("SELECT reference, captured_amount, refunded_amount FROM payments WHERE order_id = :id", { id = row.id })) do
    local sums = bank.sums(world.bank, paid.reference)
    kept, disputed, open = kept + sums.captured - sums.refunded - sums.disputed, disputed + sums.disputed, open + sums.open
    if paid.captured_amount ~= sums.captured or paid.refunded_amount ~= sums.refunded then
      return "our books are not those of the provider"
    end
  end
  if row.state == "placed" then return "an order is stuck" end
  if row.state == "cancelled" and kept > 0 then return "a cancelled order kept " .. kept end
  if row.state == "cancelled" and kept < 0 and disputed == 0 then return "a cancelled order lost " .. -kept end
  if row.state == "cancelled" and open > 0 then return "a cancelled order can still be paid" end
  if row.state == "confirmed" and kept ~= row.total_amount and disputed == 0 then return "a confirmed order kept " .. kept end
end

-- Nothing is under way any more: everybody has what is theirs.
local function check_rest(world)
  for _, row in ipairs(rows("SELECT id, state, total_amount FROM orders")) do
    local problem = check_order(world, row)
    if problem then return problem end
  end
end

-- All that is still under way comes to its end, the way it does when nobody does anything any more.
local function settle_down(world, mistakes)
  for _ = 1, 12 do
    local is_quiet = true
    for _, operation in ipairs(mistakes.ignore_answers and {} or pending()) do
      ask(world, operation, mistakes)
      is_quiet = false
    end
    local actions = {}
    add_news(world, actions, mistakes)
    for _, act in pairs(actions) do
      act(world)
      is_quiet = false
    end
    if world.bank.flow == "manual" then capture_promised() end
    wait(world, 31)
    local asked = assert(command.run("payment.reconcile", {})).asked
    for _, operation in ipairs(mistakes.ignore_answers and {} or pending()) do ask(world, operation, mistakes) end
    local expired = assert(command.run("order.expire", {})).expired
    if is_quiet and asked + expired == 0 and #pending() == 0
      and #rows("SELECT id FROM orders WHERE state = 'placed'") == 0 then return end
  end
end

-- ---- walking -----------------------------------------------------------------------------------------------------------

local LINES <const> = {
  [[SELECT id || cart_id || state || payment_state || coalesce(cancelled_by, '') || coalesce(expires_at, '') AS line FROM orders ORDER BY id]],
  [[SELECT id || state || captured_amount || '/' || refunded_amount || '/' || disputed_amount || coalesce(check_at, '') AS line
    FROM payments ORDER BY id]],
  [[SELECT key || state || attempts AS line FROM payment_operations ORDER BY key]],
  [[SELECT provider_ref || state AS line FROM refunds WHERE provider_ref IS NOT NULL ORDER BY id]],
  [[SELECT balance || '/' || held AS line FROM accounts ORDER BY id]],
  [[SELECT id || state AS line FROM carts ORDER BY id]],
}

local function signature(world)
  local parts, names = {}, {}
  for _, sql in ipairs(LINES) do
    for _, row in ipairs(rows(sql)) do parts[#parts + 1] = row.line end
  end
  for name, left in pairs(world.budget) do names[#names + 1] = name .. left end
  for id in pairs(world.reopened) do names[#names + 1] = "reopened" .. id end
  table.sort(names)
  return table.concat(parts, "|") .. "#" .. table.concat(names, "|") .. world.now .. bank.signature(world.bank)
end

local function copy_world(world)
  return bank.copy(world)
end

local Walk = {}
Walk.__index = Walk

function Walk:fail(problem)
  self.report.problem, self.report.path = problem, table.move(self.path, 1, #self.path, 1, {})
end

function Walk:rest(world, depth)
  local ended = copy_world(world)
  settle_down(ended, self.mistakes)
  local problem = check_always(ended) or check_rest(ended)
  conn:rollback_to(depth)
  clock.set_fake(world.now)
  return problem and problem .. " (at rest)"
end

function Walk:branch(world, depth)
  local names, actions = {}, actions_of(world, self.mistakes)
  for action in pairs(actions) do names[#names + 1] = action end
  table.sort(names)
  for _, action in ipairs(names) do
    local next = copy_world(world)
    self.path[#self.path + 1] = action
    actions[action](next)
    self:visit(next)
    self.path[#self.path] = nil
    conn:rollback_to(depth)
    clock.set_fake(world.now)
  end
end

function Walk:visit(world)
  if self.report.problem or self.report.states >= self.limit then return end
  local name = signature(world)
  if self.seen[name] then return end
  self.seen[name] = true
  self.report.states = self.report.states + 1
  local problem = check_always(world)
  if problem then return self:fail(problem) end
  local depth = "step" .. #self.path
  conn:savepoint(depth)
  problem = self:rest(world, depth)
  if problem then
    self:fail(problem)
  else
    self:branch(world, depth)
  end
  conn:release(depth)
end

local NOTHING <const> = {
  click_a = 1, click_b = 0, lost = 0, decline = 0, dispute = 0, expire = 0, check = 0, cancel = 0, abandon = 0,
}

--- Walks all that may happen within a budget.
---@param given { flow?: "direct"|"redirect"|"manual", deliveries?: integer, [string]: integer } how often each thing may happen
---@param mistakes table what the engine, or this walk, does wrong on purpose
---@param limit integer states
---@return { states: integer, problem?: string, path?: string[] }
function saga.explore(given, mistakes, limit)
  local budget = {}
  for name, count in pairs(NOTHING) do budget[name] = given[name] or count end
  local walk = setmetatable({ seen = {}, report = { states = 0 }, path = {}, mistakes = mistakes, limit = limit }, Walk)
  open_world()
  conn:begin()
  walk:visit({
    now = START, stock = mistakes.many_orders and 2 or 1, budget = budget, reopened = {},
    bank = bank.new(given.flow or "direct", given.deliveries or 1),
  })
  conn:rollback()
  return walk.report
end

return saga
