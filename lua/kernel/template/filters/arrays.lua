--- Filters on arrays, and those that ask what a value is. Nil counts as an empty array, a map or a
--- single value as an array of one; nested arrays are flattened.
local text = require("native.text")

local failure = require("kernel.template.failure")
local numbers = require("kernel.template.filters.numbers")
local values = require("kernel.template.values")

local plain, equal, count = values.plain, values.equal, values.count

local function flatten_into(out, items)
  for i = 1, count(items) do
    local item = items[i]
    local kind = values.kind(item)
    if kind == "array" or kind == "list" then
      flatten_into(out, values.items(item))
    else
      out.n = out.n + 1
      out[out.n] = item
    end
  end
end

--- A new array of what array filters see in `value`.
local function elements(value)
  local out, kind = { n = 0 }, values.kind(value)
  if kind == "array" or kind == "list" or kind == "range" then
    flatten_into(out, values.items(value))
  elseif value ~= nil then
    out[1], out.n = value, 1
  end
  return out
end

--- The property of an element; what has none cannot be asked. A text has the texts it contains.
local function property(item, name)
  if item == nil then return nil end
  local kind, string = values.kind(item), plain(item)
  if string then
    local part = values.text(name)
    return string:find(part, 1, true) and part or nil
  end
  if kind == "number" or kind == "boolean" then
    failure.render(("cannot select the property '%s'"):format(values.text(name)))
  end
  return values.get(item, name)
end

--- An element, or its property when one is named.
local function picked(item, name)
  if name == nil then return item end
  return property(item, name)
end

-- -------------------------------------------------------------------------------------- sorting

--- How two values are ordered: 1 when a goes behind b, -1 before, 0 the same. Nil goes last.
local function compare(a, b)
  if a == nil or b == nil then
    return a == b and 0 or (a == nil and 1 or -1)
  end
  local x, y = plain(a) or a, plain(b) or b
  if type(x) ~= type(y) or (type(x) ~= "number" and type(x) ~= "string") then
    failure.render("cannot sort values of incompatible types")
  end
  if x == y then return 0 end
  return x < y and -1 or 1
end

local function fold(value)
  return value ~= nil and text.lower(values.text(value)) or nil
end

--- Sorts by `key_of`; what is equal keeps its order.
local function sorter(key_of)
  return function(value, name)
    local items = elements(value)
    local entries = {}
    for i = 1, items.n do
      entries[i] = { key = key_of(picked(items[i], name)), item = items[i], at = i }
    end
    table.sort(entries, function(a, b)
      local order = compare(a.key, b.key)
      if order == 0 then return a.at < b.at end
      return order < 0
    end)
    local out = { n = items.n }
    for i, entry in ipairs(entries) do
      out[i] = entry.item
    end
    return out
  end
end

-- ------------------------------------------------------------------------------------ selecting

--- Whether an element has the property: any true value, or the one that is wanted.
local function matches(item, name, target)
  local value = property(item, name)
  if target == nil then return value ~= nil and value ~= false end
  return equal(value, target)
end

local function selector(wanted)
  return function(value, name, target)
    local items, out = elements(value), { n = 0 }
    for i = 1, items.n do
      if matches(items[i], name, target) == wanted then
        out.n = out.n + 1
        out[out.n] = items[i]
      end
    end
    return out
  end
end

local function find_index(value, name, target)
  local items = elements(value)
  for i = 1, items.n do
    if matches(items[i], name, target) then return i - 1, items[i] end
  end
  return nil
end

local function find(value, name, target)
  local _, item = find_index(value, name, target)
  return item
end

local function map(value, name)
  local items = elements(value)
  for i = 1, items.n do
    items[i] = property(items[i], name)
  end
  return items
end

local function compact(value, name)
  local items, out = elements(value), { n = 0 }
  for i = 1, items.n do
    if picked(items[i], name) ~= nil then
      out.n = out.n + 1
      out[out.n] = items[i]
    end
  end
  return out
end

--- Simple values are found by themselves, tables by comparing.
local function is_known(seen, key)
  if key == nil then key = seen end
  key = plain(key) or key
  if type(key) ~= "table" or key == seen then
    local known = seen[key] or false
    seen[key] = true
    return known
  end
  for _, other in ipairs(seen) do
    if equal(key, other) then return true end
  end
  seen[#seen + 1] = key
  return false
end

local function uniq(value, name)
  local items, out, seen = elements(value), { n = 0 }, {}
  for i = 1, items.n do
    if not is_known(seen, picked(items[i], name)) then
      out.n = out.n + 1
      out[out.n] = items[i]
    end
  end
  return out
end

-- ------------------------------------------------------------------------------- the whole array

local plus = numbers.plus[1]

local function sum(value, name)
  local items, total = elements(value), 0
  for i = 1, items.n do
    total = plus(total, picked(items[i], name))
  end
  return total
end

local function concat(value, other)
  local kind = values.kind(other)
  if kind ~= "array" and kind ~= "list" and kind ~= "range" then
    failure.render("concat filter requires an array argument")
  end
  local out = elements(value)
  local more = values.items(other)
  for i = 1, count(more) do
    out[out.n + i] = more[i]
  end
  out.n = out.n + count(more)
  return out
end

local function reverse(value)
  local items = elements(value)
  local out = { n = items.n }
  for i = 1, items.n do
    out[i] = items[items.n + 1 - i]
  end
  return out
end

local function join(value, glue)
  local items = elements(value)
  return values.join(items, items.n, glue == nil and " " or glue)
end

local function end_of(name)
  return function(value)
    return values.command(value, name)
  end
end

local function size(value)
  return values.size(value) or 0
end

local function default(value, named, other)
  if value == false and named and named.allow_false then return value end
  if value == nil or value == false or values.is_empty(value) then
    return other == nil and "" or other
  end
  return value
end

return {
  compact = { compact, max = 1 },
  concat = { concat, min = 1 },
  default = { default, max = 1, named = true },
  find = { find, min = 1, max = 2 },
  find_index = { function(...) return (find_index(...)) end, min = 1, max = 2 },
  first = { end_of("first"), max = 0 },
  has = { function(...) return find_index(...) ~= nil end, min = 1, max = 2 },
  join = { join, max = 1 },
  last = { end_of("last"), max = 0 },
  map = { map, min = 1 },
  reject = { selector(false), min = 1, max = 2 },
  reverse = { reverse, max = 0 },
  size = { size, max = 0 },
  sort = { sorter(function(key) return key end), max = 1 },
  sort_natural = { sorter(fold), max = 1 },
  sum = { sum, max = 1 },
  uniq = { uniq, max = 1 },
  where = { selector(true), min = 1, max = 2 },
}
