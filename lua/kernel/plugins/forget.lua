--- The last of a plugin that is installed no more: its tables, its settings with the secrets in them, and which versions
--- there were.
local command = require("kernel.command")
local config = require("kernel.plugins.config")
local db = require("kernel.db")
local failure = require("kernel.failure")
local generation = require("kernel.plugins.generation")
local native_db = require("native.db")
local schema = require("kernel.schema")
local tables = require("kernel.plugins.tables")

-- A table that others refer to goes after them: as long as one goes, the rest is tried again.
local function drop_tables(id)
  local range, dropped = tables.range_of(id), 0
  local conn, left = native_db.main(), math.huge
  local names = db.many("plugin_tables", range)
  while #names > 0 and #names < left do
    left = #names
    for _, row in ipairs(names) do
      if conn:exec(('DROP TABLE "%s"'):format(row.name)) then dropped = dropped + 1 end
    end
    names = db.many("plugin_tables", range)
  end
  return dropped
end

command.define({
  name = "generation.forget",
  doc = "Drops the tables and settings of a plugin that is not installed, and forgets its versions.",
  args = schema.object({ id = schema.text({ required = true, max = 60, pattern = "^%l[%l%d-]*%.%l[%l%d-]*$" }) }),
  handler = function(tx, args)
    local id = args.id
    if generation.find(id) or generation.is_bundled(id) then
      return failure.new("generation.conflict", id .. " is installed: merx plugin uninstall " .. id)
    end
    local dropped = drop_tables(id)
    local settings = db.run("settings_forget", config.range(id))
    db.run("plugin_versions_forget", { plugin = id })
    tx.touch("settings")
    tx.audit({ action = "plugin.forget", entity = "plugin", id = id, after = { tables = dropped, settings = settings } })
    return { id = id, tables = dropped, settings = settings }
  end,
})

return true
