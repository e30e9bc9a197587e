--- Names the plugins of this shop.
local about = require("cli.plugin.about")
local args = require("cli.args")
local arrange = require("kernel.plugins.arrange")
local json = require("native.json")
local plugins = require("kernel.plugins")

local list = { summary = "Names every plugin, also those that are skipped, and why.", usage = [[
usage: merx plugin list [--json]

Every plugin that was found, also those that are skipped and why; what merx plugin pin and
merx plugin bind said of them.

examples:
  merx plugin list
  merx plugin list --json
]] }

---@param given string[]
---@return integer exit_code
function list.run(given)
  local options, code = args.parse(given, { name = "merx plugin list", usage = list.usage, flags = { json = "flag" } })
  if not options then return code end
  local all, pinned = json.array({}), arrange.pins()
  for i, entry in ipairs(plugins.list()) do all[i] = about.view(entry, pinned) end
  if options.json then
    io.write(json.encode(all, { pretty = true }), "\n")
    return 0
  end
  for _, entry in ipairs(all) do
    local mark = entry.unsigned and "  UNSIGNED" or ""
    io.write(("%-24s %-8s %-8s %s%s\n"):format(entry.id, entry.version or "-", entry.state, entry.problem or entry.name, mark))
  end
  for _, pin in ipairs(pinned) do io.write("pinned: ", about.pin(pin), "\n") end
  for _, binding in ipairs(arrange.bindings()) do io.write("bound: ", binding.slot, " to ", binding.handler, "\n") end
  return 0
end

return list
