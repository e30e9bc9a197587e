-- What a quote tells about itself when somebody asks: traces, order, which plugin makes a total wrong.
local test = require("support.test")
local bisect = require("domain.quote.bisect")
local drafts = require("support.drafts")
local evaluate = require("domain.quote.evaluate")

local function setter(plugin, amount, more)
  local handler = drafts.handler("price_rule", function() return { { op = "set_unit", line = "l1", amount = amount } } end, more)
  handler.plugin, handler.id = plugin, plugin .. "/x"
  return handler
end

test.group("a trace", function()
  test.case("tells what each handler saw and answered, and changes nothing", function()
    local action, rule = drafts.percent(100000)
    local broken = setter("p.broken", -5)
    local handlers, draft = { setter("p.a", 900), broken, action }, drafts.draft({ drafts.line(1000, 1) })
    local plain = evaluate.run(draft, handlers, { now = 0, rules = { rule } })
    local trace = {}
    local traced = evaluate.run(draft, handlers, { now = 0, rules = { rule }, trace = trace })
    test.equal({ traced.total, traced.hash, plain.trace }, { plain.total, plain.hash, nil })
    test.equal({ trace[1].handler, trace[1].input.lines[1].unit, trace[1].answer[1].amount }, { "p.a/x", 1000, 900 })
    test.equal({ trace[2].handler, trace[2].input.lines[1].unit }, { "p.broken/x", 900 })
    test.contains(trace[2].problem, "amount must be 0 to 10^15, it is -5")
    test.equal({ trace[3].rule, trace[3].is_trial }, { rule.handle, false })
  end)

  test.case("says why a promotion does not apply", function()
    local action, rule = drafts.percent(100000, { has_codes = true })
    local quote = evaluate.run(drafts.draft({ drafts.line(1000, 1) }), { action }, { now = 0, rules = { rule }, trace = {} })
    test.equal(quote.skipped, { { rule = rule.handle, because = "code" } })
  end)

  test.case("marks what was only tried to find the best", function()
    local one, best = drafts.percent(100000, { combine = "best" })
    local trace = {}
    evaluate.run(drafts.draft({ drafts.line(1000, 1) }), { one }, { now = 0, rules = { best }, trace = trace })
    test.equal({ trace[1].is_trial, trace[2].is_trial, #trace }, { true, false, 2 })
  end)
end)

test.group("the order of handlers", function()
  local function chain(any)
    local count = any.integer(2, 9)
    local handlers = {}
    for i = 1, count do
      handlers[i] = drafts.handler("price_rule", function(input)
        return { { op = "set_unit", line = "l1", amount = (input.lines[1].unit * (i + 1) + i) % 100000 } }
      end)
      handlers[i].id, handlers[i].plugin = ("p.h%d/x"):format(i), ("p.h%d"):format(i)
    end
    -- Each wish points from a lower to a higher one, so that there is no cycle.
    for _ = 1, any.integer(0, count) do
      local low = any.integer(1, count - 1)
      local high = any.integer(low + 1, count)
      if any.boolean() then table.insert(handlers[low].before, handlers[high].plugin) else table.insert(handlers[high].after, handlers[low].id) end
    end
    table.insert(handlers[1].after, "p.absent/x")
    return handlers
  end

  local function shuffle(any, list)
    local shuffled = {}
    for _, entry in ipairs(list) do table.insert(shuffled, any.integer(1, #shuffled + 1), entry) end
    return shuffled
  end

  test.property("follows before, after and pins, and not the order of loading", function(any)
    local handlers, draft = chain(any), drafts.draft({ drafts.line(1000, 1) })
    local first = evaluate.run(draft, handlers, { now = 0 })
    local second = evaluate.run(draft, shuffle(any, handlers), { now = 0 })
    test.equal({ second.total, second.hash }, { first.total, first.hash })
    test.equal(second.ledger, first.ledger)
    local at = {}
    for i, entry in ipairs(first.ledger) do at[entry.plugin], at[entry.handler] = i, i end
    for _, handler in ipairs(handlers) do
      for _, name in ipairs(handler.before) do test.truthy(at[handler.id] < at[name]) end
      for _, name in ipairs(handler.after) do test.truthy(not at[name] or at[name] < at[handler.id]) end
    end
  end)

  test.property("a merchant's pin holds, whatever the two say of each other", function(any)
    local handlers = chain(any)
    local one = any.integer(1, #handlers - 1)
    local pin = any.one_of({ { handlers[one].id, handlers[one + 1].plugin }, { handlers[one + 1].plugin, handlers[one].id } })
    local plan = evaluate.plan(shuffle(any, handlers), { pin })
    if not plan then return end -- with others between them it may be a cycle
    local at = {}
    for i, handler in ipairs(plan.price_rule) do at[handler.id], at[handler.plugin] = i, i end
    test.truthy(at[pin[1]] < at[pin[2]])
  end)

  test.property("a cycle refuses and names who is in it", function(any)
    local handlers = chain(any)
    local low = any.integer(1, #handlers - 1)
    local high = any.integer(low + 1, #handlers)
    table.insert(handlers[low].before, handlers[high].id)
    table.insert(handlers[high].before, handlers[low].plugin)
    local plan, problem = evaluate.plan(shuffle(any, handlers))
    test.equal(plan, nil)
    test.contains(problem, handlers[low].id)
    test.contains(problem, handlers[high].id)
  end)
end)

test.group("bisect", function()
  -- Plugins that each add an amount; what is off is not added.
  local function shop(parts)
    local names, total = {}, 1000
    for name, amount in pairs(parts) do
      names[#names + 1], total = name, total + amount
    end
    return names, total, function(without)
      local sum = 1000
      for name, amount in pairs(parts) do sum = sum + (without[name] and 0 or amount) end
      return sum
    end
  end

  test.case("the one whose part is the difference is found at once", function()
    local parts = { ["p.tax"] = 190, ["p.parcel"] = 490, ["p.wrong"] = -77 }
    local names, total, without = shop(parts)
    local found = bisect.run(names, parts, total, total + 77, without)
    test.equal({ found.culprits, #found.steps }, { { "p.wrong" }, 1 })
  end)

  test.property("one among many that change nothing else is found in the logarithm of their number", function(any)
    local parts, count = {}, any.integer(2, 64)
    for i = 1, count do parts[("p.n%02d"):format(i)] = 0 end
    local culprit = ("p.n%02d"):format(any.integer(1, count))
    parts[culprit] = -50
    local names, total, without = shop(parts)
    local found = bisect.run(names, {}, total, total + 50, without) -- no ledger to guess from
    test.equal(found.culprits, { culprit })
    test.truthy(#found.steps <= 2 * math.ceil(math.log(count, 2)) + 1, #found.steps)
  end)

  test.case("two that only together explain it are found, and nothing is made up", function()
    local parts = { ["p.tax"] = 190, ["p.a"] = -30, ["p.b"] = -40, ["p.parcel"] = 490 }
    local names, total, without = shop(parts)
    local found = bisect.run(names, parts, total, total + 70, without)
    table.sort(found.culprits)
    test.equal(found.culprits, { "p.a", "p.b" })
    test.equal(bisect.run(names, parts, total, total + 1, without).culprits, nil)
  end)
end)
