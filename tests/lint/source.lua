--- What the checks share: which files there are, their lines, and how a fault is told.
local source = {}

local faults = 0

--- Files that git knows or would take in, sorted; `patterns` are git's, as "core/*.c".
---@param ... string
---@return string[]
function source.files(...)
  local command = "git ls-files -z --cached --others --exclude-standard --"
  for _, pattern in ipairs({ ... }) do
    command = command .. " '" .. pattern .. "'"
  end
  local pipe <close> = assert(io.popen(command))
  local found = {}
  for path in assert(pipe:read("a")):gmatch("[^\0]+") do
    local file = io.open(path)
    if file then -- a file may be deleted and not yet committed
      file:close()
      found[#found + 1] = path
    end
  end
  table.sort(found)
  return found
end

---@param path string
---@return string
function source.read(path)
  local file <close> = assert(io.open(path, "rb"))
  return assert(file:read("a"))
end

--- Calls `visit(line, number)` for each line of a text.
---@param text string
---@param visit fun(line: string, number: integer)
function source.each_line(text, visit)
  local number = 0
  for line in (text .. "\n"):gmatch("(.-)\n") do
    number = number + 1
    visit(line, number)
  end
end

local function blank(text) return (text:gsub("[^\n]", " ")) end

--- C without its comments and without what strings and characters hold; lines keep their numbers.
---@param text string
---@return string
function source.c_code(text)
  local out, at = {}, 1
  while at <= #text do
    local start = text:find("[\"'/]", at)
    if not start then
      break
    end
    out[#out + 1] = text:sub(at, start - 1)
    local two, stop = text:sub(start, start + 1), start
    if two == "//" then
      stop = (text:find("\n", start, true) or #text + 1) - 1
      out[#out + 1] = blank(text:sub(start, stop))
    elseif two == "/*" then
      stop = select(2, text:find("*/", start + 2, true)) or #text
      out[#out + 1] = blank(text:sub(start, stop))
    elseif two:sub(1, 1) == "/" then
      out[#out + 1] = "/"
    else
      local quote = two:sub(1, 1)
      stop = start + 1
      while stop <= #text and text:sub(stop, stop) ~= quote do
        stop = stop + (text:sub(stop, stop) == "\\" and 2 or 1)
      end
      out[#out + 1] = quote .. blank(text:sub(start + 1, stop - 1)) .. quote
    end
    at = stop + 1
  end
  out[#out + 1] = text:sub(at)
  return table.concat(out)
end

---@param path string
---@param number integer
---@param what string
function source.fault(path, number, what)
  faults = faults + 1
  print(("%s:%d: %s"):format(path, number, what))
end

--- Ends the check: with an error if there was a fault, or if there was nothing to look at.
---@param looked_at integer
function source.finish(looked_at)
  if looked_at == 0 then
    print("nothing was looked at: is this the repository?")
  end
  os.exit(faults == 0 and looked_at > 0)
end

return source
