--- Made-up values for properties. Early rounds are small, so that the first failure is easy to read;
--- bounds come up often. The same seed gives the same values on every machine.
local format = require("support.format")

local generate = {}

---@class test.Generator
---@field integer fun(low?: integer, high?: integer): integer
---@field boolean fun(): boolean
---@field one_of fun(list: any[]): any
---@field text fun(longest?: integer): string UTF-8, with the characters that make trouble
---@field bytes fun(longest?: integer): string any bytes
---@field list fun(like: any, shortest?: integer, longest?: integer): any[] of values made as its first
--- argument was, `any.list(any.integer(1, 9))`, or of what a function gives
---@field describe fun(self): string what was made so far

local LETTERS <const> = {
  "a", "b", "Z", "0", "9", " ", "-", "_", ".", "é", "ß", "İ", "中", "文", "👍", "<", "&", '"', "'", "\n", "/", "\\", "e\u{301}",
}

-- splitmix64
local function new_bits(seed)
  local state = seed
  return function()
    state = state + 0x9e3779b97f4a7c15
    local z = state
    z = (z ~ (z >> 30)) * 0xbf58476d1ce4e5b9
    z = (z ~ (z >> 27)) * 0x94d049bb133111eb
    return z ~ (z >> 31)
  end
end

local function new_makers(bits, round)
  local makers = {}

  -- 0 … count - 1
  local function below(count) return (bits() >> 1) % count end

  function makers.integer(low, high)
    low, high = low or -1000000, high or 1000000
    local choice = below(8)
    if choice == 0 then return low end
    if choice == 1 then return high end
    local span = high - low
    if span < 0 or span == math.maxinteger then return bits() end -- all of 64 bits, nearly
    if choice < 5 then span = math.min(span, round * round * 4) end
    return low + below(span + 1)
  end

  function makers.boolean() return below(2) == 1 end

  function makers.one_of(list) return list[below(#list) + 1] end

  function makers.text(longest)
    local parts = {}
    for i = 1, below(math.min(longest or 20, round) + 1) do parts[i] = makers.one_of(LETTERS) end
    return table.concat(parts)
  end

  function makers.bytes(longest)
    local parts = {}
    for i = 1, below((longest or 20) + 1) do parts[i] = string.char(below(256)) end
    return table.concat(parts)
  end

  return makers
end

---@param seed integer
---@param round integer from 1
---@return test.Generator
function generate.new(seed, round)
  local makers = new_makers(new_bits(seed), round)
  local any, drawn = {}, {}
  local again -- makes another value like the last

  for name, make in pairs(makers) do
    any[name] = function(...)
      local args = table.pack(...)
      again = function() return make(table.unpack(args, 1, args.n)) end
      local value = again()
      drawn[#drawn + 1] = value
      return value
    end
  end

  function any.list(like, shortest, longest)
    local make = type(like) == "function" and like or again
    if type(like) ~= "function" then drawn[#drawn] = nil end -- it only showed the way
    local list = {}
    for i = 1, makers.integer(shortest or 0, math.min(longest or 20, math.max(shortest or 0, round))) do list[i] = make() end
    drawn[#drawn + 1] = list
    return list
  end

  function any:describe()
    local parts = {}
    for i, value in ipairs(drawn) do parts[i] = format.value(value) end
    return table.concat(parts, ", ")
  end

  return any
end

return generate
