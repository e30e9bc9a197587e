-- What a pure handler is given stays in its state from call to call. No handler may find out.
local json = require("native.json")
local native = require("native.plugin")
local projection = require("native.projection")
local test = require("support.test")

local PRELUDE <const> = { "kernel/sandbox/money.lua", "kernel/sandbox/std.lua" }
local NONE <const> = {} -- settings

local function open(source, memory)
  return assert(native.open({ id = "acme.test", modules = { m = source }, prelude = PRELUDE, memory = memory }))
end

local PATHS <const> = {
  "lines[].id", "lines[].qty", "lines[].tags[]", "lines[].offers[].amount", "lines[].offers[].pieces", "lines[].properties", "lines[].maker.name",
  "customer.id", "customer.groups[]", "attributes", "total", "choices",
}

local function ask(plugin, shape, source, settings, budget)
  projection.take(shape, source)
  return plugin:ask("m:f", budget, shape, settings or NONE)
end

local function some(any, value) return any.boolean() and value or nil end

local function some_texts(any)
  local texts = {}
  for i = 1, any.integer(0, 3) do texts[i] = any.one_of({ "lamp", "tea", ("x"):rep(60), "" }) end
  return texts
end

local function some_map(any)
  local map = {}
  for _ = 1, any.integer(0, 6) do map[any.one_of({ "gift", "note", 7, "to", "a", "b", 1, 2 })] = any.one_of({ "yes", 3, false, json.null }) end
  return map
end

local function some_line(any)
  local offers = {}
  for i = 1, any.integer(0, 2) do offers[i] = { amount = some(any, i), pieces = i } end
  return {
    id = tostring(any.integer(1, 30)), qty = any.one_of({ 1, 2, 0.5, false }), tags = any.one_of({ some_texts(any), "none" }), offers = some(any, offers),
    properties = some(any, some_map(any)), maker = any.one_of({ { name = "Ann" }, { name = some(any, "Bo") }, "nobody" }),
  }
end

local function some_source(any)
  local lines = {}
  for i = 1, any.integer(0, 12) do lines[i] = some_line(any) end
  return {
    lines = some(any, lines), customer = some(any, { id = 7, groups = some_texts(any) }), attributes = some(any, some_map(any)), total = any.integer(0, 9),
    choices = any.one_of({ some_texts(any), 5, some_map(any) }),
  }
end

-- A handler that shows what it was given, and then spoils what it can reach: all that can be written to.
local SPOILER <const> = [=[
local M = {}
local function spoil(t, other)
  local kept = {}
  for name, value in pairs(t) do kept[#kept + 1] = { name, value } end
  for i, pair in ipairs(kept) do
    if type(pair[2]) == "table" then spoil(pair[2], other) end
    local kind = (i + #kept) % 4
    t[pair[1]] = kind == 0 and other or kind == 1 and "spoilt" or kind == 2 and t or nil
  end
end
function M.f(input, cfg)
  local seen = std.copy(input)
  if cfg.spoils then spoil(input, { "mine" }) end
  return seen
end
return M
]=]

test.group("what a pure handler is given", function()
  test.property("is what was packed, whatever it was given before and did with that", function(any)
    local shape, settings = projection.compile(PATHS), { spoils = any.boolean() }
    local plugin <close> = open(SPOILER)
    for _ = 1, 6 do
      local source = some_source(any)
      local _, seen = assert(ask(plugin, shape, source, settings))
      test.equal(seen, projection.unpack(shape, projection.pack(shape, source)))
      test.equal(seen.attributes, source.attributes)
    end
  end, 300)

  test.case("can be changed, and is as new for the next call", function()
    local shape = projection.compile({ "lines[].qty", "lines[].tags[]" })
    local plugin <close> = open([=[return { f = function(input)
      table.sort(input.lines, function(a, b) return a.qty > b.qty end)
      local first = input.lines[1]
      first.qty = first.qty * 10
      table.remove(input.lines)
      first.tags[1] = nil
      return { first.qty, #input.lines, #first.tags, input.lines[2].qty }
    end }]=])
    local source = { lines = { { qty = 1, tags = { "a" } }, { qty = 3, tags = { "b" } }, { qty = 2, tags = {} } } }
    for _ = 1, 3 do
      test.equal({ ask(plugin, shape, source) }, { true, { 30, 2, 0, 2 } })
    end
    test.equal(source.lines[1], { qty = 1, tags = { "a" } })
  end)

  test.case("takes nothing new, and says what to do", function()
    local shape = projection.compile({ "lines[].qty", "lines[].tags[]" })
    local function fails(body, part)
      local plugin <close> = open("return { f = function(input, cfg) " .. body .. " end }")
      local ok, err = ask(plugin, shape, { lines = { { qty = 1, tags = {} } } }, { limit = { 5 } })
      test.equal(ok, nil)
      test.contains(err.message, "acme.test/src/m.lua:1: ")
      test.contains(err.message, part)
    end
    fails("input.lines[1].seen = true", "'seen' cannot be added to what a handler is given")
    fails("input.more = 1", "std.copy makes one")
    fails("table.insert(input.lines, {})", "'2' cannot be added")
    fails("input.lines[1].tags[1] = 'x'", "'1' cannot be added")
    fails("setmetatable(input.lines[1], {})", "takes no metatable")
    fails("cfg.limit = 6", "'limit' cannot be set: settings are for reading")
    fails("cfg.limit[1] = 6", "'1' cannot be set: settings are for reading")
    fails("cfg.limit[2] = 6", "'2' cannot be set: settings are for reading")
    fails("setmetatable(cfg, {})", "no metatable can be set")
    fails("return pairs(nil)", "table expected")
  end)

  test.case("has the length of its elements up to the first gap, whatever was there before", function()
    local shape = projection.compile({ "list[]", "named", "lines[].list[]" })
    local source = "return { f = function(input) return { #input.list, rawlen(input.list), #input.named, #input.lines, select('#', table.unpack(input.named)) } end }"
    local gaps = { list = { 1, {}, 3 }, named = { "a", {}, "b", "c" }, lines = { { list = { 1 } }, false, 3 } }
    local full = { list = { 1, 2, 3, 4, 5, 6, 7 }, named = { 1, 2, 3, 4, 5, 6 }, lines = { 1, 2, 3, 4, 5 } }
    local answers = {}
    for i, before in ipairs({ gaps, full, { list = {}, named = {}, lines = {} }, { list = { 1 }, named = { 1 }, lines = { 1 } } }) do
      local plugin <close> = open(source)
      assert(ask(plugin, shape, before))
      answers[i] = select(2, assert(ask(plugin, shape, gaps)))
    end
    for i = 1, 4 do test.equal(answers[i], answers[1], i) end
    test.equal({ answers[1][1], answers[1][2], answers[1][3] }, { 1, 1, 1 })
  end)

  test.case("of several handlers and shapes is not mixed up, also when they are many", function()
    local plugin <close> = open("return { f = function(input, cfg) return { input.a, input.b, cfg.n } end }")
    for round = 1, 3 do
      for i = 1, 30 do
        local shape, settings = projection.compile(i % 2 == 0 and { "a" } or { "a", "b" }), { n = i }
        for turn = 1, 2 do
          local _, answer = assert(ask(plugin, shape, { a = round * 100 + i, b = turn }, settings))
          test.equal({ answer[1], answer[2], answer[3] }, { round * 100 + i, i % 2 ~= 0 and turn or nil, i })
        end
      end
    end
  end)

  test.case("settings hold tables, lists and null, and come back as they were", function()
    local shape = projection.compile({ "a" })
    local settings = { tiers = { { min = 1, percent = 5 }, { min = 2 } }, none = json.array(), gone = json.null, name = "x" }
    local plugin <close> = open("return { f = function(input, cfg) return cfg, #cfg.tiers, cfg.tiers[2].min end }")
    for _ = 1, 2 do
      local ok, cfg, count, min = ask(plugin, shape, {}, settings)
      test.equal({ ok, cfg, count, min }, { true, settings, 2, 2 })
      test.truthy(json.is_array(cfg.none))
    end
  end)

  test.case("that does not fit into memory fails the call alone", function()
    local shape = projection.compile({ "lines[].id", "lines[].tags[]" })
    local plugin <close> = open("return { f = function(input) return #input.lines end }", 1000000)
    local function count(lines)
      local list = {}
      for i = 1, lines do list[i] = { id = "line " .. i, tags = { "tag " .. i } } end
      return ask(plugin, shape, { lines = list })
    end
    for _ = 1, 3 do
      test.equal({ count(5) }, { true, 5 })
      test.equal(select(2, count(20000)).code, "memory")
      test.equal({ count(2) }, { true, 2 })
      test.equal({ count(600) }, { true, 600 }) -- too large to be kept
      test.equal({ count(3) }, { true, 3 })
    end
  end)

  test.case("costs the handler none of its memory, be it there already or not", function()
    local shape = projection.compile({ "lines[].id" })
    local lines = {}
    for i = 1, 300 do lines[i] = { id = ("%04d"):format(i):rep(20) } end
    local settings = { text = ("x"):rep(100000) }
    local plugin <close> = open("return { f = function(input) return #string.rep('x', 90000) end }")
    for _ = 1, 3 do test.equal({ ask(plugin, shape, { lines = lines }, settings, { memory = 200000 }) }, { true, 90000 }) end
  end)

  test.case("is what its shape took, or nothing is asked", function()
    local shape = projection.compile({ "a", "list[]" })
    local plugin <close> = open("return { f = function(input) return input.a end }")
    test.contains(select(2, plugin:ask("m:f", nil, shape, NONE)).message, "not what this shape packs")
    projection.take(shape, { a = 1 })
    for _ = 1, 2 do test.equal({ plugin:ask("m:f", nil, shape, NONE) }, { true, 1 }) end
    test.equal(select(2, plugin:ask("m:nothing", nil, shape, NONE)).code, "missing")
    test.raises("list is a function", projection.take, shape, { a = 2, list = { print } })
    test.contains(select(2, plugin:ask("m:f", nil, shape, NONE)).message, "not what this shape packs")
    test.equal({ ask(plugin, shape, { a = 3 }) }, { true, 3 })
  end)

  test.case("what a metatable works out is worked out, and what raises there raises", function()
    local shape = projection.compile({ "lines[].worth", "lines[].unit", "total" })
    local plugin <close> = open("return { f = function(input) return input.lines[1].worth, input.total end }")
    local line = setmetatable({ unit = 5 }, { __index = function(self, name) return name == "worth" and self.unit * 2 or nil end })
    test.equal({ ask(plugin, shape, { lines = { line }, total = 1 }) }, { true, 10, 1 })
    test.equal({ ask(plugin, shape, { lines = { { worth = 3 } }, total = 2 }) }, { true, 3, 2 })
    test.equal({ ask(plugin, shape, { lines = json.array({ { worth = 4 } }), total = 3 }) }, { true, 4, 3 })
    local broken = setmetatable({}, { __index = function() error("no such thing") end })
    test.raises("no such thing", projection.take, shape, broken)
    test.equal({ ask(plugin, shape, { lines = { { worth = 3 } } }) }, { true, 3 })
  end)

  test.case("is data, or is refused by name", function()
    local shape = projection.compile({ "lines[].qty", "attributes" })
    local plugin <close> = open("return { f = function(input) return #input.lines end }")
    test.raises("qty is a function, which no handler can see", projection.take, shape, { lines = { { qty = print } } })
    test.raises("attributes is a thread, which no handler can see", projection.take, shape, { attributes = { a = coroutine.create(print) } })
    test.raises("lines is a function, which no handler can see", projection.take, shape, { lines = { 1, print } })
    test.equal({ ask(plugin, shape, { lines = { { qty = 1 }, { qty = 2 } } }) }, { true, 2 })
  end)

  test.property("has a digest by which it is known again", function(any)
    local shape = projection.compile(PATHS)
    local sources = {}
    for i = 1, 4 do sources[i] = some_source(any) end
    for i = 1, 4 do
      for j = 1, 4 do
        local digest, size = projection.take(shape, sources[i])
        local is_same = projection.pack(shape, sources[i]) == projection.pack(shape, sources[j])
        test.equal(projection.take(shape, sources[j]) == digest, is_same)
        test.equal({ #digest, size }, { 16, #projection.pack(shape, sources[i]) })
      end
    end
  end)
end)
