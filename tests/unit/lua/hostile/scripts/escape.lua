--- Scripts that look for a way out: to files, other code, addresses, bytecode, or somebody else's tables.
return {
  { name = "the names of what is dangerous", gives = {}, run = [[
    local found = {}
    for _, name in ipairs({ "load", "loadstring", "loadfile", "dofile", "debug", "os", "io", "package", "collectgarbage",
      "rawset", "getmetatable", "coroutine", "print", "warn", "native", "host", "jit", "bit32", "getfenv", "setfenv", "newproxy", "module" }) do
      if _G[name] ~= nil or _ENV[name] ~= nil then found[#found + 1] = name end
    end
    for _, name in ipairs({ "dump", "pack", "unpack", "packsize" }) do
      if string[name] or ("")[name] then found[#found + 1] = "string." .. name end
    end
    for _, name in ipairs({ "random", "randomseed", "exp", "sin", "log" }) do
      if math[name] then found[#found + 1] = "math." .. name end
    end
    return found]] },
  { name = "trusted modules", gives = {}, run = [[
    local found = {}
    for _, name in ipairs({ "native.db", "native.fs", "native.host", "native.int", "kernel.db", "kernel.plugins", "domain.order", "os", "io", "debug",
      "package", "_G", "string" }) do
      if pcall(require, name) then found[#found + 1] = name end
    end
    return found]] },
  { name = "paths instead of modules", gives = {}, run = [[
    local found = {}
    for _, name in ipairs({ "..", "...m", "../m", "/etc/passwd", "m/../m", "..m", "m..m", ".m", "m.", "", "m\0", "m\0.x", "m.lua", "src.m", "~", "%2e%2e", "\\m" }) do
      local ok, what = pcall(require, name)
      if ok then found[#found + 1] = name end
    end
    return found]] },
  { name = "what require is given instead of a name", run = "require({})", must = "error" },
  { name = "an address by tostring", run = "return tostring({}) .. tostring(pairs) .. tostring(function() end) .. tostring(string)", gives = "tablefunctionfunctiontable" },
  { name = "an address by %s", run = "return ('%s|%10s|%-.3s'):format({}, pairs, function() end)", or_gives = "table|  function|fun" },
  { name = "an address by %p", run = "return ('%p'):format({})", must = "error", says = "%p" },
  { name = "an address by a wide %p", run = "return ('%-20p'):format('x')", must = "error", says = "%p" },
  { name = "an address by %q", run = "return ('%q'):format({})", must = "error" },
  { name = "an address in a message", run = "local _, m = pcall(function() return {} .. {} end) return m:find('0x') == nil", gives = true },
  { name = "an address by concat", run = "local _, m = pcall(table.concat, { {} }) return m:find('0x') == nil", gives = true },
  { name = "an address by the order of keys", run = "for k in pairs({ [{}] = 1, [{}] = 2 }) do end", must = "error", says = "a key is a table" },
  { name = "an address by the order of functions", run = "next({ [pairs] = 1, [ipairs] = 2 })", must = "error", says = "a key is a function" },
  { name = "an address by comparing", run = "return {} < {}", must = "error", says = "compare" },
  { name = "an address as a number", run = "return tonumber({}) == nil and math.tointeger(1) or math.tointeger({})", may = true },
  { name = "an address by __name", run = "return tostring(setmetatable({}, { __name = 'x' }))", gives = "table" },
  { name = "the methods of strings, spoilt", run = "string.upper, string.find = nil, function() return 'spoilt' end return ('x'):upper() .. ('abc'):find('b')", gives = "X2", kinds = { "view", "command", "effect" } },
  { name = "the helpers of the engine, spoilt", run = "table.sort, ipairs, std.has = nil return money.split(100, { 1, 1, 1 })", gives = { 34, 33, 33 }, kinds = { "view", "command", "effect" } },
  { name = "money that divides by nothing", run = "return pcall(money.included, 1, -1000000), pcall(money.percent_of, math.mininteger, 100), pcall(money.ppm_of, math.maxinteger, math.maxinteger)", or_gives = false },
  { name = "finalisers", run = "setmetatable({}, { __gc = function() end })", must = "error", says = "__gc" },
  { name = "values that close", run = "setmetatable({}, { __close = function() end })", must = "error", says = "__close" },
  { name = "weak tables", run = "setmetatable({}, { __mode = 'k' })", must = "error", says = "__mode" },
  { name = "weak tables, afterwards", run = "local m = {} local t = setmetatable({}, m) m.__mode = 'k' t[{}] = 1 local u for i = 1, 3000 do u = { i } end return next(t) ~= nil", gives = true },
  { name = "calls of calls of calls", run = "local m = {} local t = setmetatable({}, m) m.__call = t setmetatable(t, m) return t()", must = "error", says = "__call must be a function" },
  { name = "hidden metatables", run = "setmetatable({}, { __metatable = 1 })", must = "error", says = "__metatable" },
  { name = "a finaliser that comes later", run = "local m = {} local t = setmetatable({}, m) m.__gc = function() while true do end end t = nil local u = {} for i = 1, 100 do u = { u } end return 1", gives = 1 },
  { name = "the metatable of strings", run = "setmetatable('', {})", must = "error" },
  { name = "the metatable of numbers", run = "setmetatable(1, {})", must = "error" },
  { name = "an environment of its own", run = "local _ENV = { pairs = pairs } return pairs == nil or print == nil", gives = true },
  { name = "negative and huge places", run = "return select('#', ('x'):byte(math.mininteger, math.maxinteger)), (('x'):sub(math.mininteger, math.maxinteger)), utf8.offset('x', math.maxinteger) == nil", gives = 1 },
  { name = "a place beyond the end", run = "return ('x'):find('x', math.maxinteger) == nil and ('x'):find('', math.mininteger) == 1", gives = true },
  { name = "numbers that fit no integer", run = "return ('x'):rep(2^53 + 0.5)", must = "error" },
  { name = "codes that are no characters", run = "return utf8.char(-1)", must = "error" },
  { name = "the methods of strings in pure code", run = "string.upper = nil", must = "error", kinds = { "pure" } },
  { name = "the globals of pure code", run = "shared = 1", must = "error", says = "local", kinds = { "pure" } },
  { name = "the helpers of pure code", run = "money.percent_off = function() return 0 end", must = "error", kinds = { "pure" } },
  { name = "another environment for everybody", run = "_ENV = { mine = true } return 1", kinds = { "pure" }, must = "error", says = "keeps" },
}
