--- The part of the compiler that writes expressions: each becomes one Lua expression without
--- newlines. These functions are methods of the generator.
local native = require("native.template")

local values = require("kernel.template.values")

local expressions = {}

local KEYWORDS <const> = {}
for word in
  ([[and break do else elseif end false for function goto if in local nil not or repeat return
  then true until while]]):gmatch("%a+")
do
  KEYWORDS[word] = true
end

-- Names that mean something on every value.
local COMMANDS <const> = { size = true, first = true, last = true }

--- The Lua code of a lookup by a constant name.
local function field(code, name)
  if name:find("^[%a_][%w_]*$") and not KEYWORDS[name] then return code .. "." .. name end
  return ("%s[%q]"):format(code, name)
end

expressions.field = function(_, code, name) return field(code, name) end

--- A Lua literal without newlines.
local function quoted(value)
  return (("%q"):format(value):gsub("\\\n", "\\n"):gsub("\r", "\\r"))
end

expressions.quoted = function(_, value) return quoted(value) end

local forloop_code = {
  index = function(loop) return loop.at end,
  index0 = function(loop) return ("(%s-1)"):format(loop.at) end,
  rindex = function(loop) return ("(%s-%s+1)"):format(loop.size, loop.at) end,
  rindex0 = function(loop) return ("(%s-%s)"):format(loop.size, loop.at) end,
  first = function(loop) return ("(%s==1)"):format(loop.at) end,
  last = function(loop) return ("(%s==%s)"):format(loop.at, loop.size) end,
  length = function(loop) return loop.size end,
}

--- How many loops out `node` looks, when it is forloop, forloop.parentloop …; nil when it is not.
local function loops_out(self, node)
  if node.t == "name" and node.name == "forloop" and self.scope.forloop == nil then
    return 0
  elseif node.t == "property" and node.name == "parentloop" then
    local out = loops_out(self, node.of)
    return out and out + 1
  end
  return nil
end

--- forloop.index and its kind, worked out from the loop's own counter.
local function forloop_property(self, node)
  local out = loops_out(self, node.of)
  local loop = out and self:plain_loop(out)
  local code = loop and forloop_code[node.name]
  if not code then return nil end
  loop.needs_at = true
  return code(loop)
end

--- The for loop `out` levels up, tablerows not counted.
function expressions.plain_loop(self, out)
  for i = #self.loops, 1, -1 do
    local loop = self.loops[i]
    if not loop.is_table then
      if out == 0 then return loop end
      out = out - 1
    end
  end
  return nil
end

local writers = {}

function writers.literal(_, node)
  if node.value == nil then return "nil" end
  return quoted(node.value)
end

--- Code that a tag wrote already.
function writers.code(_, node)
  return node.code
end

function writers.blank()
  return '""'
end
writers.empty = writers.blank

function writers.range(self, node)
  return ("%s(%s,%s)"):format(self:runtime("range"), self:expr(node.from), self:expr(node.to))
end

--- `self`, the scope as an object, unless there is a variable of that name.
local function self_code(self)
  local locals = {}
  for name, code in pairs(self.scope) do
    locals[#locals + 1] = ("[%q]=%s"):format(name, code)
  end
  table.sort(locals)
  return ("(V.self or %s(V,{%s}))"):format(self:runtime("scope_object"), table.concat(locals, ","))
end

function writers.name(self, node)
  local known = self.scope[node.name]
  if known then return known end
  if node.name == "self" then return self_code(self) end
  if node.name == "forloop" then
    local loop = self:plain_loop(0)
    if loop then
      loop.needs_drop = true
      return loop.drop
    end
  end
  if self.region then return self:global(node.name) end
  return field("V", node.name)
end

--- Lookups of plain tables, inlined: what indexing nil or false would break reads an empty table.
--- A number or true makes it fail, and the other forms answer nil.
function writers.property(self, node)
  local code = forloop_property(self, node)
  if code then return code end
  local of, name = self:expr(node.of), node.name
  if COMMANDS[name] then
    return ("%s(%s,%q)"):format(self:runtime("command"), of, name)
  elseif not self.inlines or string[name] then
    return ("%s(%s,%q)"):format(self:runtime("property"), of, name)
  end
  return field(("(%s or E)"):format(of), name)
end

function writers.index(self, node)
  return ("%s(%s,%s)"):format(self:runtime("get"), self:expr(node.of), self:expr(node.at))
end

-- Code that may be written twice: a local, or a field of one.
local function is_simple(code)
  return code:find("^[%a_][%w_]*$") ~= nil or code:find("^%([%a_][%w_]* or E%)%.[%a_][%w_]*$") ~= nil
end

local function is_scalar(node)
  return node.t == "literal" and type(node.value) ~= "string"
end

--- a == b: by type where one side is known, else by the rules of templates.
local function equality(self, a, b)
  if b.t == "blank" or b.t == "empty" then
    a, b = b, a
  end
  if a.t == "blank" or a.t == "empty" then
    if b.t == "blank" or b.t == "empty" then return "false" end
    local code = self:expr(b)
    if a.t == "blank" and self.inlines and is_simple(code) then
      return ("(not %s or %s(%s))"):format(code, self:runtime("is_blank"), code)
    end
    return ("%s(%s)"):format(self:runtime("is_" .. a.t), code)
  elseif is_scalar(a) or is_scalar(b) then
    return ("(%s==%s)"):format(self:expr(a), self:expr(b))
  end
  return ("%s(%s,%s)"):format(self:runtime("equal"), self:expr(a), self:expr(b))
end

expressions.equality = equality

local COMPARISONS <const> = {
  ["<"] = "less",
  ["<="] = "less_equal",
  [">"] = "greater",
  [">="] = "greater_equal",
  contains = "contains",
}

local function is_number(node)
  return node.t == "literal" and type(node.value) == "number"
end

local function is_comparable(node, code)
  return is_number(node) or is_simple(code)
end

--- Numbers are what is compared mostly. What Lua cannot compare fails, and the other forms know better.
local function inlined_comparison(node, a, b)
  local tests = {}
  for _, side in ipairs({ { node.a, a }, { node.b, b } }) do
    if not is_number(side[1]) then tests[#tests + 1] = side[2] .. "~=nil" end
  end
  tests[#tests + 1] = a .. node.op .. b
  return "(" .. table.concat(tests, " and ") .. ")"
end

function writers.compare(self, node)
  if node.op == "==" then return equality(self, node.a, node.b) end
  if node.op == "!=" or node.op == "<>" then
    return ("(not %s)"):format(equality(self, node.a, node.b))
  end
  local a, b = self:expr(node.a), self:expr(node.b)
  if self.inlines and node.op ~= "contains" and is_comparable(node.a, a) and is_comparable(node.b, b) then
    return inlined_comparison(node, a, b)
  end
  return ("%s(%s,%s)"):format(self:runtime(COMPARISONS[node.op]), a, b)
end

function writers.both(self, node)
  return ("(%s and %s)"):format(self:expr(node.a), self:expr(node.b))
end

function writers.either(self, node)
  return ("(%s or %s)"):format(self:expr(node.a), self:expr(node.b))
end

--- Keyword arguments as a table constructor.
function expressions.named_table(self, named)
  local parts = {}
  for i, pair in ipairs(named) do
    parts[i] = ("[%q]=%s"):format(pair[1], self:expr(pair[2]))
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function arity_error(def, given)
  local wanted = tostring(def.min + 1)
  if def.max ~= def.min then wanted = wanted .. ".." .. def.max + 1 end
  return ("wrong number of arguments (given %d, expected %s)"):format(given + 1, wanted)
end

--- The call of a filter, before HTML is made of what it returns.
local function filter_call(self, node)
  local def = self.known_filters[node.name]
  local given = #node.args + ((#node.named > 0 and not def.named) and 1 or 0)
  if given < def.min or given > def.max then
    local refuse = self:runtime("refuse")
    return ("%s(%s)"):format(refuse, quoted(arity_error(def, given)))
  end
  local args = { self:expr(node.of) }
  if def.state then table.insert(args, 1, "S") end
  if def.named then
    args[#args + 1] = #node.named > 0 and self:named_table(node.named) or "nil"
  end
  for _, arg in ipairs(node.args) do
    args[#args + 1] = self:expr(arg)
  end
  return ("%s(%s)"):format(self:filter_name(node.name), table.concat(args, ","))
end

--- An unknown filter gives back what it gets, as in every Liquid; the template carries a warning.
local function known_filter(self, node)
  if self.known_filters[node.name] then return true end
  self.warnings[#self.warnings + 1] = ("unknown filter '%s'"):format(node.name)
  return false
end

function writers.filter(self, node)
  if not known_filter(self, node) then return self:expr(node.of) end
  local def, call = self.known_filters[node.name], filter_call(self, node)
  if def.html and self.autoescape then return ("%s(%s)"):format(self:runtime("html"), call) end
  return "(" .. call .. ")"
end

--- The Lua expression of a node.
---@param node merx.TemplateExpression
---@return string
function expressions.expr(self, node)
  node = self:fold(node) or node
  return writers[node.t](self, node)
end

--- How an output prints: the code of its value and whether it is escaped. A literal is printed
--- while compiling and gives nil.
---@param node merx.TemplateExpression
---@return string? code
---@return "e"|"r"? flag
function expressions.printed(self, node)
  local flag = self.autoescape and "e" or "r"
  node = self:fold(node) or node
  if node.t == "literal" then
    local text = values.text(node.value)
    self:text(flag == "e" and native.escape(text) or text)
    return nil
  elseif node.t == "filter" and self.autoescape and self.known_filters[node.name] then
    if node.name == "escape" and #node.args == 0 then return self:expr(node.of), "e" end
    if node.name == "raw" and #node.args == 0 then return self:expr(node.of), "r" end
    local def = self.known_filters[node.name]
    if def.html or def.prints_raw then return filter_call(self, node), "r" end
  end
  return self:expr(node), flag
end

return expressions
