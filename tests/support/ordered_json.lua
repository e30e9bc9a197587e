--- Reads JSON for tests where the order of keys matters: objects are given to a function as pairs.
--- Trusts its input, which is test data.
local ordered_json = {}

local ESCAPES <const> = {
  b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ["/"] = "/", ["\\"] = "\\", ['"'] = '"',
}

local read_value

local function unescape_unicode(text)
  return (text:gsub("\\u(%x%x%x%x)\\u(%x%x%x%x)", function(high, low)
    local h, l = tonumber(high, 16), tonumber(low, 16)
    if h < 0xD800 or h > 0xDBFF then return nil end
    return utf8.char(0x10000 + ((h - 0xD800) << 10) + (l - 0xDC00))
  end):gsub("\\u(%x%x%x%x)", function(digits)
    return utf8.char(tonumber(digits, 16))
  end))
end

local function read_string(source, pos)
  local stop = pos
  repeat
    stop = source:find('["\\]', stop)
    local is_escape = source:sub(stop, stop) == "\\"
    if is_escape then stop = stop + 2 end
  until not is_escape
  local raw = source:sub(pos, stop - 1)
  -- A doubled backslash is set aside, so that what follows it is not taken for an escape.
  raw = unescape_unicode((raw:gsub("\\\\", "\\\1")))
  raw = raw:gsub('\\([bfnrt/"])', ESCAPES):gsub("\\\1", "\\")
  return raw, stop + 1
end

local function read_array(source, pos, on_object)
  local array = { n = 0 }
  pos = source:find("%S", pos)
  if source:sub(pos, pos) == "]" then return array, pos + 1 end
  while true do
    local value
    value, pos = read_value(source, pos, on_object)
    array.n = array.n + 1
    array[array.n] = value
    local mark, stop = source:match("^%s*([,%]])()", pos)
    pos = stop
    if mark == "]" then return array, pos end
  end
end

local function read_object(source, pos, on_object)
  local pairs_list = {}
  pos = source:find("%S", pos)
  if source:sub(pos, pos) == "}" then return on_object(pairs_list), pos + 1 end
  while true do
    local key, value
    key, pos = read_string(source, source:match('^%s*"()', pos))
    pos = source:match("^%s*:()", pos)
    value, pos = read_value(source, pos, on_object)
    pairs_list[#pairs_list + 1] = { key, value }
    local mark, stop = source:match("^%s*([,}])()", pos)
    pos = stop
    if mark == "}" then return on_object(pairs_list), pos end
  end
end

local WORDS <const> = { ["true"] = true, ["false"] = false }

function read_value(source, pos, on_object)
  pos = source:find("%S", pos)
  local first = source:sub(pos, pos)
  if first == '"' then return read_string(source, pos + 1) end
  if first == "[" then return read_array(source, pos + 1, on_object) end
  if first == "{" then return read_object(source, pos + 1, on_object) end
  local word = source:match("^[%w%.%-+]+", pos)
  if WORDS[word] ~= nil then return WORDS[word], pos + #word end
  return tonumber(word), pos + #word
end

--- Reads one value. `on_object(pairs)` makes what stands for an object of its { key, value } pairs;
--- arrays have their length as `n`, null is nil.
---@param source string
---@param on_object fun(pairs: { [1]: string, [2]: any }[]): any
---@return any
function ordered_json.decode(source, on_object)
  return (read_value(source, 1, on_object))
end

return ordered_json
