--- Lua source as tokens with their lines. The source is known to compile.
local tokens = {}

---@class merx.Token
---@field kind "name"|"keyword"|"string"|"number"|"op"|"end"
---@field text string of a string its content, escapes undone where it matters to nobody
---@field line integer

local KEYWORDS <const> = {}
for word in ("and break do else elseif end false for function goto if in local nil not or repeat return then true until while"):gmatch("%a+") do
  KEYWORDS[word] = true
end

local OPERATORS <const> = { "^%.%.%.", "^%.%.", "^==", "^~=", "^<=", "^>=", "^<<", "^>>", "^//", "^::", "^%p" }

-- The end of a long bracket that begins at `at`, and where its content lies.
local function long_bracket(source, at)
  local level = source:match("^%[(=*)%[", at)
  if not level then return nil end
  local first = at + #level + 2
  local stop, last = source:find("]" .. level .. "]", first, true)
  return last, source:sub(first, stop - 1)
end

local function comment_end(source, at)
  local last = long_bracket(source, at + 2)
  return last or (source:find("\n", at, true) or #source + 1) - 1
end

local function short_string(source, at)
  local quote, stop = source:sub(at, at), at + 1
  while source:sub(stop, stop) ~= quote do
    stop = stop + (source:sub(stop, stop) == "\\" and 2 or 1)
  end
  return stop, (source:sub(at + 1, stop - 1):gsub("\\(.)", "%1"))
end

-- Kind, last byte and text of the token at `at`.
local function next_token(source, at)
  local word = source:match("^[%a_][%w_]*", at)
  if word then return KEYWORDS[word] and "keyword" or "name", at + #word - 1, word end
  if source:find("^[\"']", at) then
    local last, text = short_string(source, at)
    return "string", last, text
  end
  local last, text = long_bracket(source, at)
  if last then return "string", last, text end
  local number = source:match("^0[xX][%x.]*[pP]?[+-]?%x*", at) or source:match("^%.?%d[%d.]*[eE]?[+-]?%d*", at)
  if number and source:find("^%.?%d", at) then
    number = number:match("^0[xX]") and number or source:match("^[%d.]+[eE][+-]?%d+", at) or source:match("^[%d.]+", at)
    return "number", at + #number - 1, number
  end
  for _, operator in ipairs(OPERATORS) do
    local _, stop = source:find(operator, at)
    if stop then return "op", stop, source:sub(at, stop) end
  end
  return "op", at, source:sub(at, at)
end

--- Reads all tokens; the last one is of the kind "end".
---@param source string
---@return merx.Token[]
function tokens.read(source)
  local list, at, line = {}, 1, 1
  source = source:gsub("^#[^\n]*", "")
  while true do
    local start = source:find("%S", at)
    line = line + select(2, source:sub(at, (start or #source + 1) - 1):gsub("\n", ""))
    if not start then break end
    local last
    if source:sub(start, start + 1) == "--" then
      last = comment_end(source, start)
    else
      local kind, stop, text = next_token(source, start)
      list[#list + 1] = { kind = kind, text = text, line = line }
      last = stop
    end
    line = line + select(2, source:sub(start, last):gsub("\n", ""))
    at = last + 1
  end
  list[#list + 1] = { kind = "end", text = "<end>", line = line }
  return list
end

return tokens
