--- Filters on text. HTML stays HTML: what they cut out of it is a part of it, and text that is put
--- into it is escaped. Lengths and positions count characters.
local native = require("native.template")
local text = require("native.text")

local failure = require("kernel.template.failure")
local values = require("kernel.template.values")

local written, to_integer, html = values.written, values.to_integer, native.html

--- Makes a filter of a function on strings, for text and for HTML alike. Nil stays nil.
local function on_string(fn)
  return function(value, ...)
    if type(value) == "string" then return fn(value, ...) end
    if value == nil then return nil end
    local printed = written(value)
    if type(printed) == "string" then return fn(printed, ...) end
    return html(fn(printed[1], ...))
  end
end

--- The same, with nil as "".
local function on_text(fn)
  local filter = on_string(fn)
  return function(value, ...)
    return filter(value == nil and "" or value, ...)
  end
end

local function capitalize(s)
  return text.upper(text.sub(s, 1, 1)) .. text.lower(text.sub(s, 2, -1))
end

local function lstrip(s)
  return (s:gsub("^[%s\0]+", ""))
end

local function rstrip(s)
  return (s:gsub("[%s\0]+$", ""))
end

local function squish(s)
  return (lstrip(rstrip(s)):gsub("%s+", " "))
end

-- --------------------------------------------------------------------- append, prepend, replace

--- a .. b: HTML when either is, with the other one escaped.
local function concat(a, b)
  a, b = written(a), written(b)
  if type(a) == "string" and type(b) == "string" then return a .. b end
  return html(values.escaped(a) .. values.escaped(b))
end

--- All places where `search` stands in `s`, as pairs of first and last byte; between all characters
--- when it is empty.
local function occurrences(s, search)
  local found, pos = {}, 1
  if search == "" then
    for at in utf8.codes(s, true) do
      found[#found + 1] = { at, at - 1 }
    end
    found[#found + 1] = { #s + 1, #s }
    return found
  end
  while true do
    local first, last = s:find(search, pos, true)
    if not first then return found end
    found[#found + 1] = { first, last }
    pos = last + 1
  end
end

local function pick_all(found) return found end
local function pick_first(found) return { found[1] } end
local function pick_last(found) return { found[#found] } end

local function substitute(s, found, replacement)
  local parts, pos = {}, 1
  for _, place in ipairs(found) do
    parts[#parts + 1] = s:sub(pos, place[1] - 1)
    parts[#parts + 1] = replacement
    pos = place[2] + 1
  end
  parts[#parts + 1] = s:sub(pos)
  return table.concat(parts)
end

--- Replaces the occurrences that `pick` chooses. Putting HTML into text makes all of it HTML.
local function replacer(pick)
  return function(value, search, replacement)
    value, replacement = written(value), written(replacement)
    search = values.text(search)
    if type(value) == "string" and type(replacement) == "string" then
      return substitute(value, pick(occurrences(value, search)), replacement)
    elseif type(value) == "string" then
      value, search = native.escape(value), native.escape(search)
    else
      value = value[1]
    end
    return html(substitute(value, pick(occurrences(value, search)), values.escaped(replacement)))
  end
end

local function remover(pick)
  local replace = replacer(pick)
  return function(value, search)
    return replace(value, search, "")
  end
end

-- ------------------------------------------------------------------------- slice, truncate, split

--- The piece of `length` elements from `offset` among `size`, as first and last position.
local function piece(size, offset, length)
  if offset < 0 then offset = offset + size end
  if offset < 0 or offset > size or length < 0 then return 1, 0 end
  return offset + 1, math.min(offset + length, size)
end

local slice_string = on_text(function(s, offset, length)
  local first, last = piece(text.len(s), offset, length)
  return last < first and "" or text.sub(s, first, last)
end)

local function slice(value, offset, length)
  offset = to_integer(offset)
  length = length == nil and 1 or to_integer(length)
  local kind = values.kind(value)
  if kind ~= "array" and kind ~= "list" then return slice_string(value, offset, length) end
  local items = values.items(value)
  local first, last = piece(values.count(items), offset, length)
  return { n = math.max(0, last - first + 1), table.unpack(items, first, last) }
end

local function ellipsis_of(value)
  return value == nil and "..." or values.text(value)
end

local truncate = on_string(function(s, length, ellipsis)
  length, ellipsis = length == nil and 50 or to_integer(length), ellipsis_of(ellipsis)
  if text.len(s) <= length then return s end
  local kept = math.max(0, length - text.len(ellipsis))
  return (kept > 0 and text.sub(s, 1, kept) or "") .. ellipsis
end)

local truncatewords = on_string(function(s, words, ellipsis)
  words = math.max(1, words == nil and 15 or to_integer(words))
  local kept = {}
  for word in s:gmatch("%S+") do
    if #kept == words then return table.concat(kept, " ") .. ellipsis_of(ellipsis) end
    kept[#kept + 1] = word
  end
  return s
end)

local function split_at(s, separator)
  local parts, pos = {}, 1
  while true do
    local first, last = s:find(separator, pos, true)
    if not first then break end
    parts[#parts + 1] = s:sub(pos, first - 1)
    pos = last + 1
  end
  parts[#parts + 1] = s:sub(pos)
  while parts[#parts] == "" do
    parts[#parts] = nil
  end
  return parts
end

local function split_plain(s, separator)
  local parts = {}
  if separator == " " then
    for word in s:gmatch("%S+") do
      parts[#parts + 1] = word
    end
  elseif separator == "" then
    for _, code in utf8.codes(s, true) do
      parts[#parts + 1] = utf8.char(code)
    end
  else
    parts = split_at(s, separator)
  end
  return parts
end

local function split(value, separator)
  local printed = written(value)
  if type(printed) == "string" then return split_plain(printed, values.text(separator)) end
  local parts = split_plain(printed[1], values.text(separator))
  for i, part in ipairs(parts) do
    parts[i] = html(part)
  end
  return parts
end

-- ------------------------------------------------------------------------------------ encodings

local function url_encode(s)
  return (s:gsub("[^%w_%-%.~ ]", function(c)
    return ("%%%02X"):format(c:byte())
  end):gsub(" ", "+"))
end

local function url_decode(s)
  s = s:gsub("+", " "):gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end)
  if not utf8.len(s) then failure.render("invalid byte sequence in UTF-8") end
  return s
end

--- Base64 with the alphabet of URLs: other letters for + and /.
local function url_safe(s)
  return (s:gsub("[+/]", { ["+"] = "-", ["/"] = "_" }))
end

local function base64_decoder(name, alphabet)
  return function(s)
    s = s:gsub("[-_]", alphabet)
    local bytes = text.unbase64(s .. ("="):rep(-#s % 4))
    if not bytes then failure.render("invalid base64 provided to " .. name) end
    return bytes
  end
end

return {
  append = { concat, min = 1 },
  base64_decode = { on_text(base64_decoder("base64_decode", {})), min = 0, max = 0 },
  base64_encode = { on_text(function(s) return text.base64(s) end), min = 0, max = 0 },
  base64_url_safe_decode = {
    on_text(base64_decoder("base64_url_safe_decode", { ["-"] = "+", _ = "/" })),
    min = 0,
    max = 0,
  },
  base64_url_safe_encode = {
    on_text(function(s) return url_safe(text.base64(s)) end),
    min = 0,
    max = 0,
  },
  capitalize = { on_text(capitalize), max = 0 },
  downcase = { on_text(function(s) return text.lower(s) end), max = 0 },
  handle = { on_text(function(s) return text.slug(s) end), max = 0 },
  handleize = { on_text(function(s) return text.slug(s) end), max = 0 },
  lstrip = { on_text(lstrip), max = 0 },
  prepend = { function(value, before) return concat(before, value) end, min = 1 },
  remove = { remover(pick_all), min = 1 },
  remove_first = { remover(pick_first), min = 1 },
  remove_last = { remover(pick_last), min = 1 },
  replace = { replacer(pick_all), min = 1, max = 2 },
  replace_first = { replacer(pick_first), min = 1, max = 2 },
  replace_last = { replacer(pick_last), min = 2, max = 2 },
  rstrip = { on_text(rstrip), max = 0 },
  slice = { slice, min = 1, max = 2 },
  split = { split, min = 1 },
  squish = { on_string(squish), max = 0 },
  strip = { on_text(function(s) return lstrip(rstrip(s)) end), max = 0 },
  strip_newlines = { on_text(function(s) return (s:gsub("\r?\n", "")) end), max = 0 },
  truncate = { truncate, max = 2 },
  truncatewords = { truncatewords, max = 2 },
  upcase = { on_text(function(s) return text.upper(s) end), max = 0 },
  url_decode = { on_string(url_decode), max = 0 },
  url_encode = { on_string(url_encode), max = 0 },
}
