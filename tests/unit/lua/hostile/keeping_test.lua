--- A pure handler answers the same whatever was asked before: nothing that a call does is there in the next.
local native = require("native.plugin")
local test = require("support.test")

local PRELUDE <const> = { "kernel/sandbox/money.lua", "kernel/sandbox/std.lua" }

local function open(source, other)
  return assert(native.open({ id = "acme.keeps", modules = { m = source, other = other }, prelude = PRELUDE }))
end

-- Modules whose `f` tries to keep something: `write` says what the engine answers to it.
local keepers = {
  { name = "a variable of the module", source = "local n = 0 return { f = function() n = n + 1 return n end }", write = "keeps n" },
  { name = "a variable that becomes a float", source = "local n = 1 return { f = function() n = n * 1.0 return math.type(n) end }", write = "keeps n" },
  { name = "the sign of nothing", source = "local n = 0.0 return { f = function() n = -0.0 return 1 end }", write = "keeps n" },
  { name = "a variable of a function in a function",
    source = "local function counter() local n = 0 return function() n = n + 1 return n end end local c = counter() return { f = function() return c() end }",
    write = "keeps n" },
  { name = "a variable that two functions share",
    source = "local n = 0 local function add() n = n + 1 end return { f = function() add() return n end }", write = "keeps n" },
  { name = "another function", source = "local g = function() return 1 end return { f = function() local r = g() g = function() return 2 end return r end }", write = "keeps g" },
  { name = "a table of the module", source = "local t = {} return { f = function() t[#t + 1] = 1 return #t end }", write = "cannot be set" },
  { name = "a table in a table", source = "local t = { inner = { n = 0 } } return { f = function() t.inner.n = t.inner.n + 1 return t.inner.n end }", write = "'n' cannot be set" },
  { name = "a field of the module", source = "local M = {} function M.f() M.n = (M.n or 0) + 1 return M.n end return M", write = "'n' cannot be set" },
  { name = "table.insert", source = "local t = {} return { f = function() table.insert(t, 1) return #t end }", write = "cannot be set" },
  { name = "table.remove", source = "local t = { 1, 2 } return { f = function() return table.remove(t) end }", write = "cannot be set" },
  { name = "table.sort", source = "local t = { 2, 1 } return { f = function() table.sort(t) return t[1] end }", write = "cannot be set" },
  { name = "table.move", source = "local t = { 2, 1 } return { f = function() table.move({ 7 }, 1, 1, 1, t) return t[1] end }", write = "cannot be set" },
  { name = "a metatable", source = "local t = {} return { f = function() local was = t.x setmetatable(t, { __index = { x = 1 } }) return was end }", write = "no metatable can be set" },
  { name = "no metatable", source = "local t = setmetatable({}, { __index = { x = 1 } }) return { f = function() local was = t.x setmetatable(t, nil) return was end }", write = "no metatable can be set" },
  { name = "what is behind an __index", source = "local inner = {} local t = setmetatable({}, { __index = inner }) return { f = function() inner.x = (t.x or 0) + 1 return t.x end }", write = "'x' cannot be set" },
  { name = "the table that an __index is given", source = "local t = setmetatable({}, { __index = function(self) self.n = 1 return 1 end }) return { f = function() return t.zero end }", write = "'n' cannot be set" },
  { name = "a method's own object", source = [[
    local Class = {} Class.__index = Class
    function Class:count() self.n = (self.n or 0) + 1 return self.n end
    local one = setmetatable({}, Class)
    return { f = function() return one:count() end }]], write = "'n' cannot be set" },
  { name = "the class of objects", source = [[
    local Class = {} Class.__index = Class
    return { f = function() local o = setmetatable({}, Class) local was = o.x Class.x = 1 return was end }]], write = "'x' cannot be set" },
  { name = "what an iterator has passed", source = "local it = ('abc'):gmatch('.') return { f = function() return it() end }", write = "keeps an iterator" },
  { name = "what pairs has passed", source = "local it = pairs({ a = 1, b = 2 }) return { f = function() return it() end }", write = "keeps an iterator" },
  { name = "a global", source = "return { f = function() count = (count or 0) + 1 return count end }", write = "'count' cannot be set" },
  { name = "a function of a library", source = "return { f = function() string.mine = (string.mine or 0) + 1 return string.mine end }", write = "'mine' cannot be set" },
  { name = "a function of a helper", source = "return { f = function() money.mine = (money.mine or 0) + 1 return money.mine end }", write = "'mine' cannot be set" },
  { name = "an environment", source = "return { f = function() _ENV = { n = 1 } return 1 end }", write = "keeps _ENV" },
  { name = "a module of its own", source = "local o = require('other') return { f = function() o.n = (o.n or 0) + 1 return o.n end }", write = "'n' cannot be set" },
  { name = "whether a module is there", source = "return { f = function() return require('other').n end }", write = "at their head" },
}

test.group("a pure handler cannot keep", function()
  for _, keeper in ipairs(keepers) do
    test.case(keeper.name, function()
      local plugin <close> = open(keeper.source, "return {}")
      local first = { plugin:call("pure", "m:f", nil) }
      for _ = 1, 3 do test.equal({ plugin:call("pure", "m:f", nil) }, first) end
      test.equal(first[1], nil)
      test.contains(first[2].message, keeper.write)
    end)

    -- With the error caught the answer is still the same each time.
    test.case(keeper.name .. ", behind pcall", function()
      local plugin <close> = open("local M, g = {}, nil g = (function() " .. keeper.source
        .. " end)().f function M.f() local ok, x = pcall(g) return ok and x or 'refused' end return M", "return {}")
      local first = { plugin:call("pure", "m:f", nil) }
      for _ = 1, 3 do test.equal({ plugin:call("pure", "m:f", nil) }, first) end
    end)
  end

  test.case("what it changed before it was stopped", function()
    local plugin <close> = open("local n = 0 return { spin = function() n = n + 1 while true do end end, f = function() return n end }")
    for _ = 1, 3 do test.equal(select(2, plugin:call("pure", "m:spin", nil)).code, "budget") end
    test.equal({ plugin:call("pure", "m:f", nil) }, { true, 0 })
  end)

  test.case("its input and its settings", function()
    local plugin <close> = open("return { f = function(input, cfg) input.lines[1].qty, cfg.n = 99, 99 return input.lines[1].qty end }")
    local input, config = { lines = { { qty = 1 } } }, { n = 1 }
    for _ = 1, 3 do plugin:call("pure", "m:f", nil, input, config) end
    test.equal({ input.lines[1].qty, config.n }, { 1, 1 })
  end)

  test.case("garbage that decides whether the next call has memory", function()
    local plugin <close> = open("return { f = function(n) local t = {} for i = 1, n do t[i] = { i } end return #t end }")
    local function verdicts()
      local out = {}
      for n = 1000, 30000, 1000 do out[#out + 1] = plugin:call("pure", "m:f", { instructions = 1 << 40, memory = 1 << 20 }, n) == true end
      return out
    end
    local first = verdicts()
    test.truthy(first[1] and not first[#first])
    for _ = 1, 3 do test.equal(verdicts(), first) end
  end)
end)

test.group("what a module holds", function()
  local function run(source, ...)
    local plugin <close> = open(source)
    return plugin:call("pure", "m:f", nil, ...)
  end

  test.case("is read as any table", function()
    test.equal({ run([[
      local list, map, empty = { 3, 1, 2 }, { b = 2, a = 1 }, {}
      local M = {}
      function M.f()
        local seen = {}
        for i, n in ipairs(list) do seen[#seen + 1] = i * n end
        for key, n in pairs(map) do seen[#seen + 1] = key .. n end
        local key = next(map)
        return seen, #list, #empty, key, rawlen(list), rawget(map, "b"), next(empty), table.concat(list, "-"), select("#", table.unpack(list)),
          std.has(list, 2), map.c
      end
      return M]]) }, { true, { 3, 2, 6, "a1", "b2" }, 3, 0, "a", 3, 2, nil, "3-1-2", 3, true, nil })
  end)

  test.case("can be the answer, or a part of it", function()
    test.equal({ run("local none, reason = {}, { 'why', n = 1 } return { f = function() return none, { { reason = reason } } end }") },
      { true, {}, { { reason = { "why", n = 1 } } } })
  end)

  test.case("has its operators and methods", function()
    test.equal({ run([[
      local Money = {} Money.__index = Money
      Money.__add = function(a, b) return setmetatable({ n = a.n + b.n }, Money) end
      Money.__eq = function(a, b) return a.n == b.n end
      Money.__tostring = function(a) return "€" .. a.n end
      Money.__len = function() return 7 end
      Money.__call = function(a, x) return a.n * x end
      function Money:twice() return self + self end
      local one = setmetatable({ n = 1 }, Money)
      return { f = function()
        local two = one:twice()
        return two.n, one == setmetatable({ n = 1 }, Money), tostring(one), tostring(two), #one, one(5), two:twice().n
      end }]]) }, { true, 2, true, "€1", "€2", 7, 5, 4 })
  end)

  test.case("may lead back to itself", function()
    test.equal({ run("local a, b = {}, {} a.b, b.a = b, a a.self, a[a] = a, 1 return { f = function() return a.b.a == a, a.self[a] end }") }, { true, true, 1 })
  end)

  test.case("is shared by the modules that require it", function()
    local plugin <close> = open("local o = require('other') return { f = function() return o.list[2], o.get() end }",
      "local list = { 1, 2 } return { list = list, get = function() return list[1] end }")
    test.equal({ plugin:call("pure", "m:f", nil) }, { true, 2, 1 })
  end)

  test.case("may change in code that is not pure", function()
    local plugin <close> = open("local n = 0 return { f = function() n = n + 1 return n end }")
    plugin:call("view", "m:f", nil)
    test.equal({ plugin:call("view", "m:f", nil) }, { true, 2 })
  end)
end)
