--- `std` as plugins see it: small helpers for lists.
local list = require("native.list")

local std = {}

--- Whether `list` (which may be nil) holds `value`.
---@type fun(list: any[]?, value: any): boolean
std.has = list.has

--- A copy of a value with all tables in it, which are the handler's own.
---@generic T
---@param value T
---@return T
function std.copy(value)
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, inner in pairs(value) do copy[key] = std.copy(inner) end
  return copy
end

--- The sum of `fn` over a list.
---@param entries any[]
---@param fn fun(entry: any): number
---@return number
function std.sum(entries, fn)
  local sum = 0
  for _, entry in ipairs(entries) do sum = sum + fn(entry) end
  return sum
end

--- A list of what `fn` makes of each entry.
---@param entries any[]
---@param fn fun(entry: any): any
---@return any[]
function std.map(entries, fn)
  local out = {}
  for i, entry in ipairs(entries) do out[i] = fn(entry) end
  return out
end

--- The entries for which `fn` says true.
---@param entries any[]
---@param fn fun(entry: any): boolean
---@return any[]
function std.filter(entries, fn)
  local out = {}
  for _, entry in ipairs(entries) do
    if fn(entry) then out[#out + 1] = entry end
  end
  return out
end

--- The first entry for which `fn` says true, or nil.
---@param entries any[]
---@param fn fun(entry: any): boolean
---@return any
function std.find(entries, fn)
  for _, entry in ipairs(entries) do
    if fn(entry) then return entry end
  end
end

return std
