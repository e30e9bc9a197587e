-- A query that nobody asks is dead: each name of sql/queries stands in lua/ or in a test, whole or as "first" .. "_rest".
local source = require("source")

local texts = {}
for _, path in ipairs(source.files("lua/*.lua", "tests/unit/lua/*.lua")) do texts[#texts + 1] = source.read(path) end
local code = table.concat(texts, "\n")

local function is_named(name)
  if code:find('"' .. name .. '"', 1, true) then return true end
  for at = #name - 1, 2, -1 do
    if name:sub(at, at) == "_" and code:find('"' .. name:sub(1, at - 1) .. '"', 1, true) and code:find('"' .. name:sub(at) .. '"', 1, true) then
      return true
    end
  end
  return false
end

local files = source.files("sql/queries/*.sql")
for _, path in ipairs(files) do
  source.each_line(source.read(path), function(line, number)
    local name = line:match("^%-%- :name ([%w_]+)")
    if name and not is_named(name) then source.fault(path, number, "nobody asks " .. name .. ": delete it") end
  end)
end
source.finish(#files)
