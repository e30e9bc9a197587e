--- Scripts whose attack is the answer itself.
return {
  { name = "an answer in which it is itself", run = "local t = {} t.t = t return t", must = "error", says = "nested too deep" },
  { name = "an answer that holds itself as a key", run = "local t = {} t[t] = 1 return t", must = "error", says = "neither a string nor an integer" },
  { name = "an answer a hundred deep", run = "local t = {} for i = 1, 100 do t = { t } end return t", must = "error", says = "nested too deep" },
  { name = "an answer that doubles forty times", run = "local t = { 1 } for i = 1, 40 do t = { t, t } end return t", must = "error" },
  { name = "an answer of thousands of lists", run = "local t, e = {}, {} for i = 1, 900 do e[i] = t end for i = 1, 900 do t[i] = {} end return e", must = "error", says = "too large" },
  { name = "a function as an answer", run = "return { f = function() end }", must = "error", says = "is a function" },
  { name = "half an answer", run = "return { { op = 'set_unit' }, pairs }", must = "error", says = "is a function" },
  { name = "keys of every kind", run = "return { [1.5] = 1 }", must = "error", says = "neither a string nor an integer" },
  { name = "a boolean key", run = "return { [true] = 1 }", must = "error", says = "neither a string nor an integer" },
  { name = "an answer with a metatable", run = "return setmetatable({ 1 }, { __index = function() return 2 end, __len = function() return 1e9 end, __pairs = error })", gives = { 1 } },
  { name = "an error of a megabyte", run = "local s = ('x'):rep(1 << 19) error(s)", must = "stopped", short = true },
  { name = "an error of many lines", run = "error('one\\ntwo\\27[31mthree\\0four')", must = "error", plain = true },
  { name = "an error that forges a trace", run = "error('fine\\nstack traceback:\\n\\tlua/domain/order.lua:1')", must = "error", plain = true },
  { name = "an error that is nothing", run = "error()", must = "error", says = "an error that is a nil" },
  { name = "an error that is a function", run = "error(pairs)", must = "error", says = "an error that is a function" },
}
