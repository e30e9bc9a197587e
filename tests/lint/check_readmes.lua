-- Each room has a README.md of at most 12 lines.
local source = require("source")

local LIMIT <const> = 12

local function room_of(path)
  return path:match("^core/[^/]+/") or path:match("^lua/[^/]+/") or path:match("^themes/[^/]+/")
    or path:match("^sql/") or path:match("^script/")
end

local no_rooms = { ["lua/locales/"] = true, ["lua/types/"] = true }

local rooms, count = {}, 0
for _, path in ipairs(source.files("core", "lua", "script", "sql", "themes")) do
  local room = room_of(path)
  if room and not no_rooms[room] and not rooms[room] then
    rooms[room] = true
    count = count + 1
    local file = io.open(room .. "README.md")
    if not file then
      source.fault(room .. "README.md", 1, "is missing: say what the room is for, what it may use and may not, what to read first")
    else
      local _, lines = assert(file:read("a")):gsub("\n", "")
      file:close()
      if lines > LIMIT then
        source.fault(room .. "README.md", lines, ("has %d lines, %d are allowed"):format(lines, LIMIT))
      end
    end
  end
end
source.finish(count)
