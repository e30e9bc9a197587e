--- What a pure handler answered lately. It depends on its code, its settings and its input alone, so the same question
--- has the same answer; from the page of a cart to the last of the checkout a handler hears most questions three times.
local answers = {}

local MOST <const> = 128 -- questions of one handler, and up to twice as many
local MOST_BYTES <const> = 16384 -- that these questions had, and up to twice as many: the longer they are, the more is in the answers
local LARGEST <const> = 4096 -- bytes of a question: a cart of many lines is rarely asked about twice
local LARGE <const> = 256 -- bytes of a question whose answer is kept when it is asked a second time: most are not, and what is
-- kept and never asked for is old when it goes, which only a full collection finds

local mt = { __index = {} }

-- Whether the question was heard lately; it is from now on.
local function was_heard(self, key)
  if self.heard[key] or self.heard_before[key] then return true end
  if self.heard_count >= MOST then self.heard_before, self.heard, self.heard_count = self.heard, {}, 0 end
  self.heard[key], self.heard_count = true, self.heard_count + 1
  return false
end

--- What is known for a question: the answer, if any, and the key under which a new one is kept (nil: it is not).
---@param key string digest of the input
---@param config table the same table until settings change
---@param size integer bytes of the input
---@return any answer for readers only
---@return string? key
function mt.__index:find(key, config, size)
  if self.config ~= config then
    self.config, self.young, self.old, self.count, self.bytes = config, {}, {}, 0, 0
    self.heard, self.heard_before, self.heard_count = {}, {}, 0
  end
  if size > LARGEST then return nil end
  local answer = self.young[key]
  if answer == nil then
    answer = self.old[key]
    if answer ~= nil then self:keep(key, answer, size) end
  end
  if answer == nil and size > LARGE and not was_heard(self, key) then return nil end
  return answer, key
end

---@param key string
---@param answer any
---@param size integer
function mt.__index:keep(key, answer, size)
  if self.count >= MOST or self.bytes >= MOST_BYTES then
    self.old, self.young, self.count, self.bytes = self.young, {}, 0, 0
  end
  self.young[key], self.count, self.bytes = answer, self.count + 1, self.bytes + size
end

--- Whether answers of a handler are worth keeping: one that looks at the clock is never asked the same twice.
---@param input? string[] the paths that it reads
---@return boolean
function answers.are_lasting(input)
  for _, path in ipairs(input or {}) do
    if path == "now" then return false end
  end
  return input ~= nil
end

---@return table
function answers.new()
  return setmetatable({ config = nil, young = {}, old = {}, count = 0, bytes = 0, heard = {}, heard_before = {}, heard_count = 0 }, mt)
end

return answers
