-- table and the other small functions of the sandbox, against Lua's own.
local native = require("native.plugin")
local test = require("support.test")

local function run(body, ...)
  local plugin <close> = assert(native.open({ id = "acme.box", modules = { m = "return { f = function(...) " .. body .. " end }" } }))
  return plugin:call("command", "m:f", { instructions = 1 << 30, ms = 10000 }, ...)
end

-- Runs `body` in the sandbox and here; both must give the same.
local function agree(body, ...)
  local got = table.pack(run(body, ...))
  local here = table.pack(pcall(assert(load("return function(...) " .. body .. " end"))(), ...))
  if not here[1] then
    test.equal(got[1], nil, body .. ": " .. tostring(here[2]))
    return
  end
  test.equal({ table.unpack(got, 1, got.n) }, { table.unpack(here, 1, here.n) }, body)
end

test.case("table functions agree with Lua's", function()
  for _, body in ipairs({
    "return table.concat({ 1, 'b', 3.5 }, ',')", "return table.concat({})", "return table.concat({ 1, 2, 3 }, '-', 2)",
    "return table.concat({ 1, 2, 3 }, '-', 2, 2)",
    "return table.concat({ 1, {} })", "return table.concat({ 1, 2 }, ',', 1, 3)", "return table.concat({}, ',', 5, 4)",
    "local t = { 1, 2 } table.insert(t, 3) table.insert(t, 1, 0) table.insert(t, 5, 9) return t", "table.insert({}, 5, 1)",
    "table.insert({}, 0, 1)", "table.insert({ 1 })",
    "table.insert({}, 1, 2, 3)", "local t = { 1, 2, 3 } return table.remove(t), table.remove(t, 1), t", "return table.remove({})",
    "return table.remove({}, 0)", "table.remove({ 1, 2, 3 }, 7)",
    "local t = { 1, 2 } return table.remove(t, 3), t", "return table.remove({ n = 1 }, 1)",
    "return table.move({ 1, 2, 3 }, 1, 3, 2)", "return table.move({ 1, 2, 3 }, 2, 3, 1)", "return table.move({ 1, 2, 3 }, 1, 3, 1, {})",
    "return table.move({ 1, 2, 3 }, 1, 0, 5)",
    "table.move({}, 1, math.maxinteger, 2)", "table.move({}, math.mininteger, math.maxinteger, 2)", "return table.move({ 1, 2, 3 }, 1, 3, 3)",
    "return table.pack(1, nil, 3)", "return table.pack()", "return table.unpack({ 1, 2, 3 })", "return table.unpack({ 1, 2, 3 }, 2)",
    "return table.unpack({ 1, 2, 3 }, 2, 5)", "return table.unpack({}, 1, 0)",
    "table.unpack({}, 1, 1e7)", "table.unpack({}, math.mininteger, math.maxinteger)",
    "local t = { 3, 1, 2 } table.sort(t) return t", "local t = { 'b', 'a', 'C' } table.sort(t) return t",
    "local t = { 3, 1, 2 } table.sort(t, function(a, b) return a > b end) return t",
    "table.sort({ 1, 'x' })", "table.sort({ {}, {} })", "local t = {} table.sort(t) return t", "local t = { 1 } table.sort(t) return t",
    "table.sort({ 1, 2 }, 3)",
  }) do agree(body) end
end)

test.case("string functions agree with Lua's", function()
  for _, body in ipairs({
    "return ('x'):rep(3), ('x'):rep(0), ('x'):rep(-1), ('ab'):rep(2, '-'), (''):rep(5), ('x'):rep(1, ',')", "return ('x'):rep(1 << 62)",
    "return ('%d %5.2f %s %q %x %%'):format(3, 1.5, 'a', 'b', 255)",
    "return ('%s %s %s'):format(nil, true, 1.0)", "return ('%d'):format(1.5)", "return ('%s'):format()", "return ('%y'):format(1)",
    "return ('%10s|%-10s|'):format('a', 'b')",
    "return ('abc'):byte(1, -1)", "return string.char(72, 105)",
    "return ('abc'):sub(2), ('abc'):sub(-2, -1), ('abc'):upper(), ('ABC'):lower(), ('abc'):reverse(), ('abc'):len()",
    "return #'abc', 'a' .. 1",
    "return tonumber('0x10'), tonumber('z', 36), tonumber('  12  '), tonumber('1e1'), tonumber('x'), tonumber(''), tonumber(nil)",
    "return tonumber()", "return utf8.char(228, 8364), utf8.len('äx'), utf8.codepoint('ä', 1), utf8.len('\\xff')",
    "local out = {} for p, c in utf8.codes('aä') do out[#out + 1] = c end return out",
    "return math.type(1), math.tointeger(2.0), math.floor(-1.5), math.max(1, 2), math.ult(1, -1), math.maxinteger",
    "return select('#', 1, nil), select(-1, 1, 2), rawlen({ 1 }), rawequal('a', 'a'), rawget({ a = 1 }, 'a'), type(nil)", "return select(0)",
  }) do agree(body) end
end)

test.case("pcall and xpcall agree with Lua's", function()
  for _, body in ipairs({
    "return pcall(function(...) return ... end, 1, nil, 3)", "return pcall(error, 'x')", "return pcall(error, { code = 7 })",
    "return pcall(error)", "return pcall()", "return xpcall(function(...) return ... end, function() end, 1, 2)",
    "return xpcall(error, function(e) return 'handled ' .. e end, 'x')", "return xpcall(error)", "return pcall(pcall, error, 'x')",
    "return select('#', pcall(function() end))",
    "local function f(n) if n == 0 then error('deep', 0) end return f(n - 1) end return pcall(f, 100)", "return pcall(assert, false, 'no')",
    "return pcall(assert, nil)", "local t = setmetatable({}, { __index = { x = 1 } }) return t.x",
  }) do agree(body) end
end)

test.case("sort is stable", function()
  local _, order = run([[
    local t = {}
    for i = 1, 500 do t[i] = { key = i % 7, at = i } end
    table.sort(t, function(a, b) return a.key < b.key end)
    local out = {}
    for i = 2, #t do
      if t[i - 1].key == t[i].key and t[i - 1].at > t[i].at then out[#out + 1] = i end
      if t[i - 1].key > t[i].key then out[#out + 1] = -i end
    end
    return out]])
  test.equal(order, {})
end)

test.property("sort agrees with Lua's", function(any)
  local list = any.list(any.integer(-50, 50), 0, 60)
  local _, sorted = run("local t = ... table.sort(t) return t", list)
  table.sort(list)
  test.equal(sorted, list)
end)
