--- What a Lua source uses, found without running it: globals and their members, calls with what they are given, names of
--- fields, and texts that are keys of messages. It follows locals that stand for a text or for a member of a global, and
--- nothing that needs a run.
local tokens = require("cli.plugin.check.tokens")

local syntax = {}

---@class merx.SourceUse
---@field globals { name: string, line: integer, is_set?: boolean }[]
---@field members { path: string[], line: integer }[] "shop.http.get" of a global, as far as it is written out
---@field calls { path: string[], args: table[], line: integer }[] of members of globals
---@field fields table<string, boolean> every name of a field that is read, in any table
---@field messages { key: string, line: integer }[] reason, title, description and message of a table

local MESSAGES <const> = { reason = true, title = true, description = true, message = true }
local BINARY <const> = {}
for operator in ("+ - * / // % ^ .. == ~= < > <= >= & | ~ << >> and or"):gmatch("%S+") do BINARY[operator] = true end
local UNARY <const> = { ["not"] = true, ["-"] = true, ["#"] = true, ["~"] = true }
local BLOCK_END <const> = { ["end"] = true, ["else"] = true, ["elseif"] = true, ["until"] = true }

local Parser = {}
Parser.__index = Parser

-- ---- tokens and scopes -------------------------------------------------------------------------------------------------

function Parser:token() return self.list[self.at] end

function Parser:is(text)
  local token = self:token()
  return token.text == text and (token.kind == "op" or token.kind == "keyword")
end

function Parser:next()
  local token = self:token()
  self.at = self.at + 1
  return token
end

function Parser:accept(text)
  if not self:is(text) then return false end
  self.at = self.at + 1
  return true
end

function Parser:expect(text)
  if not self:accept(text) then
    error(("line %d: %s expected near %s"):format(self:token().line, text, self:token().text), 0)
  end
end

function Parser:open() self.scope = { outer = self.scope, names = {} } end

function Parser:close() self.scope = self.scope.outer end

-- `value` is what the name is known to stand for, if anything.
function Parser:declare(name, value) self.scope.names[name] = value or { kind = "unknown" } end

function Parser:find(name)
  local scope = self.scope
  while scope do
    if scope.names[name] then return scope.names[name] end
    scope = scope.outer
  end
end

-- ---- expressions -------------------------------------------------------------------------------------------------------

local UNKNOWN <const> = { kind = "unknown" }

function Parser:note_field(name) self.use.fields[name] = true end

local function extend(value, name)
  if value.kind ~= "member" then return UNKNOWN end
  local path = table.move(value.path, 1, #value.path, 1, {})
  path[#path + 1] = name
  return { kind = "member", path = path }
end

function Parser:name_value(token)
  local known = self:find(token.text)
  if known then return known end
  table.insert(self.use.globals, { name = token.text, line = token.line })
  return { kind = "member", path = { token.text } }
end

function Parser:note_messages(found)
  for name, value in pairs(found.fields) do
    local text = value.kind == "table" and value.first or value
    if MESSAGES[name] and text.kind == "text" and not text.is_part then
      table.insert(self.use.messages, { key = text.text, line = found.lines[name] })
    end
  end
end

function Parser:table_field(found)
  local token = self:token()
  if self:accept("[") then
    self:expression()
    self:expect("]")
    self:expect("=")
    self:expression()
  elseif token.kind == "name" and self.list[self.at + 1].text == "=" and self.list[self.at + 1].kind == "op" then
    self.at = self.at + 2
    local value = self:expression()
    found.fields[token.text], found.lines[token.text] = value, token.line
  else
    local value = self:expression()
    found.first = found.first or value
  end
end

function Parser:constructor()
  local found = { kind = "table", fields = {}, lines = {} }
  self:expect("{")
  while not self:is("}") do
    self:table_field(found)
    if not self:accept(",") then self:accept(";") end
  end
  self:expect("}")
  if not found.fields.code then self:note_messages(found) end -- with a code it is a failure, whose message is no key
  return found
end

function Parser:call_args()
  local token = self:token()
  if token.kind == "string" then return { { kind = "text", text = self:next().text } } end
  if self:is("{") then return { self:constructor() } end
  local args = {}
  self:expect("(")
  while not self:is(")") do
    args[#args + 1] = self:expression()
    self:accept(",")
  end
  self:expect(")")
  return args
end

function Parser:primary()
  if self:accept("(") then
    local value = self:expression()
    self:expect(")")
    return value
  end
  return self:name_value(self:next())
end

function Parser:note_member(value, line, first)
  if value.kind == "member" and #value.path > (first or 0) then table.insert(self.use.members, { path = value.path, line = line }) end
end

function Parser:suffixed()
  local line = self:token().line
  local value = self:primary()
  local first = value.path and #value.path -- a local's own path was noted where it was written
  while true do
    local token = self:token()
    if self:accept(".") then
      local name = self:next().text
      self:note_field(name)
      value = extend(value, name)
    elseif self:accept("[") then
      local key = self:expression()
      self:expect("]")
      if key.kind == "text" then self:note_field(key.text) end
      self:note_member(value, line, first)
      value = UNKNOWN
    elseif self:accept(":") then
      self:next()
      self:note_member(value, line, first)
      self:call_args()
      value = UNKNOWN
    elseif token.kind == "string" or self:is("(") or self:is("{") then
      self:note_member(value, line, first)
      local args = self:call_args()
      if value.kind == "member" then table.insert(self.use.calls, { path = value.path, args = args, line = line }) end
      value = UNKNOWN
    else
      self:note_member(value, line, first)
      return value
    end
  end
end

function Parser:simple()
  local token = self:token()
  if token.kind == "string" then return { kind = "text", text = self:next().text } end
  if token.kind == "number" or self:is("nil") or self:is("true") or self:is("false") or self:is("...") then
    self:next()
    return UNKNOWN
  end
  if self:is("{") then return self:constructor() end
  if self:accept("function") then
    self:body()
    return UNKNOWN
  end
  return self:suffixed()
end

function Parser:operand()
  while UNARY[self:token().text] and self:token().kind ~= "string" do self:next() end
  return self:simple()
end

-- Which operator binds how strongly does not matter here. A text that is joined to something is known by its beginning.
function Parser:expression()
  local value = self:operand()
  while BINARY[self:token().text] and self:token().kind ~= "string" do
    local operator = self:next().text
    self:operand()
    value = operator == ".." and value.kind == "text" and { kind = "text", text = value.text, is_part = true } or UNKNOWN
  end
  return value
end

function Parser:expressions()
  local values = { self:expression() }
  while self:accept(",") do values[#values + 1] = self:expression() end
  return values
end

-- ---- statements --------------------------------------------------------------------------------------------------------

function Parser:block()
  self:open()
  self:statements()
  self:close()
end

function Parser:statements()
  while self:token().kind ~= "end" and not (BLOCK_END[self:token().text] and self:token().kind == "keyword") do self:statement() end
end

function Parser:body(is_method)
  self:open()
  if is_method then self:declare("self") end
  self:expect("(")
  while not self:accept(")") do
    local token = self:next()
    if token.kind == "name" then self:declare(token.text) end
  end
  self:statements()
  self:close()
  self:expect("end")
end

function Parser:local_names()
  local names = {}
  repeat
    names[#names + 1] = self:next().text
    if self:accept("<") then
      self:next()
      self:expect(">")
    end
  until not self:accept(",")
  return names
end

function Parser:local_statement()
  if self:accept("function") then
    self:declare(self:next().text)
    return self:body()
  end
  local names = self:local_names()
  local values = self:accept("=") and self:expressions() or {}
  for i, name in ipairs(names) do self:declare(name, values[i]) end
end

function Parser:for_statement()
  local names = { self:next().text }
  while self:accept(",") do names[#names + 1] = self:next().text end
  if not self:accept("=") then self:expect("in") end
  self:expressions()
  self:expect("do")
  self:open()
  for _, name in ipairs(names) do self:declare(name) end
  self:statements()
  self:close()
  self:expect("end")
end

function Parser:if_statement()
  repeat
    self:expression()
    self:expect("then")
    self:block()
  until not self:accept("elseif")
  if self:accept("else") then self:block() end
  self:expect("end")
end

function Parser:function_statement()
  local token = self:next()
  local is_plain = not self:is(".") and not self:is(":")
  if is_plain and not self:find(token.text) then
    table.insert(self.use.globals, { name = token.text, line = token.line, is_set = true })
  elseif not is_plain then
    self:name_value(token)
  end
  local is_method = false
  while self:is(".") or self:is(":") do
    is_method = self:next().text == ":"
    self:next()
  end
  self:body(is_method)
end

function Parser:repeat_statement()
  self:open()
  self:statements()
  self:expect("until")
  self:expression() -- sees the names of the block
  self:close()
end

local statements = {
  ["local"] = Parser.local_statement, ["for"] = Parser.for_statement, ["if"] = Parser.if_statement,
  ["function"] = Parser.function_statement, ["repeat"] = Parser.repeat_statement,
  ["while"] = function(self)
    self:expression()
    self:expect("do")
    self:block()
    self:expect("end")
  end,
  ["do"] = function(self)
    self:block()
    self:expect("end")
  end,
  ["return"] = function(self)
    local token = self:token()
    if not (token.kind == "end" or token.kind == "keyword" and BLOCK_END[token.text] or self:is(";")) then self:expressions() end
    self:accept(";")
  end,
  ["break"] = function() end,
  ["goto"] = function(self) self:next() end,
}

-- A name alone on the left is set, not read.
function Parser:assigned(first)
  local before = self.list[self.at - 1]
  local is_bare = self.at - first == 1 and before.kind == "name" and not self:find(before.text)
  local globals = self.use.globals
  if is_bare and (self:is("=") or self:is(",")) then globals[#globals].is_set = true end
end

function Parser:statement()
  local token = self:token()
  if self:accept(";") then return end
  if self:accept("::") then
    self:next()
    return self:expect("::")
  end
  if token.kind == "keyword" and statements[token.text] then
    self:next()
    return statements[token.text](self)
  end
  local first = self.at
  self:suffixed()
  self:assigned(first)
  while self:accept(",") do
    first = self.at
    self:suffixed()
    self:assigned(first)
  end
  if self:accept("=") then self:expressions() end
end

--- Reads a source that compiles.
---@param source string
---@return merx.SourceUse
function syntax.read(source)
  local parser = setmetatable({
    list = tokens.read(source), at = 1, use = { globals = {}, members = {}, calls = {}, fields = {}, messages = {} },
  }, Parser)
  parser:block()
  if parser:token().kind ~= "end" then error(("line %d: unexpected %s"):format(parser:token().line, parser:token().text), 0) end
  return parser.use
end

return syntax
