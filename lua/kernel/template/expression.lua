--- Reads the markup of outputs and tags into expressions. Strict: what is not understood is an
--- error with its place, never skipped.
---
--- An expression is a table with `t`:
---   literal {value}  blank  empty  range {from, to}  name {name}  self
---   property {of, name}  index {of, at}  filter {of, name, args, named}
---   compare {op, a, b}  both {a, b}  either {a, b}
local failure = require("kernel.template.failure")
local lexer = require("kernel.template.lexer")

local expression = {}

---@class merx.TemplateExpression
---@field t string

---@class merx.ExpressionReader
---@field markup string
---@field kinds string[]
---@field texts string[]
---@field at integer
local Reader = {}
Reader.__index = Reader

---@param markup string
---@return merx.ExpressionReader
function expression.reader(markup)
  local reader = setmetatable({ markup = markup, at = 1 }, Reader)
  local ok, kinds, texts = pcall(lexer.markup, markup)
  if not ok then reader:refuse(kinds.message) end
  reader.kinds, reader.texts = kinds, texts
  return reader
end

--- Raises a syntax error that shows the markup.
---@param message string
function Reader:refuse(message)
  local shown = self.markup:match("^%s*(.-)%s*$")
  failure.syntax(('%s in "%s"'):format(message, shown))
end

--- True when the token here (or `ahead` tokens further) is of that kind.
---@param kind string
---@param ahead? integer
---@return boolean
function Reader:look(kind, ahead)
  return self.kinds[self.at + (ahead or 0)] == kind
end

--- Takes a token of that kind, or raises.
---@param kind string
---@return string text
function Reader:take(kind)
  local here = self.kinds[self.at]
  if here ~= kind then self:refuse(("Expected %s but found %s"):format(kind, here)) end
  self.at = self.at + 1
  return self.texts[self.at - 1]
end

--- Takes a token of that kind if it is here.
---@param kind string
---@return string?
function Reader:accept(kind)
  if self.kinds[self.at] == kind then return self:take(kind) end
  return nil
end

--- Takes the identifier `word` if it is here.
---@param word string
---@return string?
function Reader:accept_word(word)
  if self:look("id") and self.texts[self.at] == word then return self:take("id") end
  return nil
end

--- Raises unless all markup was read.
function Reader:finish()
  self:take("end_of_string")
end

local WORDS <const> = { ["nil"] = true, null = true, ["true"] = true, ["false"] = true }

local function word(name)
  if WORDS[name] then
    local value = nil
    if name == "true" then value = true end
    if name == "false" then value = false end
    return { t = "literal", value = value }
  elseif name == "blank" or name == "empty" then
    return { t = name }
  end
  return { t = "name", name = name }
end

--- `base` and the lookups behind it. blank.foo is a variable called blank.
function Reader:lookups(base)
  local first = self.at
  local node = base
  while true do
    if self:accept("open_square") then
      node = { t = "index", of = node, at = self:expression() }
      self:take("close_square")
    elseif self:accept("dot") then
      node = { t = "property", of = node, name = self:take("id") }
    else
      break
    end
  end
  if self.at > first and (base.t == "blank" or base.t == "empty") then
    base.t, base.name = "name", base.t
  end
  return node
end

function Reader:range()
  local from = self:expression()
  self:take("dotdot")
  local to = self:expression()
  self:take("close_round")
  return { t = "range", from = from, to = to }
end

--- One value: a literal, a variable with its lookups, or a range.
---@return merx.TemplateExpression
function Reader:expression()
  local kind, text = self.kinds[self.at], self.texts[self.at]
  if kind == "id" then
    self.at = self.at + 1
    return self:lookups(word(text))
  elseif kind == "string" then
    self.at = self.at + 1
    return { t = "literal", value = text }
  elseif kind == "number" then
    self.at = self.at + 1
    return { t = "literal", value = tonumber(text) }
  elseif kind == "open_round" then
    self.at = self.at + 1
    return self:range()
  elseif kind == "open_square" then
    self:refuse("Bare bracket access is not allowed. Use self['...'] instead")
  end
  local shown = text and ("[:%s, %q]"):format(kind, text) or ("[:%s]"):format(kind)
  self:refuse(shown .. " is not a valid expression")
end

--- Keyword arguments `key: value`, with or without commas between them, up to something else.
---@return { [1]: string, [2]: merx.TemplateExpression }[]
function Reader:named()
  local named = {}
  self:accept("comma")
  while self:look("id") do
    local key = self:take("id")
    self:take("colon")
    named[#named + 1] = { key, self:expression() }
    self:accept("comma")
  end
  return named
end

--- Arguments of a filter or a tag: values and keyword arguments, mixed, with commas between.
---@return merx.TemplateExpression[] args
---@return { [1]: string, [2]: merx.TemplateExpression }[] named
function Reader:arguments()
  local args, named = {}, {}
  repeat
    if self:look("pipe") or self:look("end_of_string") then break end
    if self:look("id") and self:look("colon", 1) then
      local key = self:take("id")
      self:take("colon")
      named[#named + 1] = { key, self:expression() }
    else
      args[#args + 1] = self:expression()
    end
  until not self:accept("comma")
  return args, named
end

--- A value with its filters, up to the end. Nil when there is nothing at all.
---@return merx.TemplateExpression?
function Reader:filtered()
  if self:look("end_of_string") then return nil end
  local node = self:expression()
  while self:accept("pipe") do
    local name = self:take("id")
    local args, named = {}, {}
    if self:accept("colon") then
      args, named = self:arguments()
    end
    node = { t = "filter", of = node, name = name, args = args, named = named }
  end
  self:finish()
  return node
end

function Reader:comparison()
  local a = self:expression()
  local op = self:accept("comparison")
  if not op then return a end
  return { t = "compare", op = op, a = a, b = self:expression() }
end

--- A condition: comparisons joined by `and` and `or`, read from the right, up to the end.
---@return merx.TemplateExpression
function Reader:condition()
  local function joined()
    local a = self:comparison()
    if self:accept_word("and") then
      return { t = "both", a = a, b = joined() }
    elseif self:accept_word("or") then
      return { t = "either", a = a, b = joined() }
    end
    return a
  end
  local node = joined()
  self:finish()
  return node
end

--- The expression as text, always the same for the same expression.
---@param node merx.TemplateExpression
---@return string
function expression.text(node)
  if node.t == "literal" then
    if type(node.value) == "string" then return ("%q"):format(node.value) end
    return tostring(node.value)
  elseif node.t == "range" then
    return ("(%s..%s)"):format(expression.text(node.from), expression.text(node.to))
  elseif node.t == "property" then
    return expression.text(node.of) .. "." .. node.name
  elseif node.t == "index" then
    return ("%s[%s]"):format(expression.text(node.of), expression.text(node.at))
  end
  return node.name or node.t
end

return expression
