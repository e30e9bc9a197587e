--- `std` as plugins see it: small helpers for lists.
local std = {}

--- Whether `list` (which may be nil) holds `value`.
---@param list any[]?
---@param value any
---@return boolean
function std.has(list, value)
  for _, entry in ipairs(list or {}) do
    if entry == value then return true end
  end
  return false
end

--- The sum of `fn` over a list.
---@param list any[]
---@param fn fun(entry: any): number
---@return number
function std.sum(list, fn)
  local sum = 0
  for _, entry in ipairs(list) do sum = sum + fn(entry) end
  return sum
end

--- A list of what `fn` makes of each entry.
---@param list any[]
---@param fn fun(entry: any): any
---@return any[]
function std.map(list, fn)
  local out = {}
  for i, entry in ipairs(list) do out[i] = fn(entry) end
  return out
end

--- The entries for which `fn` says true.
---@param list any[]
---@param fn fun(entry: any): boolean
---@return any[]
function std.filter(list, fn)
  local out = {}
  for _, entry in ipairs(list) do
    if fn(entry) then out[#out + 1] = entry end
  end
  return out
end

--- The first entry for which `fn` says true, or nil.
---@param list any[]
---@param fn fun(entry: any): boolean
---@return any
function std.find(list, fn)
  for _, entry in ipairs(list) do
    if fn(entry) then return entry end
  end
end

return std
