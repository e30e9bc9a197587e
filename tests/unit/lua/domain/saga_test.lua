-- Every interleaving of clicks, lost answers, late and double webhooks, a decline, a dispute, a
-- competing buyer, an expiry and a merchant's cancel, on the real commands. After each step and at
-- every end the money and the goods must be right; planted mistakes must be found.
local test = require("support.test")
local shop = require("support.shop")
shop.open()
local market = require("support.market")
local cart = require("domain.cart")
local checkout = require("domain.checkout")
local clock = require("native.clock")
local command = require("kernel.command")
local db = require("kernel.db")
local notes = require("domain.payment.notes")
local payment = require("domain.payment")
require("domain.transfer")

local TOTAL <const> = 1490
local START <const> = 1767225600000
local MINUTE <const> = 60000

local ctx, conn, buyers, mug

local function new_buyer()
  local id = assert(command.run("cart.add", {
    channel_id = ctx.channel.id, currency = "EUR", locale = "en", variant_id = mug, quantity = 1 })).id
  local token = cart.find_by_id(id).token
  assert(command.run("cart.set_address", { cart = token, delivery = market.address, email = "ada@example.com" }))
  assert(command.run("cart.choose_delivery", { cart = token, choice = "test.plugin/parcel:std" }))
  assert(command.run("cart.choose_payment", { cart = token, choice = "test.plugin/card" }))
  return { id = id, token = token }
end

local function open_world()
  conn = shop.open({ now = START })
  market.open()
  ctx = shop.context()
  mug = market.product({ amount = 1000, stock = 1 })
  buyers = { a = new_buyer(), b = new_buyer() }
end

local function rows(sql, params)
  return db.built(sql):many(params)
end

-- The provider: what it was asked by key, what it did, and the events that it will send. All plain
-- data, copied for each branch.
local function copy(value)
  if type(value) ~= "table" then return value end
  local twin = {}
  for name, inner in pairs(value) do twin[name] = copy(inner) end
  return twin
end

local function provider_do(world, operation, outcome, key)
  local done = world.done[key]
  if done then return done end
  local number = #world.events + 1
  done = { kind = operation.kind, result = outcome, ref = "r" .. number, amount = operation.amount, reference = operation.reference }
  world.done[key] = done
  world.events[number] = { id = "e" .. number, left = world.budget.deliveries, done = done }
  return done
end

local function answer(operation, done)
  return { key = operation.key, result = done.result, ref = done.ref, amount = done.amount }
end

local function pending()
  return rows([[SELECT o.key, o.kind, o.amount, o.attempts, p.reference FROM payment_operations AS o
    JOIN payments AS p ON p.id = o.payment_id WHERE o.state = 'pending' ORDER BY o.key]])
end

local function spend(world, name)
  world.budget[name] = world.budget[name] - 1
end

-- --- what may happen next: name -> function(world) ----------------------------------------------

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

local function add_sends(world, actions, mistakes)
  for _, operation in ipairs(pending()) do
    local key = mistakes.new_key and operation.key .. "#" .. operation.attempts or operation.key
    local outcomes = operation.kind == "refund" and { "refunded" } or operation.kind == "void" and { "voided" } or { "captured" }
    if operation.kind == "authorize" and world.budget.decline > 0 and not world.done[key] then outcomes[2] = "failed" end
    for _, outcome in ipairs(outcomes) do
      actions["answer " .. operation.key .. " " .. outcome] = function(next)
        if outcome == "failed" then spend(next, "decline") end
        local done = provider_do(next, operation, outcome, key)
        if mistakes.ignore_answers then
          next.ignored = true
          return
        end
        assert(command.run("payment.op_result", answer(operation, done)))
      end
      if world.budget.lost > 0 and not mistakes.ignore_answers then
        actions["lose " .. operation.key .. " " .. outcome] = function(next)
          spend(next, "lost")
          if outcome == "failed" then spend(next, "decline") end
          provider_do(next, operation, outcome, key)
          assert(command.run("payment.op_result", { key = operation.key, result = "retry", error = "timeout" }))
        end
      end
    end
  end
end

local function add_events(world, actions, mistakes)
  if mistakes.ignore_answers then return end
  for i, event in ipairs(world.events) do
    if event.left > 0 then
      actions["event " .. event.id] = function(next)
        local copied = next.events[i]
        copied.left = copied.left - 1
        local done = copied.done
        market.tell({ id = event.id, payment_id = done.reference, result = done.result, ref = done.ref, amount = done.amount },
          mistakes.no_inbox and event.id .. "#" .. copied.left or event.id)
      end
    end
  end
end

local function add_others(world, actions)
  if world.budget.dispute > 0 then
    for key, done in pairs(world.done) do
      if done.kind == "authorize" and done.result == "captured" and not world.disputed then
        actions["dispute " .. key] = function(next)
          spend(next, "dispute")
          next.disputed = done.reference
          local number = #next.events + 1
          next.events[number] = { id = "e" .. number, left = 1,
            done = { kind = "dispute", result = "disputed", ref = "d1", amount = done.amount, reference = done.reference } }
        end
      end
    end
  end
  if world.budget.expire > 0 then
    actions.expire = function(next)
      spend(next, "expire")
      next.now = next.now + 31 * MINUTE
      clock.set_fake(next.now)
      assert(command.run("order.expire", {}))
    end
  end
  for _, row in ipairs(rows("SELECT id, cart_id, state, cancelled_by FROM orders")) do
    if row.state ~= "cancelled" and row.state ~= "completed" and world.budget.cancel > 0 then
      actions["cancel " .. row.id] = function(next)
        spend(next, "cancel")
        assert(command.run("order.cancel", { id = row.id, by = "merchant" }))
      end
    elseif row.cancelled_by == "payment" and not world.reopened[row.id] then
      actions["reopen " .. row.id] = function(next)
        next.reopened[row.id] = true
        assert(command.run("cart.reopen", { order_id = row.id }))
      end
    end
  end
end

local function actions_of(world, mistakes)
  local actions = {}
  add_clicks(world, actions)
  add_sends(world, actions, mistakes)
  add_events(world, actions, mistakes)
  add_others(world, actions)
  return actions
end

-- --- what must always be true ---------------------------------------------------------------------

-- What the provider has of ours for one payment: captured, given back, taken by a dispute.
local function provider_sums(world, reference)
  local captured, refunded, charges = 0, 0, 0
  for _, done in pairs(world.done) do
    if done.reference == reference then
      if done.kind == "authorize" and done.result == "captured" then
        captured, charges = captured + done.amount, charges + 1
      elseif done.kind == "refund" and done.result == "refunded" then
        refunded = refunded + done.amount
      end
    end
  end
  return captured, refunded, world.disputed == reference and captured or 0, charges
end

local function check_always(world)
  -- The planted mistake without a unique cart numbers its orders past 1000: they are of one cart still.
  for _, row in ipairs(rows("SELECT count(*) AS live FROM orders WHERE state <> 'cancelled' GROUP BY cart_id % 1000")) do
    if row.live > 1 then return "a cart has " .. row.live .. " live orders" end
  end
  local stock = rows("SELECT balance, held FROM accounts WHERE kind = 'stock'")[1]
  local sold = rows("SELECT coalesce(sum(quantity), 0) AS count FROM account_holds WHERE state = 'committed'")[1].count
  local held = rows("SELECT coalesce(sum(quantity), 0) AS count FROM account_holds WHERE state = 'held'")[1].count
  if stock.balance + sold ~= world.stock or stock.held ~= held or stock.balance - stock.held < 0 then
    return ("stock is not conserved: %d there, %d held, %d sold"):format(stock.balance, held, sold)
  end
  for _, row in ipairs(rows("SELECT id, reference, captured_amount, refunded_amount FROM payments")) do
    local captured, refunded, _, charges = provider_sums(world, row.reference)
    if charges > 1 then return "charged twice" end
    if refunded > captured then return "more was given back than taken" end
    if row.captured_amount > captured then return "we believe in more money than there is" end
  end
end

-- Nothing is under way any more: everybody has what is theirs.
local function check_rest(world)
  for _, row in ipairs(rows("SELECT id, state, payment_state, total_amount FROM orders")) do
    local kept = 0
    for _, paid in ipairs(rows("SELECT reference FROM payments WHERE order_id = :id", { id = row.id })) do
      local captured, refunded, disputed = provider_sums(world, paid.reference)
      kept = kept + captured - refunded - disputed
    end
    local is_disputed = world.disputed ~= nil
    if row.state == "cancelled" and kept > 0 then return "a cancelled order kept " .. kept end
    if row.state == "confirmed" and kept ~= row.total_amount and not is_disputed then return "a confirmed order kept " .. kept end
    if row.state == "placed" then return "an order is stuck" end
    if row.state == "cancelled" and kept < 0 and not is_disputed then return "a cancelled order lost " .. -kept end
  end
end

-- All that is still under way comes to its end, the way it does when nobody does anything any more.
local function settle_down(world, mistakes)
  for _ = 1, 12 do
    for _, operation in ipairs(mistakes.ignore_answers and {} or pending()) do
      local outcome = operation.kind == "refund" and "refunded" or operation.kind == "void" and "voided" or "captured"
      local key = mistakes.new_key and operation.key .. "#" .. operation.attempts or operation.key
      assert(command.run("payment.op_result", answer(operation, provider_do(world, operation, outcome, key))))
    end
    local actions = {}
    add_events(world, actions, mistakes)
    for _, act in pairs(actions) do act(world) end
    world.now = world.now + 31 * MINUTE
    clock.set_fake(world.now)
    assert(command.run("order.expire", {}))
  end
end

local function signature(world)
  local parts = {}
  local function add(sql)
    for _, row in ipairs(rows(sql)) do parts[#parts + 1] = row.line end
  end
  add([[SELECT id || cart_id || state || payment_state || coalesce(cancelled_by, '') AS line FROM orders ORDER BY id]])
  add([[SELECT id || state || captured_amount || '/' || refunded_amount || '/' || disputed_amount AS line FROM payments ORDER BY id]])
  add([[SELECT key || state || min(attempts, 2) AS line FROM payment_operations GROUP BY key ORDER BY key]])
  add([[SELECT provider_ref || state AS line FROM refunds WHERE provider_ref IS NOT NULL ORDER BY id]])
  add([[SELECT balance || '/' || held AS line FROM accounts ORDER BY id]])
  add([[SELECT id || state AS line FROM carts ORDER BY id]])
  local names = {}
  for name, left in pairs(world.budget) do names[#names + 1] = name .. left end
  for key, done in pairs(world.done) do names[#names + 1] = key .. done.result end
  for _, event in ipairs(world.events) do names[#names + 1] = event.id .. event.left .. event.done.result end
  for id in pairs(world.reopened) do names[#names + 1] = "reopened" .. id end
  table.sort(names)
  return table.concat(parts, "|") .. "#" .. table.concat(names, "|") .. world.now .. tostring(world.disputed)
end

--- Walks all that may happen within a budget.
---@return { states: integer, problem?: string, path?: string[] }
local function explore(budget, mistakes, limit)
  local seen, report, path = {}, { states = 0 }, {}
  local function fail(problem)
    report.problem, report.path = problem, table.move(path, 1, #path, 1, {})
  end
  local function visit(world)
    if report.problem or report.states >= limit then return end
    local name = signature(world)
    if seen[name] then return end
    seen[name] = true
    report.states = report.states + 1
    local problem = check_always(world)
    if problem then return fail(problem) end
    local depth = "step" .. #path
    conn:savepoint(depth)
    local ended = copy(world)
    settle_down(ended, mistakes)
    problem = check_always(ended) or check_rest(ended)
    conn:rollback_to(depth)
    clock.set_fake(world.now)
    if problem then
      conn:release(depth)
      return fail(problem .. " (at rest)")
    end
    local names, actions = {}, actions_of(world, mistakes)
    for action in pairs(actions) do names[#names + 1] = action end
    table.sort(names)
    for _, action in ipairs(names) do
      local next = copy(world)
      path[#path + 1] = action
      actions[action](next)
      visit(next)
      path[#path] = nil
      conn:rollback_to(depth)
      clock.set_fake(world.now)
    end
    conn:release(depth)
  end
  open_world()
  conn:begin()
  visit({ now = START, stock = mistakes.many_orders and 2 or 1, budget = budget, done = {}, events = {}, reopened = {} })
  conn:rollback()
  return report
end

local function budget(more)
  local all = { click_a = 1, click_b = 1, lost = 1, deliveries = 1, decline = 0, dispute = 0, expire = 1, cancel = 0 }
  for name, count in pairs(more or {}) do all[name] = count end
  return all
end

local function told(report)
  return report.problem and report.problem .. ": " .. table.concat(report.path, ", ")
end

local LIMIT <const> = math.tointeger(os.getenv("MERX_SAGA_STATES") or 400)

test.group("every interleaving", function()
  local worlds = {
    ["of double clicks, lost answers and double webhooks"] = budget({ click_a = 2, click_b = 0, deliveries = 2, expire = 0 }),
    ["of a competing buyer and an expiry"] = budget({}),
    ["of a decline and another try"] = budget({ click_a = 2, click_b = 0, decline = 1, expire = 0 }),
    ["of a merchant's cancel with a charge in flight"] = budget({ click_b = 0, cancel = 1 }),
    ["of a dispute"] = budget({ click_b = 0, lost = 0, dispute = 1, cancel = 1, expire = 0 }),
    ["of all at once"] = budget({ click_a = 3, lost = 2, deliveries = 2, decline = 1, dispute = 1, cancel = 1 }),
  }
  for name, given in pairs(worlds) do
    test.case(name .. " ends with the right money and goods", function()
      local report = explore(given, {}, LIMIT)
      test.equal(told(report), nil)
      test.truthy(report.states > 20)
    end)
  end
end)

-- Runs with a part of the engine replaced by one that has a known mistake.
local function with(target, name, replacement, body)
  local original = target[name]
  target[name] = replacement(original)
  local ok, problem = pcall(body)
  target[name] = original
  if not ok then error(problem, 0) end
end

test.group("planted mistakes are found", function()
  local function finds(given, mistakes)
    local report = explore(given, mistakes or {}, 2000)
    test.truthy(report.problem, "the mistake was not found in " .. report.states .. " states")
  end

  test.case("no unique cart: a second click makes a second order", function()
    with(db, "one", function(original)
      return function(name, params)
        if name == "order_of_cart" then return nil end
        local row = original(name, params)
        if row and (name == "order_place_cart" or name == "cart_by_token") then row.state = "open" end
        return row
      end
    end, function()
      with(db, "run", function(original)
        return function(name, params)
          if name == "order_insert" then params.cart_id = params.cart_id + 1000 * #rows("SELECT id FROM orders") end
          return original(name, params)
        end
      end, function()
        with(market, "product", function(make)
          return function(more)
            more.stock = 2
            return make(more)
          end
        end, function() finds(budget({ click_a = 2, click_b = 0, lost = 0, expire = 0 }), { many_orders = true }) end)
      end)
    end)
  end)

  test.case("a new key on each try", function()
    finds(budget({ click_b = 0, expire = 0 }), { new_key = true })
  end)

  test.case("answers that nobody reads", function()
    finds(budget({ click_b = 0, lost = 0 }), { ignore_answers = true })
  end)

  test.case("webhooks that are added up", function()
    with(notes, "is_too_much", function() return function() return false end end, function()
      with(db, "run", function(original)
        local count = 0
        return function(name, params)
          if name == "capture_insert" then
            count = count + 1
            params.provider_ref = params.provider_ref .. count
          end
          return original(name, params)
        end
      end, function() finds(budget({ click_b = 0, deliveries = 2, expire = 0 }), { no_inbox = true }) end)
    end)
  end)

  test.case("a refund of the order instead of what this payment kept", function()
    with(payment, "refundable", function()
      return function(row)
        local refunds = rows("SELECT id FROM refunds WHERE payment_id = :id", { id = row.id })
        return row.captured_amount > 0 and #refunds < 2 and TOTAL or 0
      end
    end, function() finds(budget({ click_b = 0, cancel = 1, expire = 0, lost = 0, deliveries = 2 })) end)
  end)

  test.case("an expiry that does not look for a charge in flight, and a late answer that nobody hears", function()
    with(payment, "has_open_operations", function()
      return function() return false end
    end, function()
      with(payment, "refund", function()
        return function() return 0 end
      end, function() finds(budget({ lost = 0 })) end)
    end)
  end)
end)
