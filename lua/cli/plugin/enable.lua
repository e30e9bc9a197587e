--- Has a plugin asked again.
require("boot")
local args = require("cli.args")
local change = require("cli.plugin.change")
local installer = require("kernel.plugins.installer")

local enable = { summary = "Has a plugin asked again.", usage = [[
usage: merx plugin enable [--grant] [--unsigned] [--dry-run] [--json] ID

Enables a plugin that was disabled, or one whose folder was unpacked by hand into
DATA/plugins/ID, for development (with --unsigned).

  --grant      agree to what the plugin asks to be allowed; merx plugin verify names it
  --unsigned   take a package that nobody signed; it is shown as unsigned for ever
  --dry-run    go through everything and change nothing

examples:
  merx plugin enable merx.cod
  merx plugin enable --unsigned acme.tiers
]] }

local NAME <const> = "merx plugin enable"

---@param given string[]
---@return integer exit_code
function enable.run(given)
  local flags = { unsigned = "flag", grant = "flag", ["dry-run"] = "flag", json = "flag" }
  local options, code = args.parse(given, { name = NAME, usage = enable.usage, flags = flags, least = 1, shop = true })
  if not options then return code end
  local plan, err = installer.plan_state(options[1], true, options)
  if not plan then return args.fail(NAME, err) end
  return change.finish(NAME, plan, options, true)
end

return enable
