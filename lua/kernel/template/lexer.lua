--- Cuts a template into text, outputs and tags, and the markup inside them into tokens.
local failure = require("kernel.template.failure")

local lexer = {}

local BLANKS <const> = "[%s\0]"

---@class merx.TemplateToken
---@field kind "text"|"output"|"tag"
---@field text string text, or the markup between the braces
---@field name? string of a tag
---@field line integer
---@field column integer

---@class merx.TemplateLexer
---@field source string
---@field pos integer
---@field line integer
---@field line_start integer position behind the last newline
---@field trims boolean the token before ended in "-"
local Lexer = {}
Lexer.__index = Lexer

---@param source string
---@param line? integer number of its first line
---@return merx.TemplateLexer
function lexer.new(source, line)
  return setmetatable(
    { source = source, pos = 1, line = line or 1, line_start = 1, trims = false },
    Lexer
  )
end

--- Moves to `pos`, counting the lines on the way.
function Lexer:advance(pos)
  local source, at = self.source, self.pos
  while true do
    local newline = source:find("\n", at, true)
    if not newline or newline >= pos then break end
    self.line = self.line + 1
    at = newline + 1
    self.line_start = at
  end
  self.pos = pos
end

function Lexer:column()
  return self.pos - self.line_start + 1
end

function Lexer:token(kind, text)
  return { kind = kind, text = text, line = self.line, column = self:column() }
end

--- The text up to `stop`, without the blanks that its neighbours trim.
function Lexer:text_until(stop)
  local token = self:token("text", self.source:sub(self.pos, stop - 1))
  local text = token.text
  if self.trims then text = text:gsub("^" .. BLANKS .. "+", "") end
  if self.source:find("^{[{%%]%-", stop) then text = text:gsub(BLANKS .. "+$", "") end
  token.text = text
  self.trims = false
  self:advance(stop)
  return token
end

--- An output ends at the first "}": a lone one is a mistake, not a part of it.
function Lexer:output()
  local source, first = self.source, self.pos
  local close = source:find("}", first + 2, true)
  if not close or source:sub(close + 1, close + 1) ~= "}" then
    local seen = close and source:sub(first, close) or "{{"
    failure.syntax(
      ("Variable '%s' was not properly terminated with '}}'"):format(seen),
      self.line,
      self:column()
    )
  end
  local from, to = first + 2, close - 1
  self.trims = to >= from and source:byte(to) == 45
  if source:byte(from) == 45 then from = from + 1 end
  if self.trims then to = to - 1 end
  local token = self:token("output", source:sub(from, to))
  self:advance(close + 2)
  return token
end

--- A tag: "{%", maybe "-", its name, its markup, maybe "-", "%}".
function Lexer:tag()
  local source, first = self.source, self.pos
  local close = source:find("%}", first + 2, true)
  if not close then
    local seen = source:sub(first):match("^[^\n]*")
    failure.syntax(
      ("Tag '%s' was not properly terminated with '%%}'"):format(seen),
      self.line,
      self:column()
    )
  end
  local from, to = first + 2, close - 1
  self.trims = to >= from and source:byte(to) == 45
  if source:byte(from) == 45 then from = from + 1 end
  if self.trims then to = to - 1 end
  local token = self:token("tag", source:sub(from, to))
  lexer.split_tag(token)
  self:advance(close + 2)
  return token
end

--- Takes the name of a tag off its markup. `token.line` becomes the line of the name.
---@param token merx.TemplateToken
function lexer.split_tag(token)
  local blanks, name, markup = token.text:match("^(%s*)(#)(.*)$")
  if not name then
    blanks, name, markup = token.text:match("^(%s*)([%a_][%w_]*)(.*)$")
  end
  token.name = name
  token.text = markup or token.text
  local _, newlines = (blanks or ""):gsub("\n", "")
  token.line = token.line + newlines
end

--- The next token, or nil at the end.
---@return merx.TemplateToken?
function Lexer:next()
  local source, pos = self.source, self.pos
  if pos > #source then return nil end
  local open = source:find("{[{%%]", pos)
  if open ~= pos then
    return self:text_until(open or #source + 1)
  elseif source:byte(pos + 1) == 123 then
    return self:output()
  end
  return self:tag()
end

--- Everything up to the tag that ends `name`, uninterpreted, and that tag itself; nil without one.
---@param name string
---@return string? text
---@return merx.TemplateToken? closing
function Lexer:raw_until(name)
  local source, first = self.source, self.pos
  local start, stop = source:find("{%%%-?%s*end" .. name .. "%f[^%w_][^%%]*%%}", first)
  if not start then return nil end
  local text = source:sub(first, start - 1)
  self:advance(start)
  local closing = self:tag()
  assert(self.pos == stop + 1)
  return text, closing
end

--- Moves behind the end of a comment. Comments nest, raw hides what is in it, and nothing else in
--- a comment has to make sense. False when it never ends.
---@return boolean
function Lexer:skip_comment()
  local source, depth, pos = self.source, 1, self.pos
  while depth > 0 do
    local start, name_end, name = source:find("{%%%-?%s*([%w_]*)", pos)
    local _, stop = source:find("%}", (name_end or 0) + 1, true)
    if not start or not stop then return false end
    pos = stop + 1
    if name == "raw" then
      local _, raw_stop = source:find("{%%%-?%s*endraw%s*%-?%%}", pos)
      if not raw_stop then failure.syntax("'raw' tag was never closed") end
      pos = raw_stop + 1
    elseif name == "comment" then
      depth = depth + 1
    elseif name == "endcomment" then
      depth = depth - 1
      if depth == 0 then self:advance(start) end
    end
  end
  self:tag()
  return true
end

-- What one character stands for in markup.
local SINGLES <const> = {
  ["|"] = "pipe",
  ["."] = "dot",
  [":"] = "colon",
  [","] = "comma",
  ["["] = "open_square",
  ["]"] = "close_square",
  ["("] = "open_round",
  [")"] = "close_round",
  ["?"] = "question",
  ["-"] = "dash",
}

local COMPARISONS <const> = { ["=="] = true, ["!="] = true, ["<>"] = true, ["<="] = true, [">="] = true }

--- The token at `pos` of `markup`: its kind, its text, and where it ends.
local function scan(markup, pos)
  local text = markup:match("^[%a_][%w_%-]*%??", pos)
  if text then return text == "contains" and "comparison" or "id", text, pos + #text end
  text = markup:match("^%-?%d+%.%d+", pos) or markup:match("^%-?%d+", pos)
  if text then return "number", text, pos + #text end
  text = markup:match("^'[^']*'", pos) or markup:match('^"[^"]*"', pos)
  if text then return "string", text:sub(2, -2), pos + #text end
  local two, one = markup:sub(pos, pos + 1), markup:sub(pos, pos)
  if COMPARISONS[two] then return "comparison", two, pos + 2 end
  if one == "<" or one == ">" then return "comparison", one, pos + 1 end
  if two == ".." then return "dotdot", two, pos + 2 end
  if SINGLES[one] then return SINGLES[one], one, pos + 1 end
  return nil, markup:match("^" .. utf8.charpattern, pos) or one, pos
end

--- Cuts markup into tokens: kinds, texts and quotes side by side, "end_of_string" last.
---@param markup string
---@return string[] kinds
---@return string[] texts
function lexer.markup(markup)
  local kinds, texts, count = {}, {}, 0
  local pos = markup:find("%S")
  while pos do
    local kind, text, stop = scan(markup, pos)
    if not kind then failure.syntax(("Unexpected character %s"):format(text)) end
    if kind == "comparison" and text == "contains" and kinds[count] == "dot" then kind = "id" end
    count = count + 1
    kinds[count], texts[count] = kind, text
    pos = markup:find("%S", stop)
  end
  kinds[count + 1] = "end_of_string"
  return kinds, texts
end

return lexer
