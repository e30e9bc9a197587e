local clock = require("native.clock")
local json = require("native.json")
local native = require("native.plugin")
local test = require("support.test")

local PRELUDE_HOST <const> = { "../tests/support/host_prelude.lua" }
local PRELUDE <const> = { "kernel/sandbox/money.lua", "kernel/sandbox/std.lua" }

--- A plugin whose module "m" is `source`.
local function open(source, options)
  options = options or {}
  return assert(native.open({
    id = "acme.test", modules = { m = source, other = options.other }, prelude = PRELUDE,
    memory = options.memory, host = options.host,
  }))
end

--- Runs `body` as a handler and returns what the call returns.
local function run(body, kind, budget, ...)
  local plugin <close> = open("local M = {} function M.f(...) " .. body .. " end return M")
  return plugin:call(kind or "pure", "m:f", budget, ...)
end

test.group("native.plugin calls", function()
  test.case("values go in and come out as copies", function()
    local ok, result = run("local t = ... t.lines[1].qty = 7 return t, 'x'", "pure", nil, { lines = { { qty = 1 } } })
    test.equal(ok, true)
    test.equal(result, { lines = { { qty = 7 } } })
  end)

  test.case("a trace counts each instruction, and ends a loop where others end it", function()
    local plugin <close> = open("return { f = function(n) for i = 1, n do end return n end }")
    assert(plugin:call("pure", "m:f", { instructions = 20000, exact = true }, 100))
    local few = plugin:stats().spent
    assert(plugin:call("pure", "m:f", { instructions = 20000, exact = true }, 200))
    test.equal(plugin:stats().spent - few, 100)
    for n = 18000, 22000, 20 do
      local usual = plugin:call("pure", "m:f", { instructions = 20000 }, n)
      test.equal(plugin:call("pure", "m:f", { instructions = 20000, exact = true }, n), usual, n)
    end
  end)

  test.case("several results come back in order", function()
    test.equal({ run("return nil, 'bad signature'") }, { true, nil, "bad signature" })
  end)

  test.case("null and the mark of arrays survive", function()
    local ok, result = run("return ...", "pure", nil, { a = json.null, b = json.array() })
    test.equal(ok, true)
    test.truthy(result.a == json.null and json.is_array(result.b))
  end)

  test.property("tables come back whole, however they grew", function(any)
    local names, list = {}, any.integer(0, 6)
    for i = 1, any.integer(0, 9) do names[i] = ("n%d"):format(any.integer(1, 99)) end
    local plugin <close> = open([=[return { f = function(names, count, order)
      local t = {}
      for turn = 1, 2 do
        if turn == order then for i, name in ipairs(names) do t[name] = i end else for i = count, 1, -1 do t[i] = i * 10 end end
      end
      return t
    end }]=])
    local expected = {}
    for i, name in ipairs(names) do expected[name] = i end
    for i = 1, list do expected[i] = i * 10 end
    for order = 1, 2 do test.equal({ plugin:call("pure", "m:f", nil, names, list, order) }, { true, expected }) end
  end, 300)

  test.case("an error comes with message and trace", function()
    local ok, err = run("error('boom')")
    test.equal(ok, nil)
    test.equal(err.code, "error")
    test.contains(err.message, "acme.test/src/m.lua:1: boom")
    test.contains(err.trace, "stack traceback")
  end)

  test.case("a handler that does not exist is missing", function()
    local plugin <close> = open("return {}")
    for _, handler in ipairs({ "m:nothing", "nowhere:f", "m", "m:", ":f", "../m:f" }) do
      local ok, err = plugin:call("pure", handler, nil)
      test.equal(ok, nil)
      test.equal(err.code, "missing", handler)
    end
  end)

  test.case("a result that is no data is refused and named", function()
    local ok, err = run("return { ops = { { fn = function() end } } }")
    test.equal(ok, nil)
    test.contains(err.message, "'ops.1.fn' is a function")
  end)

  test.case("an endless result is refused", function()
    local ok, err = run("local t = {} t.t = t return t")
    test.equal(ok, nil)
    test.contains(err.message, "nested too deep")
  end)

  test.case("a module that failed to load can be tried again", function()
    local plugin <close> = open("error('not today')")
    test.contains(select(2, plugin:call("pure", "m:f", nil)).message, "not today")
    test.contains(select(2, plugin:call("pure", "m:f", nil)).message, "not today")
  end)

  test.case("modules require each other, once, and a circle is named", function()
    local plugin <close> = open("local o = require('other') local again = require('other') return { f = function() return o.n, again == o end }", { other = "return { n = 3 }" })
    test.equal({ plugin:call("pure", "m:f", nil) }, { true, 3, true })
    local round <close> = open("return require('other')", { other = "return require('m')" })
    test.contains(select(2, round:call("pure", "m:f", nil)).message, "requires itself")
  end)

  test.case("require sees nothing but the plugin", function()
    for _, name in ipairs({ "native.db", "kernel.db", "os", "io", "..secret", "a/b" }) do
      local ok, err = run("require('" .. name .. "')")
      test.equal(ok, nil)
      test.equal(err.code, "error", name)
    end
  end)

  test.case("loading a module is not charged to the first call", function()
    local plugin <close> = open("local x = 0 for i = 1, 100000 do x = x + i end return { f = function() return x end }")
    test.equal({ plugin:call("pure", "m:f", { instructions = 2000 }) }, { true, 5000050000 })
  end)

  test.case("a closed plugin is a clean error", function()
    local plugin = open("return {}")
    plugin:close()
    plugin:close()
    test.raises("the plugin is closed", plugin.call, plugin, "pure", "m:f")
  end)

  test.case("stats count calls and failures", function()
    local plugin <close> = open("return { f = function(x) if x then error('x') end end }")
    plugin:call("pure", "m:f", nil)
    plugin:call("pure", "m:f", nil, true)
    local stats = plugin:stats()
    test.equal({ stats.calls, stats.failures }, { 2, 1 })
    test.truthy(stats.memory > 10000 and stats.memory < 1000000)
  end)

  for _, kind in ipairs({ "pure", "view", "command", "effect" }) do
    test.case("stats count the time that " .. kind .. " code takes, failed calls too", function()
      local plugin <close> = open("return { f = function(n) for _ = 1, n do end if n > 1 then error('late') end end }")
      local budget = { instructions = kind ~= "effect" and 1 << 40 or nil, ms = 10000 }
      plugin:call(kind, "m:f", budget, 1)
      local before, began = plugin:stats().ns, clock.mono()
      plugin:call(kind, "m:f", budget, 5000000)
      local took, whole = plugin:stats().ns - before, clock.mono() - began
      test.truthy(took > 1000000 and took <= whole, took)
    end)
  end

  test.case("a plugin is busy while it is called", function()
    local plugin, was_busy
    plugin = assert(native.open({
      id = "acme.busy", modules = { m = "return { f = function() host_prelude.ask() end }" }, prelude = PRELUDE_HOST,
      host = function() was_busy = plugin:is_busy() end,
    }))
    for _, kind in ipairs({ "view", "effect" }) do
      was_busy = nil
      test.equal(plugin:is_busy(), false)
      assert(plugin:call(kind, "m:f"))
      test.equal({ was_busy, plugin:is_busy() }, { true, false })
    end
    plugin:close()
  end)
end)

test.group("native.plugin environment", function()
  test.case("has no way out", function()
    local ok, result = run([[
      local missing = {}
      for _, name in ipairs({ "load", "loadstring", "loadfile", "dofile", "debug", "os", "io", "package", "collectgarbage",
        "rawset", "getmetatable", "coroutine", "print", "warn" }) do
        if _G[name] ~= nil then missing[#missing + 1] = name end
      end
      for _, name in ipairs({ "dump", "pack", "unpack" }) do
        if string[name] ~= nil then missing[#missing + 1] = "string." .. name end
      end
      if math.random or math.randomseed then missing[#missing + 1] = "math.random" end
      return missing]])
    test.equal(ok, true)
    test.equal(result, {})
  end)

  test.case("bytecode is refused", function()
    local bytecode = string.dump(function() return 1 end)
    local plugin <close> = open(bytecode)
    local ok, err = plugin:call("pure", "m:f", nil)
    test.equal(ok, nil)
    test.contains(err.message, "attempt to load a binary chunk")
  end)

  test.case("pairs goes in key order", function()
    local _, keys = run([[
      local t = { z = 1, a = 2, [10] = 3, [2] = 4, [1.5] = 5, [true] = 6, B = 7, [false] = 8 }
      local keys = {}
      for k, v in pairs(t) do keys[#keys + 1] = tostring(k) end
      return keys]])
    test.equal(keys, { "false", "true", "1.5", "2", "10", "B", "a", "z" })
  end)

  test.case("next goes in key order, too", function()
    local _, keys = run("local t, keys, k = { b = 1, a = 2, [3] = 3 }, {}, nil repeat k = next(t, k) keys[#keys + 1] = k until k == nil return keys, next({})")
    test.equal(keys, { 3, "a", "b" })
  end)

  test.case("pairs refuses keys without an order", function()
    local ok, err = run("for k in pairs({ [{}] = 1 }) do end")
    test.equal(ok, nil)
    test.contains(err.message, "a key is a table")
  end)

  test.case("fields may be removed while pairs goes", function()
    local _, seen = run("local t, seen = { a = 1, b = 2, c = 3 }, {} for k in pairs(t) do seen[#seen + 1] = k t.b = nil end return seen")
    test.equal(seen, { "a", "c" })
  end)

  test.case("no address is shown", function()
    local _, text = run([[
      return table.concat({ tostring({}), tostring(print), tostring(function() end), ("%s"):format({}), ("%5s|"):format({}) }, ",")]])
    test.equal(text, "table,nil,function,table,table|")
    for _, body in ipairs({ "return ('%p'):format({})", "return string.format('%-5p', 'x')" }) do
      local ok, err = run(body)
      test.equal(ok, nil)
      test.contains(err.message, "%p")
    end
  end)

  test.case("tostring and format ask __tostring", function()
    local _, a, b = run("local t = setmetatable({}, { __tostring = function() return 'T!' end }) return tostring(t), ('%s'):format(t)")
    test.equal({ a, b }, { "T!", "T!" })
  end)

  test.case("finalisers, weak tables and hidden metatables are refused", function()
    for _, field in ipairs({ "__gc", "__close", "__mode", "__metatable" }) do
      local ok, err = run("setmetatable({}, { " .. field .. " = 'k' })")
      test.equal(ok, nil)
      test.contains(err.message, field)
    end
  end)

  test.case("string methods survive a plugin that spoils its own table", function()
    local _, a, b = run("string.upper = nil string.find = function() return 'spoilt' end return ('x'):upper(), ('abc'):find('b')", "view")
    test.equal({ a, b }, { "X", 2 })
  end)

  test.case("the prelude does not see what a plugin does to its globals", function()
    local _, parts = run("table.sort = nil ipairs = nil return money.split(100, { 1, 1, 1 })", "view")
    test.equal(parts, { 34, 33, 33 })
  end)

  test.case("two plugins share nothing", function()
    local a <close> = open("shared = 1 return { f = function() return shared end }")
    local b <close> = open("return { f = function() return shared end }")
    test.equal({ a:call("view", "m:f", nil) }, { true, 1 })
    test.equal({ b:call("view", "m:f", nil) }, { true })
  end)

  test.case("pure and other code have environments of their own", function()
    local plugin <close> = open("local n = 0 return { f = function() return n end, g = function() n = n + 1 end }")
    plugin:call("view", "m:g", nil)
    test.equal({ plugin:call("pure", "m:f", nil) }, { true, 0 })
    test.equal({ plugin:call("view", "m:f", nil) }, { true, 1 })
  end)

  test.case("money and std are there", function()
    local _, a, b = run("return money.percent_off(999, 10), std.has({ 1, 2 }, 2)")
    test.equal({ a, b }, { 899, true })
  end)
end)

-- Each of these ran for ever, or for seconds, under a plain count hook.
local attacks = {
  ["an endless loop"] = "while true do end",
  ["pcall around a loop"] = "while true do pcall(function() while true do end end) end",
  ["nested pcall"] = "local function f() while true do pcall(f) end end f()",
  ["xpcall with a looping handler"] = "xpcall(error, function() while true do end end)",
  ["xpcall around a loop"] = "while true do xpcall(function() while true do end end, function() while true do end end) end",
  ["an error value that loops when shown"] = "error(setmetatable({}, { __tostring = function() while true do end end }))",
  ["a __close handler that loops"] = [[
    local meta = {}
    local t = setmetatable({}, meta)
    meta.__close = function() while true do end end
    local x <close> = t
    error("x")]],
  ["a comparison that loops in sort"] = "local t = {} for i = 1, 100 do t[i] = i end table.sort(t, function() while true do end end)",
  ["pattern backtracking"] = "local s = ('a'):rep(2000) return s:find(('a*'):rep(4) .. 'b')",
  ["lazy backtracking"] = "local s = ('a'):rep(200) return s:find(('.-'):rep(5) .. 'b')",
  ["backtracking in match"] = "return (('a'):rep(5000)):match(('.-'):rep(3) .. 'b')",
  ["backtracking in gmatch"] = "for x in (('a'):rep(5000)):gmatch(('a*'):rep(3) .. 'b') do end",
  ["gsub over megabytes"] = "local s = ('a'):rep(1 << 20) for i = 1, 500 do s:gsub('a', 'b') end",
  ["a balance over megabytes"] = "local s = ('('):rep(1 << 20) for i = 1, 5000 do s:find('%b()') end",
  ["find plain over megabytes"] = "local s = ('a'):rep(1 << 20) for i = 1, 50000 do s:find('b', 1, true) end",
  ["a needle that nearly fits"] = "local s, n = ('a'):rep(1 << 20), ('a'):rep(1 << 19) .. 'b' for i = 1, 100 do s:find(n, 1, true) end",
  ["table.move over a huge range"] = "table.move({}, 1, 1 << 40, 2)",
  ["table.concat over a huge range"] = "table.concat({}, '', 1, 1 << 40)",
  ["table.concat of big strings"] = "local s = ('a'):rep(1 << 18) for i = 1, 10000 do table.concat({ s, s }) end",
  ["table.unpack of a huge range"] = "table.unpack({}, 1, 1 << 40)",
  ["table.insert with a false length"] = "table.insert(setmetatable({}, { __len = function() return 1 << 50 end }), 1, 1)",
  ["table.remove with a false length"] = "table.remove(setmetatable({}, { __len = function() return 1 << 50 end }), 1)",
  ["table.sort with a false length"] = "table.sort(setmetatable({}, { __len = function() return 1 << 40 end }))",
  ["string.rep again and again"] = "for i = 1, 1e9 do local s = ('x'):rep(1 << 18) end",
  ["string.format of big strings"] = "local s = ('x'):rep(1 << 18) for i = 1, 1e9 do ('%s'):format(s) end",
  ["upper over megabytes"] = "local s = ('x'):rep(1 << 18) for i = 1, 1e9 do s:upper() end",
  ["utf8.len over megabytes"] = "local s = ('x'):rep(1 << 18) for i = 1, 1e9 do utf8.len(s) end",
  ["tonumber of long digits"] = "local s = ('1'):rep(1 << 18) for i = 1, 1e9 do tonumber(s) end",
  ["next over a big table"] = "local t = {} for i = 1, 1000 do t['k' .. i] = i end for i = 1, 1e9 do next(t) end",
  ["concatenation of a growing string"] = "local s = 'x' while true do s = s .. s if #s > 1 << 18 then s = 'x' end end",
  ["an endless ipairs"] = "for i in ipairs(setmetatable({}, { __index = function(_, i) return i end })) do end",
  ["an __index chain that loops"] = [[
    local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end })
    while true do pcall(function() return t[1] end) end]],
}

local SECOND <const> = 1000000000

for _, kind in ipairs({ "pure", "view", "command", "effect" }) do
  test.group("native.plugin stops, in " .. kind .. " code:", function()
    for name, body in pairs(attacks) do
      test.case(name, function()
        local started = clock.mono()
        local ok, err = run(body, kind)
        local took = clock.mono() - started
        test.truthy(took < 5 * SECOND, "took " .. took // 1000000 .. " ms")
        test.equal(ok, nil)
        test.truthy(err.code == "budget" or err.code == "memory" or err.code == "error", err.code)
      end)
    end
  end)
end

test.group("native.plugin limits", function()
  test.case("an endless loop is over its budget", function()
    test.equal(select(2, run("while true do end")).code, "budget")
    test.equal(select(2, run("while true do end", "view")).code, "budget")
    test.equal(select(2, run("while true do end", "command")).code, "budget")
    test.equal(select(2, run("while true do end", "effect")).code, "budget")
  end)

  test.case("what eats memory is stopped as such, also inside pcall", function()
    local eat = "local t = {} for i = 1, 1e9 do t[i] = { i } end"
    test.equal(select(2, run(eat, "command", { instructions = 1 << 40, ms = 5000 })).code, "memory")
    test.equal(select(2, run("pcall(function() " .. eat .. " end) return 1", "command", { instructions = 1 << 40, ms = 5000 })).code, "memory")
    test.equal(select(2, run("return ('x'):rep(1 << 27)", "command", { instructions = 1 << 40, ms = 5000 })).code, "memory")
  end)

  test.case("the limit of the whole plugin holds over many calls", function()
    local plugin <close> = open("local kept = {} return { f = function() kept[#kept + 1] = ('x'):rep(100000) .. #kept end }", { memory = 2 << 20 })
    local code
    for _ = 1, 100 do
      local ok, err = plugin:call("command", "m:f", nil)
      if not ok then code = err.code end
    end
    test.equal(code, "memory")
    test.truthy(plugin:stats().memory <= 2 << 20)
  end)

  test.case("a plugin works again after it was stopped", function()
    local plugin <close> = open("return { spin = function() while true do end end, f = function() return 'fine' end }")
    test.equal(select(2, plugin:call("pure", "m:spin", nil)).code, "budget")
    test.equal({ plugin:call("pure", "m:f", nil) }, { true, "fine" })
    test.equal(select(2, plugin:call("view", "m:spin", nil)).code, "budget")
    test.equal({ plugin:call("view", "m:f", nil) }, { true, "fine" })
  end)

  test.case("the verdict on instructions is the same every time", function()
    local source = "return { f = function(n) local x = 0 for i = 1, n do x = x + #tostring(i) end return x end }"
    local function verdicts()
      local plugin <close> = open(source)
      local out = {}
      for n = 100, 5000, 100 do out[#out + 1] = plugin:call("pure", "m:f", nil, n) == true end
      return out
    end
    local first = verdicts()
    test.truthy(first[1] and not first[#first])
    for _ = 1, 5 do test.equal(verdicts(), first) end
  end)

  test.case("pure code leaves no garbage behind for ever", function()
    local plugin <close> = open("return { f = function() local t = {} for i = 1, 300 do t[i] = { i } end return #t end }")
    for _ = 1, 200 do assert(plugin:call("pure", "m:f", nil)) end
    test.truthy(plugin:stats().memory < 2 << 20, plugin:stats().memory)
  end)
end)

test.group("native.plugin and its host", function()
  local function echo(kind, name, ...) return kind, name, ... end

  test.case("a prelude may call the host, which learns the kind", function()
    local plugin <close> = assert(native.open({
      id = "acme.host", modules = { m = "return { f = function() return host_prelude.ask('a', { 1 }) end }" },
      prelude = PRELUDE_HOST, host = echo,
    }))
    test.equal({ plugin:call("view", "m:f", nil) }, { true, "view", "ask", "a", { 1 } })
    test.equal({ plugin:call("effect", "m:f", nil) }, { true, "effect", "ask", "a", { 1 } })
  end)

  test.case("a plugin cannot require the host's modules by itself", function()
    test.equal(select(2, run("require('native.host')")).code, "error")
  end)

  test.case("an endless loop around host calls is stopped", function()
    local plugin <close> = assert(native.open({
      id = "acme.host", modules = { m = "return { f = function() while true do pcall(host_prelude.ask, 1) end end }" },
      prelude = PRELUDE_HOST, host = echo,
    }))
    test.equal(select(2, plugin:call("pure", "m:f", nil)).code, "budget")
    test.equal(select(2, plugin:call("view", "m:f", nil)).code, "budget")
  end)

  test.case("a host that raises is an error in the plugin, without its text", function()
    local plugin <close> = assert(native.open({
      id = "acme.host", modules = { m = "return { f = function() return pcall(host_prelude.ask, 1) end }" },
      prelude = PRELUDE_HOST, host = function() error("secret") end,
    }))
    local ok, inner, message = plugin:call("view", "m:f", nil)
    test.equal({ ok, inner }, { true, false })
    test.truthy(not message:find("secret"))
  end)

  test.case("the time of a plugin that is called inside is its own, that of the host is the caller's", function()
    local inner <close> = open("return { f = function(n) for _ = 1, n do end end }")
    local outer <close> = assert(native.open({
      id = "acme.outer", modules = { m = "return { f = function() host_prelude.ask() end }" }, prelude = PRELUDE_HOST,
      host = function() inner:call("view", "m:f", { ms = 10000 }, 5000000) end,
    }))
    assert(outer:call("view", "m:f", { ms = 20000 }))
    test.truthy(inner:stats().ns > 2 * outer:stats().ns, outer:stats().ns)
    local began = clock.mono()
    local slow <close> = assert(native.open({
      id = "acme.slow", modules = { m = "return { f = function() host_prelude.ask() end }" }, prelude = PRELUDE_HOST,
      host = function() while clock.mono() - began < 5000000 do end end,
    }))
    assert(slow:call("view", "m:f", { ms = 20000 }))
    test.truthy(slow:stats().ns > 2000000, slow:stats().ns)
  end)

  test.case("plugins may be called inside host calls, and are charged to the first", function()
    local b <close> = open("return { f = function() for i = 1, 1e9 do end end, g = function() return 'b' end }")
    local a <close> = assert(native.open({
      id = "acme.a", modules = { m = "return { f = function() return host_prelude.ask('m:f') end, g = function() return host_prelude.ask('m:g') end }" },
      prelude = PRELUDE_HOST,
      host = function(_, _, handler)
        local ok, result = b:call("pure", handler, { instructions = 1 << 40, ms = 10000 })
        return ok and result or result.code
      end,
    }))
    test.equal({ a:call("pure", "m:g", nil) }, { true, "b" })
    test.equal(select(2, a:call("pure", "m:f", nil)).code, "budget")
  end)
end)
