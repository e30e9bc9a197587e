--- Has a plugin no longer asked; it stays installed.
require("boot")
local args = require("cli.args")
local change = require("cli.plugin.change")
local installer = require("kernel.plugins.installer")

local disable = { summary = "Has a plugin no longer asked; it stays installed.", usage = [[
usage: merx plugin disable [--dry-run] [--json] ID

The plugin is not loaded any more; its settings, tables and secrets stay. No code of a plugin
runs for this.

  --dry-run   look whether others need it and how many recent carts would cost something
              else, and change nothing; for that, plugins are asked

examples:
  merx plugin disable merx.cod
]] }

local NAME <const> = "merx plugin disable"

---@param given string[]
---@return integer exit_code
function disable.run(given)
  local options, code = args.parse(given, { name = NAME, usage = disable.usage, flags = change.flags, least = 1, shop = true })
  if not options then return code end
  local plan, err = installer.plan_state(options[1], false, options)
  if not plan then return args.fail(NAME, err) end
  return change.finish(NAME, plan, options, false)
end

return disable
