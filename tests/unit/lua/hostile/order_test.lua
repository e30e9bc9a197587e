--- Totals follow from manifests, settings and carts: never from the order in which plugins were found, in which states were
--- opened or asked, nor from the seeds of tables.
local test = require("support.test")
local drafts = require("support.drafts")
local evaluate = require("domain.quote.evaluate")
local native = require("native.plugin")

local PRELUDE <const> = { "kernel/sandbox/money.lua", "kernel/sandbox/std.lua" }

-- Handlers that look at their input in every way in which an order could show: maps, next, lengths, sorted and unsorted lists.
-- %d stands for a number of their own.
local SOURCES <const> = {
  { "price_rule", [[
    local ops, by_id = {}, {}
    for _, line in ipairs(input.lines) do by_id[line.id] = line end
    for id, line in pairs(by_id) do
      if (line.qty + %d) %% 3 == 0 then ops[#ops + 1] = { op = "set_unit", line = id, amount = money.percent_off(line.unit, 1 + %d %% 20) } end
    end
    return ops]] },
  { "price_rule", [[
    local first = next({ [input.lines[1].id] = true, ["l" .. %d] = true })
    for _, line in ipairs(input.lines) do
      if line.id == first then return { { op = "set_unit", line = first, amount = line.unit // 2 + %d %% 5 } } end
    end]] },
  { "fee_rule", [[
    local sum, names = 0, { b = 3, a = 1, [1] = 4, [true] = 1, ["c" .. %d] = 5 }
    for name, n in pairs(names) do sum = sum * 7 + n + #tostring(name) end
    return { { op = "fee", id = "f", amount = sum %% (100 + %d) } }]] },
  { "delivery_method", [[
    local list = {}
    for i, line in ipairs(input.lines) do list[i] = line end
    table.sort(list, function(a, b) return a.qty %% 2 < b.qty %% 2 end)
    return { { op = "rate", id = "std", amount = 100 + #list[1].id * %d %% 90 + list[#list].qty + %d } }]] },
}

local function any_lines(any)
  local lines = {}
  for i = 1, any.integer(1, 8) do lines[i] = drafts.line(any.integer(1, 50000), any.integer(1, 12), { ships = true }) end
  return lines
end

-- A handful of plugins: their names, what they do, and how they want to be ordered.
local function any_set(any)
  local set = {}
  for i = 1, any.integer(2, 6) do
    local source = any.one_of(SOURCES)
    local other = "p" .. any.integer(1, i)
    set[i] = {
      id = "test.p" .. i, point = source[1], source = source[2]:format(any.integer(0, 1000), any.integer(0, 1000)),
      after = any.boolean() and other ~= "p" .. i and { "test." .. other } or {},
    }
  end
  return set
end

local function shuffled(any, list)
  local out = {}
  for _, entry in ipairs(list) do table.insert(out, any.integer(1, #out + 1), entry) end
  return out
end

-- Opens a state for each plugin, in the order given, after `noise` others: each has a seed of its own.
local function open(set, noise, open_states)
  local handlers = {}
  for i = 1, noise do open_states[#open_states + 1] = assert(native.open({ id = "noise.n" .. i, modules = { m = "return {}" }, prelude = {} })) end
  for i, about in ipairs(set) do
    local state = assert(native.open({ id = about.id, modules = { m = "return { f = function(input) " .. about.source .. " end }" }, prelude = PRELUDE }))
    open_states[#open_states + 1] = state
    handlers[i] = drafts.handler(about.point, function(input, config)
      local ok, result = state:call("pure", "m:f", { instructions = 200000, memory = 1 << 21 }, input, config)
      if ok then return result end
      return nil, result
    end, { id = about.id .. "/x", plugin = about.id, after = about.after })
  end
  return handlers
end

local function close(states)
  for _, state in ipairs(states) do state:close() end
end

test.property("load order, install order and seeds never change a total", function(any)
  local set, given, states = any_set(any), drafts.draft(any_lines(any)), {}
  local first = evaluate.run(given, open(set, 0, states), { now = 0 })
  test.equal(first.issues, {})
  for round = 1, 3 do
    local again = evaluate.run(given, open(shuffled(any, set), round, states), { now = 0 })
    test.equal({ again.total, again.hash }, { first.total, first.hash })
    test.equal(again.ledger, first.ledger)
  end
  close(states)
end, 60)

test.property("what was asked before never changes a total", function(any)
  local set, states = any_set(any), {}
  local handlers = open(set, 0, states)
  local given = drafts.draft(any_lines(any))
  local first = evaluate.run(given, handlers, { now = 0 })
  for _ = 1, 5 do evaluate.run(drafts.draft(any_lines(any)), handlers, { now = 0 }) end
  local again = evaluate.run(given, handlers, { now = 0 })
  test.equal(again.ledger, first.ledger)
  test.equal(again.hash, first.hash)
  close(states)
end, 60)

test.property("nor does the order of the keys in what a handler is given", function(any)
  local states = {}
  local handlers = open({ { id = "test.p1", point = "price_rule", source = SOURCES[1][2]:format(any.integer(0, 9), any.integer(0, 9)), after = {} } }, 0, states)
  local names, values = {}, {}
  for i = 1, any.integer(2, 20) do
    names[i] = "key" .. any.integer(1, 100000)
    values[names[i]] = i
  end
  local function line_with(order)
    local line = drafts.line(1000, 3)
    for _, name in ipairs(order) do line[name] = values[name] end
    return line
  end
  local first = evaluate.run(drafts.draft({ line_with(names) }), handlers, { now = 0 })
  local second = evaluate.run(drafts.draft({ line_with(shuffled(any, names)) }), handlers, { now = 0 })
  test.equal(second.total, first.total)
  test.equal(second.ledger, first.ledger)
  close(states)
end, 40)
