-- Tells which files are long; it fails nothing.
local source = require("source")

local LIMIT <const> = 600

for _, path in ipairs(source.files("core/*.[ch]", "lua/*.lua", "plugins/*.lua", "script", "tests/*.[ch]", "tests/*.lua")) do
  local _, lines = source.read(path):gsub("\n", "")
  if lines > LIMIT then
    print(("note %s has %d lines: split it by noun"):format(path, lines))
  end
end
