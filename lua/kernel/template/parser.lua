--- Builds the tree of a template: text, outputs and tags, each with its line. What a tag means is
--- in tags/: the parser knows only how bodies nest.
---
--- A node is a table with `t` ("text" {text}, "output" {value}, or "tag" {name, def, …}), `line`,
--- `column` and `blank`: true when it prints nothing but blanks.
local expression = require("kernel.template.expression")
local failure = require("kernel.template.failure")
local lexer = require("kernel.template.lexer")

local parser = {}

local MAX_DEPTH <const> = 100

---@class merx.TemplateParser
---@field lexer merx.TemplateLexer
---@field tags table<string, merx.TemplateTag>
---@field schema? string JSON text of {% schema %}
---@field queue merx.TemplateToken[] tokens of a {% liquid %} tag
local Parser = {}
Parser.__index = Parser

--- Runs `fn(self, ...)`; a syntax error gets the place of `token` unless it has one.
function Parser:placed(token, fn, ...)
  local results = table.pack(pcall(fn, self, ...))
  if results[1] then return table.unpack(results, 2, results.n) end
  local err = results[2]
  if failure.is(err) and not err.line then
    err.line, err.column = token.line, token.column
  end
  error(err, 0)
end

--- The next token: of the running {% liquid %} tag, or of the source.
---@return merx.TemplateToken?
function Parser:next()
  local lines = self.lines
  if not lines then return self.lexer:next() end
  lines.at = lines.at + 1
  return lines[lines.at]
end

local function read_output(self, token)
  local value = expression.reader(token.text):filtered()
  return { t = "output", value = value, line = token.line, column = token.column }
end

local function read_tag(self, token)
  local def = self.tags[token.name]
  if not def then failure.syntax(("Unknown tag '%s'"):format(token.name)) end
  local node = { t = "tag", name = token.name, def = def, line = token.line, column = token.column }
  def.parse(self, node, token.text, token)
  if def.blank then node.blank = true end
  return node
end

--- Reads nodes until a tag named in `stops`, which is returned, or the end.
---@param owner? merx.TemplateToken the tag whose body this is
---@param stops table<string, boolean>
---@return table[] nodes with `blank`
---@return merx.TemplateToken? stop
function Parser:nodes(owner, stops)
  local nodes = { blank = true }
  self.depth = self.depth + 1
  if self.depth > MAX_DEPTH then failure.syntax("Nesting too deep", owner.line, owner.column) end
  local token = self:next()
  while token and not (token.kind == "tag" and stops[token.name]) do
    local node
    if token.kind == "text" then
      node = { t = "text", text = token.text, line = token.line, column = token.column }
      node.blank = not token.text:find("%S")
    elseif token.kind == "output" then
      node = self:placed(token, read_output, token)
    else
      self:check_stray(owner, token)
      node = self:placed(token, read_tag, token)
    end
    nodes[#nodes + 1] = node
    nodes.blank = nodes.blank and node.blank or false
    token = self:next()
  end
  self.depth = self.depth - 1
  return nodes, token
end

--- Refuses tags that only have a meaning inside others.
function Parser:check_stray(owner, token)
  local name = token.name
  if not name then
    failure.syntax(("Unknown tag '%s'"):format(token.text:match("^%s*(%S*)")), token.line, token.column)
  elseif name:find("^end") and not self.tags[name] then
    local wanted = owner and ("'%s' is not a valid delimiter for %s tags. use end%s")
      :format(name, owner.name, owner.name) or ("Unknown tag '%s'"):format(name)
    failure.syntax(wanted, token.line, token.column)
  elseif name == "else" then
    local message = owner and ("%s tag does not expect 'else' tag"):format(owner.name)
      or "Unexpected outer 'else' tag"
    failure.syntax(message, token.line, token.column)
  end
end

--- The body of a block tag up to one of `stops`; raises when the source ends before.
---@param node table the tag
---@param stops table<string, boolean>
---@return table[] nodes
---@return merx.TemplateToken stop
function Parser:body(node, stops)
  local nodes, stop = self:nodes(node, stops)
  if not stop then
    failure.syntax(("'%s' tag was never closed"):format(node.name), node.line, node.column)
  end
  return nodes, stop
end

--- The uninterpreted body of a tag like raw or schema.
---@param node table
---@return string
function Parser:raw_body(node)
  local text = not self.lines and self.lexer:raw_until(node.name)
  if not text then
    failure.syntax(("'%s' tag was never closed"):format(node.name), node.line, node.column)
  end
  return text
end

--- Takes blanks out of bodies that print nothing else, as every Liquid does.
---@param nodes table[]
function parser.drop_blanks(nodes)
  local kept = { blank = nodes.blank }
  for _, node in ipairs(nodes) do
    if node.t ~= "text" then kept[#kept + 1] = node end
  end
  return kept
end

--- The lines of a {% liquid %} tag as tag tokens, read with the parser's own functions.
---@param token merx.TemplateToken
---@return table[] nodes
function Parser:liquid(token)
  local lines, number = { at = 0 }, token.line
  for line in (token.text .. "\n"):gmatch("(.-)\n") do
    if line:find("%S") then
      local tag = { kind = "tag", text = line, line = number, column = 1 }
      lexer.split_tag(tag)
      lines[#lines + 1] = tag
    end
    number = number + 1
  end
  local outer = self.lines
  self.lines = lines
  local nodes = self:nodes(nil, {})
  self.lines = outer
  return nodes
end

---@param source string
---@param tags table<string, merx.TemplateTag>
---@return table[] nodes
---@return merx.TemplateParser parser what was met on the way: `schema`, `includes`
function parser.parse(source, tags)
  local self = setmetatable({ lexer = lexer.new(source), tags = tags, depth = 0 }, Parser)
  return self:nodes(nil, {}), self
end

return parser
