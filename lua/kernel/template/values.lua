--- What values mean to a template: how they are looked up, compared, counted and printed.
---
--- nil, booleans, integers, floats and strings are themselves; a string is text and is escaped when
--- printed. Markup is native.template.html. Arrays are sequences, with `n` when they may hold nil.
--- A map keeps the order of its keys. Any other table is a record or a drop: its string keys are
--- its properties, an __index function makes them lazy, and these metamethods do more:
---   __items(drop)    the array it stands for, in loops and array filters
---   __tostring(drop) what it prints: text, or HTML
local buffers = require("native.buf")
local native = require("native.template")
local text = require("native.text")

local failure = require("kernel.template.failure")

local values = {}

local getmetatable, next, type, find, integer_type = getmetatable, next, type, string.find, math.type
local html, is_html, number = native.html, native.is_html, native.number
local HTML <const>, BUF <const> = getmetatable(html("")), getmetatable(buffers.new()) -- what a buffer holds is markup

-- Under these a map keeps its keys, as an array and as a set. No template can name them.
local ORDER <const>, SEEN <const> = {}, {}

local map_meta = { __name = "merx.Map" }
local range_meta = { __name = "merx.Range" }

--- A map from pairs { key, value }, in that order. A value may be nil.
---@param pairs_list? { [1]: string, [2]: any }[]
---@return table
function values.map(pairs_list)
  local map = setmetatable({ [ORDER] = { n = 0 }, [SEEN] = {} }, map_meta)
  for _, pair in ipairs(pairs_list or {}) do
    values.set(map, pair[1], pair[2])
  end
  return map
end

--- Sets a key of a map; a new one goes last.
---@param map table
---@param key string|number
---@param value any
function values.set(map, key, value)
  local order, seen = map[ORDER], map[SEEN]
  if not seen[key] then
    seen[key] = true
    order.n = order.n + 1
    order[order.n] = key
  end
  map[key] = value
end

--- A range of integers, as in (1..5).
function values.range(from, to)
  return setmetatable({ from = values.to_bound(from), to = values.to_bound(to) }, range_meta)
end

--- "array", "map", "range", "list" (a drop with __items), "drop", "record" or "html"; for what is
--- no table, its Lua type.
---@param value any
---@return string
function values.kind(value)
  if type(value) ~= "table" then return type(value) end
  local mt = getmetatable(value)
  if mt then
    if mt == HTML then return "html" end
    if mt == map_meta then return "map" end
    if mt == range_meta then return "range" end
    if mt.__items then return "list" end
    if type(mt.__index) == "function" then return "drop" end
  end
  if value[1] ~= nil or math.type(value.n) == "integer" or next(value) == nil then return "array" end
  return "record"
end

local kind = values.kind

--- How many elements an array has.
---@param array table
---@return integer
function values.count(array)
  local n = rawget(array, "n")
  return n and math.type(n) == "integer" and n or #array -- most have none
end

local count = values.count

local MAX_RANGE <const> = 1000000

local function range_items(range)
  local items, from, to = {}, range.from, range.to
  if to - from >= MAX_RANGE then failure.limit("the range is too long") end
  for i = from, to do
    items[i - from + 1] = i
  end
  return items
end

--- The keys of a map, or of a record in alphabetical order, so that output is always the same.
---@param value table
---@return any[]
function values.keys(value)
  local keys = {}
  local order = rawget(value, ORDER)
  if order then
    for i = 1, order.n do
      keys[i] = order[i]
    end
    return keys
  end
  for key in next, value do
    if type(key) == "string" then keys[#keys + 1] = key end
  end
  table.sort(keys)
  return keys
end

local function pairs_of(value)
  local items = {}
  for i, key in ipairs(values.keys(value)) do
    items[i] = { key, value[key], n = 2 }
  end
  return items
end

--- What a loop over `value` visits, as an array; nil when there is nothing to visit in its kind. A drop may say by
--- `__record` which record it stands for.
---@param value any
---@return table?
function values.items(value)
  local what = kind(value)
  if what == "array" then return value end
  if what == "list" then return getmetatable(value).__items(value) end
  if what == "range" then return range_items(value) end
  if what == "map" or what == "record" then return pairs_of(value) end
  local record = what == "drop" and getmetatable(value).__record
  return record and pairs_of(record(value)) or nil
end

local items_of = values.items

--- The text of HTML or the string itself; nil for everything else.
---@param value any
---@return string?
function values.plain(value)
  if type(value) == "string" then return value end
  if getmetatable(value) == HTML and type(value) == "table" then return value[1] end
  return nil
end

local plain = values.plain

-- ------------------------------------------------------------------------------------ printing

local inspect

local function inspect_map(value)
  local parts = {}
  for i, key in ipairs(values.keys(value)) do
    parts[i] = inspect(key) .. "=>" .. inspect(value[key])
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end

--- A value as it stands inside a printed map.
function inspect(value)
  if value == nil then return "nil" end
  if type(value) == "string" then
    return '"' .. value:gsub('[\\"]', "\\%0"):gsub("\n", "\\n") .. '"'
  end
  local what = kind(value)
  if what == "map" or what == "record" then return inspect_map(value) end
  if what == "array" then
    local parts = {}
    for i = 1, count(value) do
      parts[i] = inspect(value[i])
    end
    return "[" .. table.concat(parts, ", ") .. "]"
  end
  return values.text(value)
end

--- The parts joined by `glue`: text, or HTML with the text parts escaped when any part is HTML.
---@param parts any[] printable values
---@param n integer
---@param glue? any
---@return any
function values.join(parts, n, glue)
  glue = glue == nil and "" or values.printable(glue)
  local pieces, mixed = {}, type(glue) ~= "string"
  for i = 1, n do
    pieces[i] = values.printable(parts[i])
    mixed = mixed or type(pieces[i]) ~= "string"
  end
  if not mixed then return table.concat(pieces, glue) end
  for i = 1, n do
    pieces[i] = values.escaped(pieces[i])
  end
  return html(table.concat(pieces, values.escaped(glue)))
end

--- What a table prints: a string or HTML. The printer of native.template.
local function print_table(value)
  local mt = getmetatable(value)
  if mt == range_meta then return value.from .. ".." .. value.to end
  if mt and mt.__tostring then return mt.__tostring(value) end
  local what = kind(value)
  if what == "array" or what == "list" then
    local items = items_of(value)
    return values.join(items, count(items))
  elseif what == "map" or what == "record" then
    return inspect_map(value)
  end
  return ""
end

--- What `value` prints: a string, or HTML.
---@param value any
---@return string|table
function values.printable(value)
  local t = type(value)
  if t == "string" then return value end
  if t == "nil" then return "" end
  if t == "number" then return number(value) end
  if t == "boolean" then return tostring(value) end
  if t == "userdata" and getmetatable(value) == BUF then return html(value:string()) end
  if t ~= "table" then return "" end
  return is_html(value) and value or print_table(value)
end

native.configure(function(value)
  return type(value) == "table" and print_table(value) or ""
end, function()
  failure.limit("Memory limits exceeded: too much output")
end)

--- What filters on text see of `value`: a string or HTML. An array shows its elements as they are
--- written, where printing would join them.
---@param value any
---@return string|table
function values.written(value)
  if type(value) == "table" and kind(value) == "array" then return inspect(value) end
  return values.printable(value)
end

--- The same, as a string without escaping.
---@param value any
---@return string
function values.text(value)
  if type(value) == "string" then return value end
  return plain(values.written(value))
end

--- What `value` prints inside HTML: text escaped, HTML as it is.
---@param value any
---@return string
function values.escaped(value)
  local written = values.written(value)
  if type(written) == "string" then return native.escape(written) end
  return written[1]
end

-- -------------------------------------------------------------------------------------- lookup

local function index_array(items, key)
  if key >= 0 then return items[key + 1] end
  return items[count(items) + key + 1]
end

--- value[key] with the rules of templates: arrays count from 0 and from the end; text has no parts.
---@param value any
---@param key any
---@return any
function values.get(value, key)
  if type(value) ~= "table" then return nil end
  if integer_type(key) == "integer" and key >= 0 and value[1] ~= nil and not getmetatable(value) then return value[key + 1] end
  local what = kind(value)
  if math.type(key) == "float" and key % 1 == 0 then key = math.tointeger(key) end
  if what == "array" or what == "list" then
    if math.type(key) == "integer" then
      return index_array(items_of(value), key)
    elseif what == "array" then
      return nil
    end
  end
  if what == "html" or what == "range" or key == nil then return nil end
  return value[plain(key) or key]
end

local INTEGER_SIZE <const> = 8 -- bytes, as every Liquid says

--- How much there is of `value`: characters, elements, keys. Nil for what cannot be counted.
---@param value any
---@return integer?
function values.size(value)
  if type(value) == "table" and not getmetatable(value) and value[1] ~= nil then return count(value) end
  if math.type(value) == "integer" then return INTEGER_SIZE end
  local string = plain(value)
  if string then return text.len(string) end
  local what = kind(value)
  if what == "array" then return count(value) end
  if what == "range" then return math.max(0, value.to - value.from + 1) end
  if what == "map" then return value[ORDER].n end
  if what == "list" or what == "record" then return count(items_of(value)) end
  return nil
end

local function first_of(value)
  if plain(value) then return text.sub(plain(value), 1, 1) end
  local items = items_of(value)
  return items and items[1]
end

local function last_of(value)
  if plain(value) then return text.sub(plain(value), -1, -1) end
  local what = kind(value)
  if what == "map" or what == "record" then return nil end
  local items = items_of(value)
  return items and items[count(items)]
end

local commands = { size = values.size, first = first_of, last = last_of }

--- value.name where name is size, first or last: a key of that name comes first.
---@param value any
---@param name string
---@return any
function values.command(value, name)
  if value == nil then return nil end
  if name == "size" and type(value) == "table" and not getmetatable(value) and value[1] ~= nil then return count(value) end
  local what = kind(value)
  if what == "map" or what == "record" or what == "drop" or what == "list" then
    local own = value[name]
    if own ~= nil or what == "drop" then return own end
  end
  return commands[name](value)
end

--- value.name for values of which nothing is known: the careful form of what the compiler inlines.
---@param value any
---@param name string
---@return any
function values.property(value, name)
  if type(value) ~= "table" then return nil end
  local mt = getmetatable(value)
  if mt == HTML or mt == range_meta then return nil end
  return value[name]
end

-- ---------------------------------------------------------------------------------- comparison

local equal

local function equal_arrays(a, b)
  if count(a) ~= count(b) then return false end
  for i = 1, count(a) do
    if not equal(a[i], b[i]) then return false end
  end
  return true
end

local function equal_maps(a, b)
  local keys = values.keys(a)
  if #keys ~= #values.keys(b) then return false end
  for _, key in ipairs(keys) do
    if not equal(a[key], b[key]) then return false end
  end
  return true
end

--- a == b: numbers by value, text and HTML by their bytes, arrays and maps by their content.
---@param a any
---@param b any
---@return boolean
function equal(a, b)
  if a == b then return true end
  if type(a) ~= "table" and type(b) ~= "table" then return false end
  local string = plain(a)
  if string then return string == plain(b) end
  local what = kind(a)
  if what ~= kind(b) then return false end
  if what == "array" then return equal_arrays(a, b) end
  if what == "range" then return a.from == b.from and a.to == b.to end
  if what == "map" or what == "record" then return equal_maps(a, b) end
  return false
end
values.equal = equal

local function has_names(record)
  for key in next, record do
    if type(key) == "string" then return true end
  end
  return false
end

--- value == empty: text, an array or a map with nothing in it.
---@param value any
---@return boolean
function values.is_empty(value)
  if type(value) == "string" then return value == "" end
  if type(value) ~= "table" then return false end
  local what = kind(value)
  if what == "record" then return not has_names(value) end
  return what ~= "drop" and values.size(value) == 0
end

--- value == blank: nil, false, empty, or text of blanks only.
---@param value any
---@return boolean
function values.is_blank(value)
  if not value then return true end
  local t = type(value)
  if t == "string" then return not find(value, "%S") end
  if t ~= "table" then return false end
  if not getmetatable(value) and value.n == nil then
    local key = next(value)
    if key == nil then return true end
    if type(key) == "string" or value[1] ~= nil then return false end
  end
  local string = plain(value)
  if string then return not find(string, "%S") end
  return values.is_empty(value)
end

local TYPE_NAMES <const> = {
  ["nil"] = "NilClass",
  string = "String",
  html = "String",
  array = "Array",
  list = "Array",
  map = "Hash",
  record = "Hash",
  range = "Range",
  drop = "Drop",
}

--- The name of a value's type as messages use it.
---@param value any
---@return string
function values.type_name(value)
  if math.type(value) == "integer" then return "Integer" end
  if math.type(value) == "float" then return "Float" end
  if type(value) == "boolean" then return value and "TrueClass" or "FalseClass" end
  return TYPE_NAMES[kind(value)] or "Object"
end

local function shown(value)
  if type(value) == "number" then return number(value) end
  return values.type_name(value)
end

--- The two sides of an order comparison as Lua can compare them; nothing when one is neither a
--- number nor text.
local function ordered(a, b)
  if type(a) == "number" and type(b) == "number" then return a, b end
  local x, y = plain(a), plain(b)
  if x and y then return x, y end
  if not (x or type(a) == "number") or not (y or type(b) == "number") then return nil end
  failure.render(("comparison of %s with %s failed"):format(values.type_name(a), shown(b)))
end

--- a < b; false for what has no order, a failure for a number and text.
function values.less(a, b)
  a, b = ordered(a, b)
  return a ~= nil and a < b
end

--- a > b, likewise.
function values.greater(a, b)
  a, b = ordered(a, b)
  return a ~= nil and a > b
end

--- a >= b, likewise.
function values.greater_equal(a, b)
  a, b = ordered(a, b)
  return a ~= nil and a >= b
end

--- a <= b, likewise.
function values.less_equal(a, b)
  a, b = ordered(a, b)
  return a ~= nil and a <= b
end

--- a contains b: a part of a text, an element of an array, a key of a map.
---@param a any
---@param b any
---@return boolean
function values.contains(a, b)
  if a == nil or b == nil then return false end
  local string = plain(a)
  if string then return string:find(values.text(b), 1, true) ~= nil end
  local what = kind(a)
  if what == "map" or what == "record" or what == "drop" then
    return values.get(a, b) ~= nil
  end
  local items = items_of(a)
  for i = 1, items and count(items) or 0 do
    if equal(items[i], b) then return true end
  end
  return false
end

-- --------------------------------------------------------------------------------- conversion

--- A bound of a range: text is read as a number, what is none is 0; a part of one is refused.
---@param value any
---@return integer
function values.to_bound(value)
  if math.type(value) == "integer" then return value end
  if type(value) == "number" then failure.render("invalid integer") end
  local digits = (plain(value) or ""):match("^%s*(%-?%d+)")
  return math.tointeger(tonumber(digits)) or 0
end

-- Positions and lengths beyond this mean the same, and can still be added up.
local MAX_POSITION <const> = 1 << 53

--- A whole number for counting and cutting, or a failure: a number with decimals is none.
---@param value any
---@return integer
function values.to_integer(value)
  local whole = value
  if type(value) ~= "number" then
    whole = tonumber((plain(value) or ""):match("^%s*([%-+]?%d+)%s*$"))
  end
  if math.type(whole) ~= "integer" and not (whole and math.abs(whole) >= 2.0 ^ 63) then
    failure.render("invalid integer")
  end
  return math.tointeger(math.max(-MAX_POSITION, math.min(MAX_POSITION, whole)))
end

--- A number: text is read as one, everything else is 0.
---@param value any
---@return number
function values.to_number(value)
  if type(value) == "number" then return value end
  local string = plain(value)
  if not string then return 0 end
  string = string:match("^%s*(.-)%s*$")
  if string:find("^%-?%d+%.%d+$") then return tonumber(string) end
  return tonumber((string:match("^[%-+]?%d+"))) or 0
end

return values
