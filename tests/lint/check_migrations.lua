-- No two migrations of a folder share a number: parallel branches will do it.
local source = require("source")

local seen = {}
local files = source.files("sql/migrations/*.sql", "sql/activity/*.sql", "plugins/*/migrations/*.sql")
for _, path in ipairs(files) do
  local folder, number, name = path:match("^(.*)/(%d%d%d%d)_([%l%d_]+)%.sql$")
  if not name then
    source.fault(path, 1, "a migration is named like 0007_add_order_notes.sql")
  else
    local key = folder .. "/" .. number
    if seen[key] then
      source.fault(path, 1, ("has the number of %s: give the newer one the next free number"):format(seen[key]))
    end
    seen[key] = path
  end
end
source.finish(#files)
