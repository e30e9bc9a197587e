--- Messages in a subset of ICU MessageFormat, compiled to Lua closures:
---   {name}  {n, number}  {n, number, percent}  {n, plural, =0 {…} one {…} other {# …}}
---   {n, selectordinal, …}  {kind, select, a {…} other {…}}  {at, date, short}  {at, time, short}
---   {price, money}
--- An apostrophe before a brace or # takes its meaning away, up to the next one; two are one.
local message = {}

---@alias merx.MessagePart fun(args: table, host: merx.MessageHost, number?: number): string

--- What messages need from the language.
---@class merx.MessageHost
---@field text fun(value: any): string how a plain argument is written
---@field number fun(value: number, style?: string): string
---@field plural fun(value: number, kind: "plural"|"selectordinal"): string
---@field date fun(value: any, style: string): string
---@field time fun(value: any, style: string): string
---@field money fun(value: any): string

local Reader = {}
Reader.__index = Reader

local function refuse(self, why)
  error(("message '%s': %s at byte %d"):format(self.source, why, self.pos), 0)
end

function Reader:skip_blanks()
  self.pos = self.source:find("%S", self.pos) or #self.source + 1
end

function Reader:peek()
  return self.source:sub(self.pos, self.pos)
end

function Reader:take(char)
  self:skip_blanks()
  if self:peek() ~= char then refuse(self, "expected " .. char) end
  self.pos = self.pos + 1
end

function Reader:word(pattern)
  self:skip_blanks()
  local word = self.source:match("^" .. pattern, self.pos)
  if not word then refuse(self, "expected a name") end
  self.pos = self.pos + #word
  return word
end

--- The text behind an apostrophe.
local function read_quoted(self, in_plural)
  local source = self.source
  local next_char = source:sub(self.pos + 1, self.pos + 1)
  if next_char == "'" then
    self.pos = self.pos + 2
    return "'"
  elseif not (next_char == "{" or next_char == "}" or (in_plural and next_char == "#")) then
    self.pos = self.pos + 1
    return "'"
  end
  local parts, from = {}, self.pos + 1
  while true do
    local quote = source:find("'", from, true) or #source + 1
    parts[#parts + 1] = source:sub(from, quote - 1)
    if source:sub(quote + 1, quote + 1) ~= "'" then
      self.pos = quote + 1
      return table.concat(parts)
    end
    parts[#parts + 1] = "'"
    from = quote + 2
  end
end

local read_parts

--- The branches of plural and select: text by selector.
local function read_branches(self, in_plural)
  local branches, offset = {}, 0
  self:skip_blanks()
  while self:peek() ~= "}" do
    local selector = self:word("[^%s{},]+")
    if selector == "offset:" or selector:find("^offset:") then
      local digits = selector:match(":(%d+)$") or self:word("%d+")
      offset = math.tointeger(tonumber(digits))
    else
      self:take("{")
      branches[selector] = read_parts(self, in_plural)
      self:take("}")
    end
    self:skip_blanks()
  end
  if not branches.other then refuse(self, "the branch 'other' is missing") end
  return branches, offset
end

local function plural_part(name, kind, branches, offset)
  return function(args, host)
    local value = tonumber(args[name]) or 0
    local branch = branches["=" .. value]
    if not branch then
      branch = branches[host.plural(value - offset, kind)] or branches.other
    end
    return branch(args, host, value - offset)
  end
end

local function select_part(name, branches)
  return function(args, host, number)
    local branch = branches[tostring(args[name])] or branches.other
    return branch(args, host, number)
  end
end

local formats = {
  number = function(name, style)
    return function(args, host) return host.number(tonumber(args[name]) or 0, style) end
  end,
  date = function(name, style)
    return function(args, host) return host.date(args[name], style or "medium") end
  end,
  time = function(name, style)
    return function(args, host) return host.time(args[name], style or "short") end
  end,
  money = function(name)
    return function(args, host) return host.money(args[name]) end
  end,
}

local function argument_part(name)
  return function(args, host)
    local value = args[name]
    if value == nil then return "{" .. name .. "}" end
    return host.text(value)
  end
end

--- What stands between braces.
local function read_argument(self)
  local name = self:word("[%w_%.]+")
  name = math.tointeger(tonumber(name)) or name
  self:skip_blanks()
  if self:peek() == "}" then return argument_part(name) end
  self:take(",")
  local kind, style = self:word("%a+"), nil
  if kind == "plural" or kind == "selectordinal" then
    self:take(",")
    local branches, offset = read_branches(self, true)
    return plural_part(name, kind, branches, offset)
  elseif kind == "select" then
    self:take(",")
    return select_part(name, (read_branches(self, false)))
  elseif not formats[kind] then
    refuse(self, ("unknown format '%s'"):format(kind))
  end
  self:skip_blanks()
  if self:peek() == "," then
    self:take(",")
    style = self:word("%a+")
  end
  return formats[kind](name, style)
end

local function literal_part(text)
  return function() return text end
end

local function number_part(_, host, number)
  return host.number(number)
end

local function joined(parts)
  if #parts == 1 then return parts[1] end
  return function(args, host, number)
    local out = {}
    for i, part in ipairs(parts) do
      out[i] = part(args, host, number)
    end
    return table.concat(out)
  end
end

--- Parts up to the closing brace or the end.
function read_parts(self, in_plural)
  local parts, text = {}, {}
  local function flush()
    if #text == 0 and #parts > 0 then return end
    parts[#parts + 1] = literal_part(table.concat(text))
    text = {}
  end
  while self.pos <= #self.source do
    local char = self:peek()
    if char == "}" then break end
    if char == "'" then
      text[#text + 1] = read_quoted(self, in_plural)
    elseif char == "{" then
      if #text > 0 then flush() end
      self:take("{")
      parts[#parts + 1] = read_argument(self)
      self:take("}")
    elseif char == "#" and in_plural then
      if #text > 0 then flush() end
      self.pos = self.pos + 1
      parts[#parts + 1] = number_part
    else
      local run = self.source:match("^[^{}'#]+", self.pos) or char
      text[#text + 1] = run
      self.pos = self.pos + #run
    end
  end
  flush()
  return joined(parts)
end

--- Compiles a message; raises when it is malformed.
---@param source string
---@return merx.MessagePart
function message.compile(source)
  local self = setmetatable({ source = source, pos = 1 }, Reader)
  local part = read_parts(self, false)
  if self.pos <= #source then refuse(self, "a } too many") end
  return part
end

return message
