--- The failure table: at each extension point that a quote asks, a handler that throws, loops, lies, answers what is
--- malformed or half wrong, or eats memory has no say; the shopper never meets an error, and nobody pays a total unseen.
local test = require("support.test")
local shop = require("support.shop")
shop.open()
local market = require("support.market")
local breaker = require("kernel.plugins.breaker")
local calls = require("kernel.plugins.calls")
local cart = require("domain.cart")
local checkout = require("domain.checkout")
local clock = require("native.clock")
local command = require("kernel.command")
local db = require("kernel.db")
local fs = require("native.fs")
local json = require("native.json")
local log = require("kernel.log")
local native = require("native.plugin")
local plugins = require("kernel.plugins")
local points = require("kernel.points")
require("domain.listings")

-- What a handler of each point answers when it is well; `bad` breaks its contract.
local POINTS <const> = {
  { point = "price_rule", place = "price_rules", good = "{ op = 'set_unit', line = input.lines[1].id, amount = 900 }",
    bad = "{ op = 'set_unit', line = input.lines[1].id, amount = 9.5 }", policy = "skip" },
  { point = "promotion_condition", place = "promotion_conditions", is_answer = true, good = "true", policy = "skip" },
  { point = "promotion_action", place = "promotion_actions", good = "{ op = 'off_order', amount = 100 }",
    bad = "{ op = 'off_order', amount = -100 }", policy = "skip" },
  { point = "delivery_method", place = "delivery_methods", good = "{ op = 'rate', id = 'std', amount = 100 }",
    bad = "{ op = 'rate', id = 'std', amount = 0 / 0 }", policy = "omit" },
  { point = "payment_method", place = "payment_methods", good = "{ op = 'offer', fee = 100 }",
    bad = "{ op = 'offer', fee = 1e300 }", policy = "omit", more = { flow = "offline" } },
  { point = "fee_rule", place = "fee_rules", good = "{ op = 'fee', id = 'f', amount = 100 }",
    bad = "{ op = 'fee', id = 'f', amount = '100' }", policy = "skip" },
  { point = "tax_provider", place = "tax_providers", good = "{ op = 'tax', target = input.lines[1].id, rate = 'r', ppm = 70000, included = true }",
    bad = "{ op = 'tax', target = 'nothing', rate = 'r', ppm = 70000 }", policy = "estimate" },
  { point = "tender_rule", place = "tender_rules", good = "{ op = 'tender', account = { kind = 'acme.faulty.card' }, amount = 1 }",
    bad = "{ op = 'tender', account = { kind = 'acme.faulty.card' }, amount = math.mininteger }", policy = "skip" },
  { point = "cart_validator", place = "cart_validators", good = "{ op = 'block', message = 'no' }", bad = "{ op = 'block' }", policy = "block" },
  { point = "payment_filter", place = "payment_filters", good = "{ op = 'remove', method = 'test.plugin/card' }",
    bad = "{ op = 'remove', method = {} }", policy = "block" },
}

-- Each makes of what is right what is wrong. GOOD and BAD are written in.
local FAULTS <const> = {
  { name = "throws", body = "error('boom')", says = "boom" },
  { name = "throws a table", body = "error({})", says = "an error that is a table" },
  { name = "loops", body = "while true do end", says = "budget" },
  { name = "loops behind pcall", body = "while true do pcall(function() while true do end end) end", says = "budget" },
  { name = "eats memory", body = "local s = 'x' while true do s = s .. s end", says = "memory" },
  { name = "answers a function", body = "return { function() end }", says = "is a function" },
  { name = "answers itself", body = "local t = {} t[1] = t return t", says = "nested too deep" },
  { name = "answers a number", body = "return 5" },
  { name = "answers a text", body = "return 'yes'" },
  { name = "answers another point's operation", body = "return { { op = 'set_total', amount = 1 } }" },
  { name = "answers an operation without a name", body = "return { { amount = 1 } }" },
  { name = "answers an operation instead of a list", body = "return GOOD", is_for_lists = true },
  { name = "answers a malformed operation", body = "return { BAD }", is_for_lists = true },
  { name = "is half wrong", body = "return { GOOD, BAD }", is_for_lists = true },
  { name = "is half wrong, the other half", body = "return { BAD, GOOD }", is_for_lists = true },
  { name = "leaves a hole", body = "return { [1] = GOOD, [3] = GOOD }", is_for_lists = true },
  { name = "answers thousands of operations", body = "local ops = {} for i = 1, 3000 do ops[i] = GOOD end return ops", is_for_lists = true },
  { name = "gives a reason that is no text", body = "local op = GOOD op.reason = { 'x', n = 0 / 0 } return { op }", is_for_lists = true },
  { name = "gives a reason that is not readable", body = "local op = GOOD op.reason = '\\xff\\xfe' return { op }", is_for_lists = true },
  { name = "gives a reason of a megabyte", body = "local op = GOOD op.reason = { 'x', a = ('x'):rep(100000) } return { op }", is_for_lists = true },
  { name = "gives a reason of many parts", body = "local op = GOOD op.reason = { 'x' } for i = 1, 500 do op.reason['a' .. i] = i end return { op }", is_for_lists = true },
  { name = "keeps something", source = "local n = 0 return { f = function(input) n = n + 1 return WELL end }", says = "keeps n" },
  { name = "does not load", source = "error('not today')", says = "not today" },
  { name = "is no Lua", source = "return {", says = "expected" },
  { name = "is not there", source = "return {}", says = "no handler" },
}

local function fill(text, about)
  local function put(word, by)
    text = text:gsub("%f[%u]" .. word .. "%f[%U]", (by:gsub("%%", "%%%%")))
  end
  put("WELL", about.is_answer and about.good or "{ " .. about.good .. " }")
  put("GOOD", about.good)
  put("BAD", about.bad or "")
  return text
end

local function source_of(about, fault)
  return fill(fault.source or ("return { f = function(input) " .. fault.body .. " end }"), about)
end

local function manifest_of(about, more)
  local entry = { id = "x", handler = "m:f", input = json.array({ "lines[].id" }) }
  for name, value in pairs(about.more or {}) do entry[name] = value end
  for name, value in pairs(more or {}) do entry[name] = value end
  return json.encode({
    manifest = 1, id = "acme.faulty", version = "1.0.0", name = "Faulty", license = "MIT", description = "Fails.",
    engine = ">=0.1 <1", api = { [about.point] = 1 }, contributes = { [about.place] = json.array({ entry }) },
    capabilities = { accounts = json.array({ "acme.faulty.card" }) },
  })
end

-- The handler of a plugin that is read from the disk as any other.
local function handler_of(about, source, more)
  local folder = test.folder()
  assert(fs.mkdir(folder .. "/acme.faulty"))
  assert(fs.mkdir(folder .. "/acme.faulty/src"))
  assert(fs.write(folder .. "/acme.faulty/plugin.json", manifest_of(about, more)))
  assert(fs.write(folder .. "/acme.faulty/src/m.lua", source))
  plugins.load({ { path = folder, bundled = false } })
  local plugin = plugins.list()[1]
  test.equal(plugin.problem, nil)
  return test.truthy(points.handlers(about.point)[1]), plugin
end

local function new_cart(ctx)
  local result = assert(command.run("cart.add", {
    channel_id = ctx.channel.id, currency = ctx.currency, locale = ctx.locale, variant_id = market.product({ amount = 1000 }), quantity = 1,
  }))
  local token = cart.find_by_id(result.id).token
  assert(command.run("cart.set_address", { cart = token, delivery = market.address, email = "ada@example.com" }))
  assert(command.run("cart.choose_delivery", { cart = token, choice = "test.plugin/parcel:std" }))
  assert(command.run("cart.choose_payment", { cart = token, choice = "test.plugin/cash" }))
  return token
end

local promotions = 0

-- Promotions are asked because the merchant made a rule of them.
local function make_rule(about, more)
  promotions = promotions + 1
  local rule = {
    handle = "faulty-" .. promotions, title = "Faulty", level = "order", conditions = json.array(), action = { handler = "acme.faulty/x" }, is_enabled = true,
  }
  if about.point == "promotion_condition" then
    rule.conditions, rule.action = { { handler = "acme.faulty/x" } }, { handler = "test.plugin/ten" }
  end
  for name, value in pairs(more or {}) do rule[name] = value end
  assert(command.run("promotion.create", rule))
end

local function open(about, handler, rule)
  local drafts = require("support.drafts")
  local ten = drafts.handler("promotion_action", function() return { { op = "off_order", amount = 10 } } end, { id = "test.plugin/ten" })
  market.open({ handler, ten })
  for _, old in ipairs(db.many("promotions_enabled")) do
    assert(command.run("promotion.update", { id = old.id, is_enabled = false }))
  end
  if about.point:find("^promotion") then make_rule(about, rule) end
  return shop.context()
end

local function quote_of(ctx, token)
  return cart.quote(ctx, cart.find(token))
end

local function complete(ctx, token)
  return checkout.complete(ctx, token, quote_of(ctx, token).hash)
end

-- Runs `body` and gives the warnings that were logged meanwhile.
local function with_log(body)
  local written, real = {}, log.warn
  log.warn = function(message, fields) written[#written + 1] = { message = message, fields = fields } end
  local ok, problem = xpcall(body, debug.traceback)
  log.warn = real
  if not ok then error(problem, 0) end
  return written
end

local function names(written, handler)
  for _, entry in ipairs(written) do
    if entry.fields and entry.fields.plugin == "acme.faulty" and entry.fields.handler == handler then return entry.fields end
  end
end

-- What the table of plugins.md says of the quote and of the order, for each policy.
local function check_outcome(about, quote, order, err)
  test.equal(quote.total, 1490)
  if about.policy == "block" then
    test.fails("checkout.incomplete", order, err)
    test.equal(err.data and err.data.problems and err.data.problems[1].code or quote.problems[1].code, "quote.cannot_check")
  else
    test.truthy(order, err and err.message)
  end
  for _, rate in ipairs(quote.rates) do test.truthy(not rate.id:find("acme.faulty", 1, true)) end
  for _, method in ipairs(quote.methods) do test.truthy(not method.id:find("acme.faulty", 1, true)) end
end

local function run_fault(about, fault)
  local handler, plugin = handler_of(about, source_of(about, fault))
  local ctx, quote, order, err
  local written = with_log(function()
    ctx = open(about, handler)
    local token = new_cart(ctx)
    quote = quote_of(ctx, token)
    order, err = complete(ctx, token)
  end)
  local issue = test.truthy(quote.issues[1], "the quote names no issue")
  test.equal({ issue.plugin, issue.handler, issue.policy }, { "acme.faulty", "acme.faulty/x", about.policy })
  if fault.says then test.contains(issue.problem, fault.says) end
  check_outcome(about, quote, order, err)
  local logged = test.truthy(names(written, "acme.faulty/x"), "the log does not name it")
  if fault.says then test.contains(logged.error, fault.says) end
  test.truthy(plugin.errors > 0)
  test.truthy(plugin.last_error)
end

for _, about in ipairs(POINTS) do
  test.group("a " .. about.point .. " that", function()
    for _, fault in ipairs(FAULTS) do
      if not (fault.is_for_lists and about.is_answer) then
        test.case(fault.name, function() run_fault(about, fault) end)
      end
    end

    test.case("answers as it should is heard", function()
      local handler, plugin = handler_of(about, source_of(about, { source = "return { f = function(input) return WELL end }" }))
      local ctx = open(about, handler)
      local quote = quote_of(ctx, new_cart(ctx))
      test.equal({ quote.issues, plugin.errors }, { {}, 0 })
    end)
  end)
end

test.group("nobody pays a total that was not seen:", function()
  local changed = { "price_rule", "promotion_action", "promotion_condition", "fee_rule" }
  for _, about in ipairs(POINTS) do
    for _, point in ipairs(changed) do
      if point == about.point then
        test.case("a " .. point .. " that fails only when the order is placed", function()
          local good = handler_of(about, source_of(about, { source = "return { f = function(input) return WELL end }" }))
          local ctx = open(about, good)
          local token = new_cart(ctx)
          local seen = quote_of(ctx, token)
          test.truthy(seen.total ~= 1490)
          local broken = handler_of(about, source_of(about, { body = "error('boom')" }))
          local drafts = require("support.drafts")
          market.open({ broken, drafts.handler("promotion_action", function() return { { op = "off_order", amount = 10 } } end, { id = "test.plugin/ten" }) })
          test.fails("quote_changed", checkout.complete(ctx, token, seen.hash))
        end)
      end
    end
  end

  test.case("the chosen delivery is gone: choose again", function()
    local about = POINTS[4]
    local ctx = open(about, (handler_of(about, source_of(about, { source = "return { f = function(input) return WELL end }" }))))
    local token = new_cart(ctx)
    assert(command.run("cart.choose_delivery", { cart = token, choice = "acme.faulty/x:std" }))
    local seen = quote_of(ctx, token)
    test.equal(seen.delivery.id, "acme.faulty/x:std")
    market.open({ (handler_of(about, source_of(about, { body = "error('boom')" }))) })
    test.equal(quote_of(ctx, token).delivery_problem, "delivery.choose_again")
    local order = checkout.complete(ctx, token, seen.hash)
    test.equal(order, nil)
  end)

  test.case("without any tax provider there is no order", function()
    local about = POINTS[7]
    local broken = handler_of(about, source_of(about, { body = "error('boom')" }))
    local ctx = open(about, broken)
    local rest = {}
    for _, list in pairs(points.all()) do
      for _, handler in ipairs(list) do
        if handler.point ~= "tax_provider" or handler == broken then rest[#rest + 1] = handler end
      end
    end
    assert(points.set(rest))
    local token = new_cart(ctx)
    local quote = quote_of(ctx, token)
    test.truthy(quote.is_estimate)
    test.fails("checkout.incomplete", complete(ctx, token))
  end)

  for _, about in ipairs({ POINTS[1], POINTS[6] }) do
    test.case("a " .. about.point .. " whose manifest insists: no order without it", function()
      local handler = handler_of(about, source_of(about, { body = "error('boom')" }), { on_error = "block" })
      local ctx = open(about, handler)
      local token = new_cart(ctx)
      test.equal(quote_of(ctx, token).blocks[1].code, "quote.cannot_check")
      test.fails("checkout.incomplete", complete(ctx, token))
    end)
  end

  test.case("a promotion whose rule insists: no order without it", function()
    local about = POINTS[3]
    local ctx = open(about, (handler_of(about, source_of(about, { body = "error('boom')" }))), { on_error = "block" })
    local token = new_cart(ctx)
    test.equal(quote_of(ctx, token).blocks[1].code, "quote.cannot_check")
    test.fails("checkout.incomplete", complete(ctx, token))
  end)
end)

test.group("amounts at the edge", function()
  -- Each answer keeps to its contract; together they pass what 64 bits hold, or what a shop can mean.
  local huge = {
    price_rule = "{ { op = 'set_unit', line = input.lines[1].id, amount = 1000000000000000, pieces = 1 } }",
    delivery_method = "{ { op = 'rate', id = 'a', amount = 1000000000000000 } }",
    fee_rule = "(function() local ops = {} for i = 1, 60 do ops[i] = { op = 'fee', id = 'f' .. i, amount = 1000000000000000 } end return ops end)()",
    tax_provider = "{ { op = 'tax', target = input.lines[1].id, rate = 'r', ppm = 10000000, amount = 1000000000000000 } }",
    promotion_action = "{ { op = 'off_order', amount = 1000000000000000 }, { op = 'off_line', line = input.lines[1].id, ppm = 1000000 } }",
  }
  for _, about in ipairs(POINTS) do
    local answer = huge[about.point]
    if answer then
      test.case("a " .. about.point .. " with the largest never breaks a quote or an order", function()
        local handler = handler_of(about, "return { f = function(input) return " .. answer .. " end }")
        local ctx = open(about, handler)
        local token = new_cart(ctx)
        for _, quantity in ipairs({ 1, 999, 100000 }) do
          local line = quote_of(ctx, token).lines[1]
          command.run("cart.set_quantity", { cart = token, key = line.id, quantity = quantity })
          local quote = quote_of(ctx, token)
          test.truthy(quote.total >= 0 and math.type(quote.total) == "integer")
        end
        local order, err = complete(ctx, token)
        test.truthy(order or err.code)
      end)
    end
  end
end)

test.group("the breaker", function()
  local SECOND <const> = 1000000000

  -- A handler that is asked with another input each time, as answers are remembered.
  local function open_counter(body)
    local about = POINTS[1]
    local handler, plugin = handler_of(about, "return { f = function(input) " .. body .. " end }")
    local n, now = 0, 1000 * SECOND
    local real = clock.mono
    local function ask(good)
      n = n + 1
      clock.mono = function() return now end
      local _, err = handler.call({ lines = { { id = good and "good" .. n or "bad" .. n } } }, {})
      clock.mono = real
      return err and err.code or "fine"
    end
    return ask, function(seconds) now = now + seconds * SECOND end, plugin
  end

  local BODY <const> = "if input.lines[1].id:find('bad') then error('boom') end return {}"

  test.case("opens after five failures that are half of the calls, and says so", function()
    local ask, _, plugin = open_counter(BODY)
    for _ = 1, 5 do test.equal(ask(false), "plugin.error") end
    test.equal(ask(false), "plugin.paused")
    test.equal(ask(true), "plugin.paused")
    test.equal(plugin.errors, 5)
  end)

  test.case("stays closed while less than half fail", function()
    local ask = open_counter(BODY)
    test.equal(ask(false), "plugin.error")
    for _ = 1, 20 do
      test.equal(ask(true), "fine")
      test.equal(ask(true), "fine")
      test.equal(ask(false), "plugin.error")
    end
  end)

  -- How many calls are answered until it rests, when one of so many is stopped at the end of its time; nil: it does not.
  local function calls_until_rest(one_of)
    local guard, now, real = breaker.new(), 1000 * SECOND, clock.mono
    local rested
    clock.mono = function() return now end
    for i = 1, 500 do
      rested = rested or not guard:allows() and i - 1 or nil
      guard:note(i % one_of ~= 0, i % one_of == 0)
    end
    clock.mono = real
    return rested
  end

  test.case("opens when a tenth of the calls take all their time, for which others wait", function()
    test.equal(calls_until_rest(3), 15)
    test.equal(calls_until_rest(10), 50)
    test.equal(calls_until_rest(20), nil)
  end)

  test.case("tells a view that loops at each third call from a rule that does, which is stopped early", function()
    local SOURCE <const> = "return { f = function(input) while input.n % 3 == 0 do end return {} end }"
    for kind, expected in pairs({ view = "paused", pure = "stopped" }) do
      local folder = test.folder()
      assert(fs.mkdir(folder .. "/src"))
      assert(fs.write(folder .. "/src/m.lua", SOURCE))
      local plugin, last = { id = "acme.sly", root = folder, calls = 0, errors = 0 }, nil
      local state <close> = assert(native.open({ id = plugin.id, root = folder, memory = 16 * 1024 * 1024 }))
      local made = calls.make(plugin, { id = "acme.sly/x", kind = kind, name = "m:f" }, function() return state end)
      for n = 1, 18 do
        local _, err = made.call({ n = n }, {})
        last = err and err.code == "plugin.paused" and "paused" or err and "stopped" or "fine"
      end
      test.equal(last, expected, kind)
    end
  end)

  test.case("counts a minute, not a day", function()
    local ask, wait = open_counter(BODY)
    for _ = 1, 20 do
      for _ = 1, 4 do test.equal(ask(false), "plugin.error") end
      wait(61)
    end
  end)

  test.case("tries once after half a minute: well again", function()
    local ask, wait = open_counter(BODY)
    for _ = 1, 5 do ask(false) end
    wait(29)
    test.equal(ask(true), "plugin.paused")
    wait(2)
    test.equal(ask(true), "fine")
    for _ = 1, 4 do test.equal(ask(false), "plugin.error") end
    test.equal(ask(true), "fine")
  end)

  test.case("tries once after half a minute: what it answers is still of no use", function()
    local guard, now, real = breaker.new(), 1000 * SECOND, clock.mono
    clock.mono = function() return now end
    local function answer_nonsense()
      if not guard:allows() then return "paused" end
      guard:note(true)
      guard:retract()
      return "asked"
    end
    local heard = {}
    for i = 1, 7 do heard[i] = answer_nonsense() end
    now = now + 31 * SECOND
    for i = 8, 10 do heard[i] = answer_nonsense() end
    clock.mono = real
    test.equal(heard, { "asked", "asked", "asked", "asked", "asked", "paused", "paused", "asked", "paused", "paused" })
  end)

  test.case("tries once after half a minute: not well yet", function()
    local ask, wait = open_counter(BODY)
    for _ = 1, 5 do ask(false) end
    for _ = 1, 3 do
      wait(31)
      test.equal(ask(false), "plugin.error")
      test.equal(ask(true), "plugin.paused")
    end
  end)
end)
