--- Where things stand in a JSON file: the line of every path, so that a mistake is told with its place. The text is read as
--- JSON that was found to be right.
local places = {}

---@class merx.Places
---@field lines table<string, integer> by path, as "contributes.price_rules.1.id"
---@field texts { path: string, text: string, line: integer }[]

--- The line of a byte.
---@param text string
---@param at integer
---@return integer
function places.line_of(text, at)
  return select(2, text:sub(1, at - 1):gsub("\n", "")) + 1
end

local function join(path, name)
  return path == "" and tostring(name) or path .. "." .. name
end

local Reader = {}
Reader.__index = Reader

-- The next character that is no space; lines are counted on the way.
function Reader:peek()
  local stop = self.text:find("%S", self.at) or #self.text + 1
  self.line = self.line + select(2, self.text:sub(self.at, stop - 1):gsub("\n", ""))
  self.at = stop
  return self.text:sub(stop, stop)
end

function Reader:read_text()
  local start = self.at + 1
  local stop = start
  while self.text:sub(stop, stop) ~= '"' do
    stop = stop + (self.text:sub(stop, stop) == "\\" and 2 or 1)
  end
  self.at = stop + 1
  return self.text:sub(start, stop - 1)
end

-- Members up to the closing bracket; `key` reads what stands before a value.
function Reader:read_members(path, close, key)
  self.at = self.at + 1
  local count = 0
  while self:peek() ~= close do
    if self:peek() == "," then
      self.at = self.at + 1
      self:peek()
    end
    count = count + 1
    local line = self.line
    local inner = join(path, key(count))
    self:peek()
    self.found.lines[inner] = line
    self:read_value(inner)
  end
  self.at = self.at + 1
end

function Reader:read_value(path)
  local char = self:peek()
  if char == "{" then
    self:read_members(path, "}", function()
      local name = self:read_text()
      self:peek()
      self.at = self.at + 1 -- the colon
      return name
    end)
  elseif char == "[" then
    self:read_members(path, "]", function(count) return count end)
  elseif char == '"' then
    local line = self.line
    table.insert(self.found.texts, { path = path, text = self:read_text(), line = line })
  else
    self.at = self.text:find("[,%]}%s]", self.at) or #self.text + 1
  end
end

--- Reads a JSON text that is known to be right.
---@param text string
---@return merx.Places
function places.read(text)
  local reader = setmetatable({ text = text, at = 1, line = 1, found = { lines = {}, texts = {} } }, Reader)
  reader:read_value("")
  return reader.found
end

--- The line of a path, or of the nearest thing around it.
---@param found merx.Places
---@param path string
---@return integer
function places.find(found, path)
  while path and path ~= "" do
    if found.lines[path] then return found.lines[path] end
    path = path:match("^(.*)%.[^.]*$")
  end
  return 1
end

-- "price_rules.qty" in a sentence is "contributes.price_rules.1" in the file.
local function resolve(found, words)
  local place, id, rest = words:match("^([%l_]+)%.([%l%d_-]+)(.*)$")
  for _, entry in ipairs(place and found.texts or {}) do
    local path = entry.path:match("^(contributes%." .. place .. "%.%d+)%.id$")
    if path and entry.text == id then return path .. rest end
  end
  return words
end

--- The line that a sentence is most likely about: it begins with a path, or quotes what stands there.
---@param found merx.Places
---@param sentence string
---@return integer
function places.guess(found, sentence)
  local path = resolve(found, (sentence:match("^[%w_.%[%]-]+") or ""):gsub("%.$", ""))
  local line, longest = places.find(found, path), 2
  local prefix = found.lines[path] and path or ""
  for _, entry in ipairs(found.texts) do
    local is_inside = prefix == "" or entry.path:sub(1, #prefix) == prefix
    if is_inside and #entry.text > longest and entry.path ~= prefix .. ".id" and sentence:find(entry.text, 1, true) then
      line, longest = entry.line, #entry.text
    end
  end
  return line
end

return places
