-- The laws of the quote, on made-up carts, rules and policies.
local test = require("support.test")
local drafts = require("support.drafts")
local evaluate = require("domain.quote.evaluate")
local explain = require("domain.quote.explain")

local POLICIES <const> = {
  discount_level = { "unit", "line", "order" }, tax_level = { "unit", "line", "rate" },
  mode = { "half-up", "half-even", "half-down" }, delivery_tax = { "fixed", "highest", "proportional" },
}

local function any_policy(any)
  local policy = {}
  for name, values in pairs(POLICIES) do policy[name] = any.one_of(values) end
  return policy
end

local function any_lines(any)
  local lines = {}
  for i = 1, any.integer(1, 6) do
    lines[i] = drafts.line(any.integer(0, 100000), any.integer(1, 30), {
      tax_class = any.one_of({ "standard", "reduced" }), ships = any.boolean(), is_gift_card = any.integer(0, 9) == 0,
      list_pieces = any.one_of({ 1, 1, 1, 10 }),
    })
  end
  return lines
end

-- A percentage, a sum off the order, free delivery, a fee, two tax rates: whatever may meet.
local function any_handlers(any)
  local handlers, rules = { drafts.rate(any.integer(0, 2000)) }, {}
  local function promote(level, op)
    local action, rule = drafts.promotion(level, function() return { op } end,
      { combine = any.one_of({ "all", "all", "best", "exclusive" }) })
    handlers[#handlers + 1], rules[#rules + 1] = action, rule
  end
  local action, rule = drafts.percent(any.integer(0, 1000000))
  handlers[#handlers + 1], rules[#rules + 1] = action, rule
  promote("order", { op = "off_order", amount = any.integer(0, 50000) })
  promote("order", { op = "off_order", ppm = any.integer(0, 1000000) })
  promote("delivery", { op = "off_delivery", ppm = any.integer(0, 1000000) })
  handlers[#handlers + 1] = drafts.handler("fee_rule", function() return { { op = "fee", id = "f", amount = any and 150 } } end)
  local high, low = any.integer(0, 270000), any.integer(0, 120000)
  handlers[#handlers + 1] = drafts.handler("tax_provider", function(input)
    local ops = {}
    local function add(target, class)
      local ppm = class == "reduced" and low or high
      ops[#ops + 1] = { op = "tax", target = target, rate = class or "standard", ppm = ppm }
    end
    for _, line in ipairs(input.lines) do add(line.id, line.tax_class) end
    if input.delivery then add("delivery") end
    for _, fee in ipairs(input.fees or {}) do add(fee.target) end
    return ops
  end)
  return handlers, rules
end

local function any_case(any)
  local handlers, rules = any_handlers(any)
  local given = drafts.draft(any_lines(any), { policy = any_policy(any), is_tax_included = any.boolean() })
  return given, handlers, { now = 0, rules = rules }
end

local function shown(quote)
  local sum = quote.added_tax
  for _, line in ipairs(quote.lines) do sum = sum + line.total end
  for _, fee in ipairs(quote.fees) do sum = sum + fee.total end
  return sum + (quote.delivery and quote.delivery.total or 0)
end

test.group("laws", function()
  test.property("the lines shown are the total, and the ledger explains it", function(any)
    local quote = evaluate.run(any_case(any))
    test.equal(shown(quote), quote.total)
    local sum = quote.list
    for _, entry in ipairs(quote.ledger) do sum = sum + entry.delta end
    test.equal(sum, quote.total)
    test.equal(quote.issues, {})
  end, 300)

  test.property("nothing is below zero, and nothing more than it cost is taken off", function(any)
    local quote = evaluate.run(any_case(any))
    test.truthy(quote.total >= 0 and quote.tax >= 0)
    for _, line in ipairs(quote.lines) do
      test.truthy(line.discount >= 0 and line.discount <= line.worth)
      if line.is_gift_card then test.equal({ line.discount, line.tax }, { 0, 0 }) end
      local sum = 0
      for _, part in ipairs(line.allocations) do sum = sum + part.amount end
      test.equal(sum, line.discount)
    end
  end, 300)

  test.property("evaluating twice gives the same, and changes nothing", function(any)
    local given, handlers, ctx = any_case(any)
    local before = #given.lines
    local first, second = evaluate.run(given, handlers, ctx), evaluate.run(given, handlers, ctx)
    test.equal(first.hash, second.hash)
    test.equal(first.ledger, second.ledger)
    test.equal(#given.lines, before)
    for _, line in ipairs(given.lines) do test.equal(line.discount, nil) end
  end)

  test.property("the order of lines does not matter", function(any)
    local given, handlers, ctx = any_case(any)
    local first = evaluate.run(given, handlers, ctx)
    local turned = {}
    for name, value in pairs(given) do turned[name] = value end
    turned.lines = {}
    for i = #given.lines, 1, -1 do turned.lines[#turned.lines + 1] = given.lines[i] end
    local second = evaluate.run(turned, handlers, ctx)
    test.equal({ second.total, second.tax, second.discount }, { first.total, first.tax, first.discount })
    local by_id = {}
    for _, line in ipairs(second.lines) do by_id[line.id] = line end
    for _, line in ipairs(first.lines) do
      test.equal({ by_id[line.id].total, by_id[line.id].tax }, { line.total, line.tax })
    end
  end)

  test.property("the order in which handlers are loaded does not matter", function(any)
    local given, handlers, ctx = any_case(any)
    local first = evaluate.run(given, handlers, ctx)
    local shuffled, rules = {}, {}
    for _, handler in ipairs(handlers) do table.insert(shuffled, any.integer(1, #shuffled + 1), handler) end
    for _, rule in ipairs(ctx.rules) do table.insert(rules, any.integer(1, #rules + 1), rule) end
    local second = evaluate.run(given, shuffled, { now = 0, rules = rules })
    test.equal(second.hash, first.hash)
    test.equal(second.ledger, first.ledger)
  end)

  test.property("added tax by rate satisfies EN 16931 (BR-CO-10, 13, 14, 15, 17)", function(any)
    local handlers = { drafts.tax(any.integer(0, 270000)) }
    local given = drafts.draft(any_lines(any), { policy = { tax_level = "rate", mode = "half-up" } })
    local quote = evaluate.run(given, handlers, { now = 0 })
    local net, tax, base, ppm = 0, 0, 0, 0
    for _, line in ipairs(quote.lines) do
      net = net + line.total
      for _, row in ipairs(line.taxes) do
        tax, base, ppm = tax + row.amount, base + row.base, row.ppm
      end
    end
    test.equal(net, quote.subtotal)
    test.equal(tax, quote.tax)
    test.equal(quote.total, net + tax)
    test.equal(tax, (base * ppm + 500000) // 1000000)
  end, 200)

  test.property("of an included tax, base and amount make the gross", function(any)
    local given = drafts.draft(any_lines(any), { policy = any_policy(any), is_tax_included = true })
    local quote = evaluate.run(given, { drafts.tax(any.integer(1, 270000)) }, { now = 0 })
    test.equal(quote.added_tax, 0)
    for _, line in ipairs(quote.lines) do
      local inside = 0
      for _, row in ipairs(line.taxes) do
        test.equal(row.base + row.amount, line.total)
        inside = inside + row.amount
      end
      test.equal(inside, line.tax)
    end
  end)
end)

local function issue(handler, lines)
  local quote = evaluate.run(drafts.draft(lines or { drafts.line(1000, 1) }), { handler }, { now = 0 })
  return quote.issues[1], quote
end

test.group("handlers that fail", function()
  local bad = {
    raises = function() error("boom") end,
    ["returns no list"] = function() return 5 end,
    ["names an unknown operation"] = function() return { { op = "set_total", amount = 1 } } end,
    ["names a line that is not there"] = function() return { { op = "set_unit", line = "nope", amount = 1 } } end,
    ["returns a fraction"] = function() return { { op = "set_unit", line = "l1", amount = 9.99 } } end,
    ["returns a negative price"] = function() return { { op = "set_unit", line = "l1", amount = -1 } } end,
    ["returns a price beyond all bounds"] = function() return { { op = "set_unit", line = "l1", amount = math.maxinteger } } end,
    ["says that it failed"] = function() return nil, { code = "plugin.budget", message = "too slow" } end,
  }
  for name, call in pairs(bad) do
    test.case("a price rule that " .. name .. " is skipped whole and named", function()
      local good_then_bad = function(input)
        local ops = call(input)
        if type(ops) == "table" then table.insert(ops, 1, { op = "set_unit", line = "l1", amount = 1 }) end
        return ops, select(2, call(input))
      end
      local found, quote = issue(drafts.handler("price_rule", good_then_bad))
      test.equal({ found.plugin, found.policy, quote.total }, { "test.plugin", "skip", 1000 })
    end)
  end

  test.case("are told the first fault of their answer, each in its words", function()
    local function set(amount) return { op = "set_unit", line = "l1", amount = amount } end
    local function many(count)
      local ops = {}
      for i = 1, count do ops[i] = set(i) end
      return ops
    end
    local most <const> = 1000000000000000
    local list <const> = "price_rule must return a list of operations, without other keys and without holes"
    local words = {
      { "x", "price_rule must return a list of operations" }, { { set(1), nil, set(1) }, list }, { { set(-1), more = set(1) }, list },
      { many(121), "price_rule returned 121 operations: more than 120 have no use" }, { { set(1), 7 }, "operation 2 has no `op`" },
      { { set(1), { op = "rate" } }, "the operation rate is not allowed in price_rule" }, { { set(-1), 7 }, "operation 1 (set_unit): amount must be 0 to 10^15, it is -1" },
      { { set(1), set(1.5) }, "operation 2 (set_unit): amount must be an integer, it is the float 1.5; `money` rounds as the engine does" },
      { { set(1), set(("x"):rep(1000)) }, "operation 2 (set_unit): amount must be an integer, it is a text of 1000 bytes" },
      { { set(most), set(1) }, nil }, { { set(most), {} }, "operation 2 has no `op`" },
    }
    for _, case in ipairs(words) do
      local found = issue(drafts.handler("price_rule", function() return case[1] end))
      test.equal(found and found.problem, case[2])
    end
    local sums = {}
    for i = 1, 12 do sums[i] = set(most) end
    sums[12] = 7
    local found = issue(drafts.handler("price_rule", function() return sums end))
    test.equal(found.problem, "operations 1 to 11 are amounts beyond all bounds")
    found = issue(drafts.handler("price_rule", function() return { set(most) } end), { drafts.line(1, 2) })
    test.equal(found.problem, "operation 1 (set_unit) is malformed", "two of these are beyond all bounds")
    local hold = { op = "hold", account = { kind = "acme.card" }, quantity = 1 }
    found = issue(drafts.handler("tender_rule", function() return { hold, 7 } end, { accounts = {} }))
    test.contains(found.problem, 'operation 1 (hold) touches accounts of the kind acme.card, which were not granted: add "accounts": ["acme.card"]')
  end)

  test.case("may say more than was asked: nobody reads it", function()
    local ops = { { op = "remove", method = "cash", amount = {}, account = 5, ppm = "x" } }
    local found = issue(drafts.handler("payment_filter", function() return ops end))
    test.equal(found, nil)
  end)

  test.case("a validator that fails closes the checkout", function()
    local _, quote = issue(drafts.handler("cart_validator", function() error("boom") end))
    test.equal(quote.problems[#quote.problems - 1].code, "quote.cannot_check")
  end)

  test.case("a delivery method that fails is not offered", function()
    local _, quote = issue(drafts.handler("delivery_method", function() error("boom") end))
    test.equal({ #quote.rates, quote.delivery_problem }, { 0, "delivery.none" })
  end)

  test.case("without its tax provider a quote is an estimate, a fallback is asked", function()
    local broken = drafts.handler("tax_provider", function() error("boom") end, { id = "test.plugin/a" })
    local _, quote = issue(broken)
    test.truthy(quote.is_estimate)
    local again = evaluate.run(drafts.draft({ drafts.line(1000, 1) }), { broken, drafts.tax(200000) }, { now = 0 })
    test.equal({ again.is_estimate, again.tax }, { nil, 200 })
  end)

  test.case("a tax provider that is not bound is never asked, not even for one that is gone", function()
    local broken = drafts.handler("tax_provider", function() error("boom") end, { id = "test.plugin/a" })
    local other = drafts.handler("tax_provider", function() error("asked") end, { is_unbound = true, id = "test.plugin/b" })
    local draft = drafts.draft({ drafts.line(1000, 1) })
    local quote = evaluate.run(draft, { broken, other }, { now = 0 })
    test.equal({ quote.is_estimate, #quote.issues, quote.issues[1].handler }, { true, 1, "test.plugin/a" })
    quote = evaluate.run(draft, { other }, { now = 0 })
    test.equal({ quote.is_estimate, quote.tax, #quote.issues }, { true, 0, 0 })
    quote = evaluate.run(draft, { other, drafts.tax(200000) }, { now = 0 })
    test.equal({ quote.is_estimate, quote.tax }, { nil, 200 })
  end)

  test.case("a price rule may insist: then nothing is ordered", function()
    local _, quote = issue(drafts.handler("price_rule", function() error("boom") end, { on_error = "block" }))
    test.equal(quote.blocks[1].code, "quote.cannot_check")
  end)

  test.case("a handler cannot change the draft through its input", function()
    local quote = evaluate.run(drafts.draft({ drafts.line(1000, 1) }), { drafts.handler("price_rule", function(input)
      input.lines[1].unit = 1
      input.lines[1].tags[1] = "x"
      return {}
    end) }, { now = 0 })
    test.equal({ quote.total, #quote.lines[1].tags }, { 1000, 0 })
  end)

  test.case("a handler sees only what it declared", function()
    local seen
    evaluate.run(drafts.draft({ drafts.line(1000, 1) }, { customer = { id = 7, email = "a@b.c" } }),
      { drafts.handler("price_rule", function(input) seen = input end, { input = { "customer.id", "lines[].qty" } }) }, { now = 0 })
    test.equal(seen, { customer = { id = 7 }, lines = { { qty = 1 } } })
  end)
end)

test.group("order of handlers", function()
  local function setter(id, amount, more)
    local handler = drafts.handler("price_rule", function() return { { op = "set_unit", line = "l1", amount = amount } } end, more)
    handler.id = id
    return handler
  end

  test.case("follows before and after, then names", function()
    local draft = drafts.draft({ drafts.line(1000, 1) })
    local a, b = setter("p.a/x", 1), setter("p.b/x", 2)
    test.equal(evaluate.run(draft, { b, a }, { now = 0 }).total, 2)
    a.after = { "p.b/x" }
    test.equal(evaluate.run(draft, { a, b }, { now = 0 }).total, 1)
  end)

  test.case("a merchant's pin wins over what handlers say of each other, and a cycle names itself", function()
    local a, b, c = setter("p.a/x", 1), setter("p.b/x", 2), setter("p.c/x", 3)
    test.equal(assert(evaluate.plan({ a, b }, { { "p.b/x", "p.a/x" } })).price_rule[1].id, "p.b/x")
    a.before = { "p.b/x" }
    test.equal(assert(evaluate.plan({ a, b }, { { "p.b/x", "p.a/x" } })).price_rule[1].id, "p.b/x")
    b.before = { "p.c/x" }
    local none, problem = evaluate.plan({ a, b, c }, { { "p.c/x", "p.a/x" } })
    test.equal(none, nil)
    for _, id in ipairs({ "p.a/x", "p.b/x", "p.c/x" }) do test.contains(problem, id) end
  end)
end)

test.group("promotions", function()
  local function off(amount, more)
    return drafts.promotion("order", function() return { { op = "off_order", amount = amount } } end, more)
  end

  local function run(pairs_of, more)
    local handlers, rules = {}, {}
    for i, pair in ipairs(pairs_of) do handlers[i], rules[i] = pair[1], pair[2] end
    return evaluate.run(drafts.draft({ drafts.line(10000, 1, { ships = false }) }, more), handlers, { now = 0, rules = rules })
  end

  test.case("all apply, in the merchant's order", function()
    local quote = run({ { off(100, { position = 2 }) }, { off(200, { position = 1 }) } })
    test.equal(quote.discount, 300)
    test.equal({ quote.ledger[1].delta, quote.ledger[2].delta }, { -200, -100 })
  end)

  test.case("lanes come before positions", function()
    local quote = run({ { off(100, { position = 1, lane = "late" }) }, { off(200, { position = 9, lane = "early" }) } })
    test.equal(quote.ledger[1].delta, -200)
  end)

  test.case("of a group of best only the best applies, and the others are named", function()
    local quote = run({ { off(100, { combine = "best" }) }, { off(300, { combine = "best" }) }, { off(50) } })
    test.equal(quote.discount, 350)
    test.equal(#quote.skipped, 1)
    test.contains(quote.skipped[1].because, "best")
  end)

  test.case("one that stands alone stands alone", function()
    local quote = run({ { off(500) }, { off(100, { combine = "exclusive" }) } })
    test.equal(quote.discount, 100)
  end)

  test.case("one that stands alone but takes nothing off is no obstacle", function()
    local quote = run({ { off(500) }, { off(0, { combine = "exclusive" }) } })
    test.equal(quote.discount, 500)
  end)

  test.case("conditions decide, and one that fails decides against", function()
    local yes = drafts.handler("promotion_condition", function() return true end)
    local no = drafts.handler("promotion_condition", function() error("boom") end)
    local a, b = { off(100, { conditions = { { handler = yes.id } } }) }, { off(200, { conditions = { { handler = no.id } } }) }
    local quote = evaluate.run(drafts.draft({ drafts.line(10000, 1) }), { yes, no, a[1], b[1] }, { now = 0, rules = { a[2], b[2] } })
    test.equal(quote.discount, 100)
  end)

  test.case("a rule with codes needs one of its own", function()
    local pair = { off(100, { id = 77, has_codes = true }) }
    test.equal(run({ pair }).discount, 0)
    test.equal(run({ pair }, { codes = { { code = "X", promotion_id = 77 } } }).discount, 100)
    test.equal(run({ pair }, { codes = { { code = "X", promotion_id = 77, problem = "code.expired" } } }).discount, 0)
  end)

  test.case("a gift is a line that costs nothing", function()
    local action, rule = drafts.promotion("line", function() return { { op = "gift", variant = 9 } } end)
    local quote = evaluate.run(drafts.draft({ drafts.line(1000, 1) }), { action },
      { now = 0, rules = { rule }, find_variant = function(id) return { variant_id = id, title = "Sticker" } end })
    test.equal({ #quote.lines, quote.lines[2].title, quote.lines[2].total, quote.total }, { 2, "Sticker", 0, 1000 })
  end)

  test.case("what is used is held", function()
    local hold = { kind = "coupon", owner_id = 3, key = "", quantity = 1, balance = 10 }
    local quote = run({ { off(100, { id = 77, has_codes = true }) } },
      { codes = { { code = "X", promotion_id = 77, holds = { hold } } } })
    test.equal(quote.holds, { hold })
  end)
end)

test.group("delivery, payment and tenders", function()
  local function offer(id, op)
    return drafts.handler("payment_method", function()
      op.op = "offer"
      return { op }
    end, { id = id })
  end

  test.case("the cheapest rate counts until one is chosen; a choice that is gone says so", function()
    local cheap, dear = drafts.rate(300), drafts.rate(900)
    local draft = drafts.draft({ drafts.line(1000, 1) })
    local quote = evaluate.run(draft, { dear, cheap }, { now = 0 })
    test.equal({ quote.delivery.total, quote.delivery_problem }, { 300, "delivery.choose" })
    draft.delivery_choice = dear.id .. ":std"
    test.equal(evaluate.run(draft, { dear, cheap }, { now = 0 }).delivery.total, 900)
    quote = evaluate.run(draft, { cheap }, { now = 0 })
    test.equal({ quote.delivery.total, quote.delivery_problem }, { 300, "delivery.choose_again" })
  end)

  test.case("the fee of the chosen method is in the total, taxed like the goods", function()
    local draft = drafts.draft({ drafts.line(1000, 1, { ships = false }) }, { payment_choice = "p.a/x" })
    local quote = evaluate.run(draft, { offer("p.a/x", { fee = 200 }), drafts.tax(100000) }, { now = 0 })
    test.equal({ quote.fee_total, quote.tax, quote.total }, { 200, 120, 1320 })
  end)

  test.case("a filter that removes the chosen method asks to choose again", function()
    local draft = drafts.draft({ drafts.line(1000, 1, { ships = false }) }, { payment_choice = "p.a/x" })
    local filter = drafts.handler("payment_filter", function() return { { op = "remove", method = "p.a/x" } } end)
    local quote = evaluate.run(draft, { offer("p.a/x", {}), filter }, { now = 0 })
    test.equal({ quote.payment_problem, #quote.methods }, { "payment.choose_again", 0 })
  end)

  test.case("a gift card pays after tax, never more than is due", function()
    local card = drafts.handler("tender_rule", function()
      return { { op = "tender", account = { kind = "gift_card", owner_id = 4 }, amount = 5000 } }
    end)
    local draft = drafts.draft({ drafts.line(1000, 1, { ships = false }) })
    local quote = evaluate.run(draft, { card, drafts.tax(200000) }, { now = 0 })
    test.equal({ quote.total, quote.due, quote.tenders[1].amount }, { 1200, 0, 1200 })
    test.equal(quote.problems, {})
  end)

  test.case("another country's tax keeps the net price when the shop says so", function()
    local draft = drafts.draft({ drafts.line(1190, 1, { ships = false }) }, { is_tax_included = true })
    local tax = drafts.tax(250000, { home_ppm = 190000 })
    test.equal(evaluate.run(draft, { tax }, { now = 0 }).total, 1190)
    draft.policy = { foreign_price = "keep_net" }
    local quote = evaluate.run(draft, { tax }, { now = 0 })
    test.equal({ quote.total, quote.tax }, { 1250, 250 })
    local exported = evaluate.run(draft, { drafts.tax(0, { home_ppm = 190000 }) }, { now = 0 })
    test.equal({ exported.total, exported.tax }, { 1000, 0 })
  end)

  test.case("totals are rounded to what coins can pay, by a line of its own", function()
    local draft = drafts.draft({ drafts.line(1003, 1, { ships = false }) }, { policy = { cash_step = 5 } })
    local quote = evaluate.run(draft, { drafts.tax(0) }, { now = 0 })
    test.equal({ quote.total, quote.fees[1].total }, { 1005, 2 })
  end)
end)

test.group("explain", function()
  test.case("tells who changed what, and what one contributed", function()
    local action, rule = drafts.percent(100000, { handle = "ten-off" })
    local draft = drafts.draft({ drafts.line(10000, 1, { ships = false }) })
    local text = explain.text(evaluate.run(draft, { action }, { now = 0, rules = { rule } }))
    test.contains(text, "ten-off")
    test.contains(text, "-1000")
    local quote, contributed = evaluate.without(draft, { action }, { now = 0, rules = { rule } }, "ten-off")
    test.equal({ quote.total, contributed }, { 10000, -1000 })
    test.equal(select(2, evaluate.without(draft, { action }, { now = 0, rules = { rule } }, "test.plugin")), -1000)
  end)
end)
