--- Filters between text and HTML, and to JSON.
local json = require("native.json")
local native = require("native.template")

local values = require("kernel.template.values")

local html, escape = native.html, native.escape

--- Text as HTML; HTML stays as it is.
local function escaped(value)
  if value == nil then return nil end
  local printed = values.written(value)
  return type(printed) == "string" and escape(printed) or printed
end

local ENTITIES <const> = {
  ["&"] = "&amp;",
  ["<"] = "&lt;",
  [">"] = "&gt;",
  ['"'] = "&quot;",
  ["'"] = "&#39;",
}

local function is_entity(s, at)
  return s:find("^&%a+;", at) or s:find("^&#%d+;", at)
end

--- Escapes what is not an entity already.
local function escape_once(value)
  if value == nil then return nil end
  local printed = values.written(value)
  if type(printed) ~= "string" then return printed end
  return (printed:gsub("()([&<>\"'])", function(at, c)
    if c == "&" and is_entity(printed, at) then return nil end
    return ENTITIES[c]
  end))
end

--- Prints a value as it stands. The linter lists where.
local function raw(value)
  return html(values.text(value))
end

--- Text is escaped before its line ends become markup.
local function newline_to_br(value)
  return (values.escaped(value):gsub("\r?\n", "<br />\n"))
end

-- Without autoescape there is no HTML to make: the line ends are all that changes.
local function plain_newline_to_br(value)
  return (values.text(value):gsub("\r?\n", "<br />\n"))
end

-- What is dropped with its content: how it begins and how it ends.
local BANG <const>, LETTER_S <const> = 33, 115 -- their second bytes
local BLOCKS <const> = { { "<script", "</script>" }, { "<!--", "-->" }, { "<style", "</style>" } }

--- Where the block that begins at `at` ends; nil when none does.
local function block_end(s, at)
  local second = s:byte(at + 1)
  if second ~= BANG and second ~= LETTER_S then return nil end
  for _, block in ipairs(BLOCKS) do
    if s:sub(at, at + #block[1] - 1) == block[1] then
      local _, last = s:find(block[2], at + #block[1], true)
      return last
    end
  end
  return nil
end

local function bracket_end(s, at)
  return s:find(">", at, true)
end

--- Takes out what begins with "<" and has an end. Looks for brackets only: a pattern would try
--- every byte.
local function without(s, end_of)
  local parts, pos = {}, 1
  local at = s:find("<", 1, true)
  while at do
    local last = end_of(s, at)
    if last then
      parts[#parts + 1] = s:sub(pos, at - 1)
      pos = last + 1
    end
    at = s:find("<", last and pos or at + 1, true)
  end
  parts[#parts + 1] = s:sub(pos)
  return table.concat(parts)
end

local function without_tags(s)
  return without(without(s, block_end), bracket_end)
end

local function strip_html(value)
  local printed = values.written(value)
  if type(printed) == "string" then return without_tags(printed) end
  return html(without_tags(printed[1]))
end

-- ----------------------------------------------------------------------------------------- json

local encode

local function encode_map(value)
  local parts = {}
  for i, key in ipairs(values.keys(value)) do
    parts[i] = json.encode(tostring(key)) .. ":" .. encode(value[key])
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function encode_array(value)
  local parts, items = {}, values.items(value)
  for i = 1, values.count(items) do
    parts[i] = encode(items[i])
  end
  return "[" .. table.concat(parts, ",") .. "]"
end

--- The JSON of a value: maps in their order, drops by their __json or __record, HTML as its text.
function encode(value)
  if value == nil then return "null" end
  local kind = values.kind(value)
  if kind == "array" or kind == "list" then return encode_array(value) end
  if kind == "drop" or kind == "record" then
    local mt = getmetatable(value)
    if mt and mt.__json then return encode(mt.__json(value)) end
    if mt and mt.__record then return encode(mt.__record(value)) end
  end
  if kind == "map" or kind == "record" then return encode_map(value) end
  if kind == "drop" then return "null" end
  if kind == "number" then return native.number(value) end
  if kind == "range" then return json.encode(values.text(value)) end
  return json.encode(kind == "html" and value[1] or value)
end

--- JSON that may stand in a script.
local function script_json(value)
  return (encode(value):gsub("<!%-%-", "\\u003c!--"))
end

--- JSON that may also stand in an attribute with single quotes.
local function to_json(value)
  return (script_json(value):gsub("'", "\\u0027"))
end

return {
  escape = { escaped, html = true, max = 0 },
  h = { escaped, html = true, max = 0 },
  escape_once = { escape_once, html = true, max = 0 },
  json = { to_json, prints_raw = true, max = 0, plain = script_json },
  newline_to_br = { newline_to_br, html = true, max = 0, plain = plain_newline_to_br },
  raw = { raw, max = 0 },
  strip_html = { strip_html, max = 0 },
}
