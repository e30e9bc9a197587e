--- Lua's patterns as the regular expressions of JSON Schema (ECMA-262): anchors, classes, sets and the four repetitions mean
--- the same in both, as long as texts are looked at by ASCII classes. What has no counterpart (%b, %f, captures) is refused.
local regex = {}

local CLASSES <const> = {
  a = "A-Za-z", c = "\\x00-\\x1f\\x7f", d = "0-9", l = "a-z", s = "\\t-\\r ", u = "A-Z", w = "0-9A-Za-z", x = "0-9A-Fa-f",
}
local REPEATS <const> = { ["*"] = "*", ["+"] = "+", ["?"] = "?", ["-"] = "*?" }

local function literal(char)
  return (char:gsub("[%^%$%.%*%+%?%(%)%[%]{}|/\\]", "\\%0"))
end

local function in_set(char)
  return (char:gsub("[%^%[%]\\-]", "\\%0"))
end

local function escaped(char)
  if CLASSES[char] then return "[" .. CLASSES[char] .. "]" end
  if CLASSES[char:lower()] then return "[^" .. CLASSES[char:lower()] .. "]" end
  if char:find("%w") then error("the pattern has %" .. char .. ", which JSON Schema cannot say") end
  return literal(char)
end

local function escaped_in_set(char)
  if CLASSES[char] then return CLASSES[char] end
  if char:find("%w") then error("the set has %" .. char .. ", which JSON Schema cannot say") end
  return in_set(char)
end

-- The set that begins at `at`, and where what follows begins.
local function read_set(pattern, at)
  local is_negated = pattern:sub(at + 1, at + 1) == "^"
  local out, i = {}, at + (is_negated and 2 or 1)
  repeat
    local char = pattern:sub(i, i)
    assert(char ~= "", "a set is not closed")
    if char == "%" then
      out[#out + 1], i = escaped_in_set(pattern:sub(i + 1, i + 1)), i + 2
    elseif pattern:find("^%-[^%]]", i + 1) then
      out[#out + 1], i = in_set(char) .. "-" .. in_set(pattern:sub(i + 2, i + 2)), i + 3
    else
      out[#out + 1], i = in_set(char), i + 1
    end
  until pattern:sub(i, i) == "]"
  return (is_negated and "[^" or "[") .. table.concat(out) .. "]", i + 1
end

-- The item that begins at `at`, and where what follows begins.
local function read_item(pattern, at)
  local char = pattern:sub(at, at)
  if char == "[" then return read_set(pattern, at) end
  if char == "%" then return escaped(pattern:sub(at + 1, at + 1)), at + 2 end
  if char == "." then return "[\\s\\S]", at + 1 end
  if char == "(" or char == ")" then error("a capture has no place in a schema") end
  return literal(char), at + 1
end

--- The regular expression that matches what a Lua pattern does.
---@param pattern string
---@return string
function regex.from_pattern(pattern)
  local out, at = {}, 1
  if pattern:sub(1, 1) == "^" then out[1], at = "^", 2 end
  while at <= #pattern do
    if at == #pattern and pattern:sub(at) == "$" then
      out[#out + 1] = "$"
      break
    end
    local item, after = read_item(pattern, at)
    local times = REPEATS[pattern:sub(after, after)]
    out[#out + 1] = item .. (times or "")
    at = after + (times and 1 or 0)
  end
  return table.concat(out)
end

return regex
