--- Values as text for messages of tests, and where two of them differ.
local format = {}

local LONGEST <const> = 2000
local DEEPEST <const> = 8

local function by_type_and_value(a, b)
  local ta, tb = math.type(a) or type(a), math.type(b) or type(b)
  if ta ~= tb then return ta < tb end
  if ta == "string" or ta == "integer" or ta == "float" then return a < b end
  return tostring(a) < tostring(b)
end

local function sorted_keys(value)
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys, by_type_and_value)
  return keys
end

local function key_text(key)
  if type(key) == "string" and key:find("^[%a_][%w_]*$") then return key end
  return "[" .. format.value(key) .. "]"
end

local render

local function render_table(value, depth)
  if depth > DEEPEST then return "{…}" end
  local meta = getmetatable(value)
  if type(meta) == "table" and rawget(meta, "__tostring") then return tostring(value) end
  local parts, count = {}, #value
  for i = 1, count do parts[i] = render(value[i], depth + 1) end
  for _, key in ipairs(sorted_keys(value)) do
    if not (math.type(key) == "integer" and key >= 1 and key <= count) then
      parts[#parts + 1] = key_text(key) .. " = " .. render(value[key], depth + 1)
    end
  end
  if #parts == 0 then return "{}" end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

function render(value, depth)
  if type(value) == "string" then return (("%q"):format(value):gsub("\\\n", "\\n")) end
  if type(value) == "table" then return render_table(value, depth) end
  return tostring(value)
end

--- One line for any value, shortened when it is long.
---@param value any
---@return string
function format.value(value)
  local text = render(value, 1)
  if #text > LONGEST then return text:sub(1, LONGEST) .. "…" end
  return text
end

local function differ(a, b, path, depth)
  if type(a) ~= "table" or type(b) ~= "table" then
    local same = a == b and math.type(a) == math.type(b) or a ~= a and b ~= b
    if same then return nil end
    return path
  end
  if rawequal(a, b) then return nil end
  if depth > 100 then return path .. " (nested too deep to compare)" end
  local meta = getmetatable(a)
  if type(meta) == "table" and meta.__eq and meta == getmetatable(b) and a == b then return nil end
  for _, key in ipairs(sorted_keys(a)) do
    local found = differ(a[key], b[key], path .. "." .. tostring(key), depth + 1)
    if found then return found end
  end
  for _, key in ipairs(sorted_keys(b)) do
    if a[key] == nil then return path .. "." .. tostring(key) end
  end
end

--- The path of the first difference ("" for the values themselves), or nil when both are equal.
--- 1 and 1.0 differ: money is integers.
---@param got any
---@param expected any
---@return string?
function format.difference(got, expected)
  local path = differ(got, expected, "", 1)
  return path and (path:gsub("^%.", ""))
end

return format
