--- Scripts that want to run for ever, or to hide in C code where no hook reaches them.
return {
  { name = "an endless loop", run = "while true do end", must = "budget" },
  { name = "an endless goto", run = "::again:: goto again", must = "budget" },
  { name = "a loop to the last integer", run = "for i = 1, math.maxinteger do end", must = "budget" },
  { name = "a loop that passes the last integer", run = "local n = 0 for i = math.maxinteger - 1, math.maxinteger do n = n + 1 end return n", gives = 2 },
  { name = "a loop by nothing", run = "for i = 1, 2, 0 do end", must = "error", says = "step is zero" },
  { name = "a loop over floats that stand still", run = "for i = 2^53, 2^53 + 4, 0.1 do end", must = "budget" },
  { name = "a loop below a hundred thousand calls", run = "local function f(n) if n == 0 then while true do end end return 1 + f(n - 1) end f(100000)" },
  { name = "pcall around a loop", run = "while true do pcall(function() while true do end end) end", must = "budget" },
  { name = "pcall within pcall", run = "local function f() while true do pcall(f) end end f()" },
  { name = "xpcall with a handler that loops", run = "xpcall(error, function() while true do end end)", must = "budget" },
  { name = "handlers that fail in handlers", run = "local function h() xpcall(error, h) error('x') end while true do xpcall(error, h) end" },
  { name = "an error object that loops when it is shown", run = "error(setmetatable({}, { __tostring = function() while true do end end }))", must = "error", says = "an error that is a table" },
  { name = "an error object that loops when it is joined", run = "local e = setmetatable({}, { __concat = function() while true do end end }) local _, x = pcall(error, e) return x .. 'x'", must = "budget" },
  { name = "a value to be closed that loops", must = "error", says = "non-closable", run = [[
    local meta = {}
    local t = setmetatable({}, meta)
    meta.__close = function() while true do end end
    local x <close> = t
    error("x")]] },
  { name = "a loop's own value to be closed that loops", must = "error", says = "non-closable", run = [[
    local meta = {}
    local t = setmetatable({}, meta)
    meta.__close = function() while true do end end
    for i in next, {}, nil, t do end]] },
  { name = "values to be closed in every frame of an overflow", must = "error", says = "non-closable", run = [[
    local meta = {}
    local t = setmetatable({}, meta)
    meta.__close = function() while true do end end
    local function f() local x <close> = t return 1 + f() end
    f()]] },
  { name = "an __index that calls itself", run = "local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end }) while true do pcall(function() return t[1] end) end" },
  { name = "an __index chain of tables that is a ring", run = "local a, b = {}, {} setmetatable(a, { __index = b }) setmetatable(b, { __index = a }) return a.x", must = "error", says = "loop" },
  { name = "a __newindex chain that is a ring", run = "local a, b = {}, {} setmetatable(a, { __newindex = b }) setmetatable(b, { __newindex = a }) a.x = 1", must = "error", says = "loop" },
  { name = "a __len that lies to insert", run = "table.insert(setmetatable({}, { __len = function() return 1 << 50 end }), 1, 1)", must = "budget" },
  { name = "a __len that lies to remove", run = "table.remove(setmetatable({}, { __len = function() return 1 << 50 end }), 1)", must = "budget" },
  { name = "a __len that lies to sort", run = "table.sort(setmetatable({}, { __len = function() return 1 << 40 end }))", must = "budget" },
  { name = "a __len that lies to unpack", run = "table.unpack(setmetatable({}, { __len = function() return 1 << 40 end }))" },
  { name = "a __len that is no number", run = "table.concat(setmetatable({}, { __len = function() return 'x' end }))", must = "error", says = "length is not an integer" },
  { name = "a comparison that loops", run = "local t = {} for i = 1, 100 do t[i] = i end table.sort(t, function() while true do end end)", must = "budget" },
  { name = "a comparison that always says yes", run = "local t = {} for i = 1, 50 do t[i] = i end table.sort(t, function() return true end) return #t", gives = 50 },
  { name = "a comparison that changes the list", run = "local t = {} for i = 1, 50 do t[i] = i end table.sort(t, function() for k in pairs(t) do t[k] = nil end return true end) return 'sorted'" , may = true },
  { name = "a sort of one long string many times", run = "local s, t = ('x'):rep(1 << 19), {} for i = 1, 3000 do t[i] = s end table.sort(t)" },
  { name = "an __lt that loops", run = "local m = { __lt = function() while true do end end } local t = {} for i = 1, 9 do t[i] = setmetatable({}, m) end table.sort(t)", must = "budget" },
  { name = "nothing, repeated for ever", run = "return #(''):rep(math.maxinteger)", gives = 0 },
  { name = "nothing with nothing between, repeated for ever", run = "return #(''):rep(math.maxinteger, '')", gives = 0 },
  { name = "moving a hundred million of nothing", run = "table.move({}, 1, 100000000, 1, {})", must = "budget" },
  { name = "moving past the last integer", run = "table.move({}, 1, math.maxinteger, 2)" },
  { name = "joining a huge range", run = "table.concat({}, '', 1, 1 << 40)" },
  { name = "joining big strings again and again", run = "local s = ('a'):rep(1 << 18) for i = 1, 10000 do table.concat({ s, s }) end" },
  { name = "unpacking a huge range", run = "table.unpack({}, 1, 1 << 40)" },
  { name = "unpacking all integers", run = "table.unpack({}, math.mininteger, math.maxinteger)" },
  { name = "a hundred thousand arguments, counted again and again", run = [[
    local function f(...) local n for i = 1, 1e9 do n = select("#", ...) end return n end
    return f(("x"):rep(100000):byte(1, -1))]] },
  { name = "arguments that grow by tail calls", run = "local function f(...) return f(1, ...) end return f()" },
  { name = "greedy backtracking", run = "return ('a'):rep(2000):find(('a*'):rep(4) .. 'b')", must = "budget" },
  { name = "lazy backtracking", run = "return ('a'):rep(200):find(('.-'):rep(5) .. 'b')", must = "budget" },
  { name = "backtracking in match", run = "return ('a'):rep(5000):match(('.-'):rep(3) .. 'b')", must = "budget" },
  { name = "backtracking in gmatch", run = "for x in ('a'):rep(5000):gmatch(('a*'):rep(3) .. 'b') do end", must = "budget" },
  { name = "backtracking over what was captured", run = "return ('a'):rep(20000):find('(a*)%1b')", must = "budget" },
  { name = "balance over megabytes", run = "local s = ('('):rep(1 << 20) for i = 1, 5000 do s:find('%b()') end", must = "budget" },
  { name = "a frontier over megabytes", run = "local s = ('a'):rep(1 << 20) for i = 1, 5000 do s:find('%f[b]') end", must = "budget" },
  { name = "gsub over megabytes", run = "local s = ('a'):rep(1 << 20) for i = 1, 500 do s:gsub('a', 'b') end" },
  { name = "gsub with a function that loops", run = "('x'):gsub('x', function() while true do end end)", must = "budget" },
  { name = "gsub with a table that loops", run = "('x'):gsub('x', setmetatable({}, { __index = function() while true do end end }))", must = "budget" },
  { name = "a plain search over megabytes", run = "local s = ('a'):rep(1 << 20) for i = 1, 50000 do s:find('b', 1, true) end", must = "budget" },
  { name = "a needle that is larger than its text", run = "local s = ('x'):rep(1 << 20) for i = 1, 1e9 do ('x'):find(s) end", must = "budget" },
  { name = "a needle that nearly fits", run = "local s, n = ('a'):rep(1 << 20), ('a'):rep(1 << 19) .. 'b' for i = 1, 100 do s:find(n, 1, true) end", must = "budget" },
  { name = "numbers of half a million digits", run = "local s = ('1'):rep(1 << 19) for i = 1, 1e9 do pcall(function() return s + 1 end) end" },
  { name = "comparing half a megabyte again and again", run = "local a = ('1'):rep(1 << 19) local b = a .. '' for i = 1, 1e9 do local x = a == b or a < b end" },
  { name = "upper, lower and reverse of megabytes", run = "local s = ('x'):rep(1 << 18) for i = 1, 1e9 do s:upper():lower():reverse() end" },
  { name = "counting the characters of megabytes", run = "local s = ('x'):rep(1 << 18) for i = 1, 1e9 do utf8.len(s) end", must = "budget" },
  { name = "characters as patterns over megabytes", run = "local s = ('é'):rep(1 << 17) for i = 1, 1e9 do for c in s:gmatch(utf8.charpattern) do end end", must = "budget" },
  { name = "text that is only the rest of characters", run = "local s = ('\\x80'):rep(1 << 18) for i = 1, 1e9 do pcall(function() for p in utf8.codes(s) do end end) end", must = "budget" },
  { name = "pairs over a big table again and again", run = "local t = {} for i = 1, 1000 do t['k' .. i] = i end for i = 1, 1e9 do for k in pairs(t) do end end" },
  { name = "next over a big table", run = "local t = {} for i = 1, 1000 do t['k' .. i] = i end for i = 1, 1e9 do next(t) end" },
  { name = "a __pairs that never ends", run = "for k in pairs(setmetatable({}, { __pairs = function() return function() return 1 end end })) do end", must = "budget" },
  { name = "an ipairs that never ends", run = "for i in ipairs(setmetatable({}, { __index = function(_, i) return i end })) do end", must = "budget" },
}
