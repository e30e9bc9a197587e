--- Replaces a plugin by a newer version.
require("boot")
local args = require("cli.args")
local change = require("cli.plugin.change")
local installer = require("kernel.plugins.installer")

local upgrade = { summary = "Replaces a plugin by a newer version.", usage = [[
usage: merx plugin upgrade [--grant] [--unsigned] [--dry-run] [--json] PACKAGE

As install, for a plugin that is installed. What it may do does not grow without --grant; a
signed plugin does not become an unsigned one; an older version is no upgrade.

  --grant      agree to what the plugin asks to be allowed; merx plugin verify names it
  --unsigned   take a package that nobody signed; it is shown as unsigned for ever
  --dry-run    go through everything and change nothing

exit status: 0 done, 3 not installed, 5 refused, and why

examples:
  merx plugin upgrade acme.tiers-1.3.0.tar
  merx plugin upgrade --grant acme.tiers-2.0.0.tar
]] }

local NAME <const> = "merx plugin upgrade"

---@param given string[]
---@return integer exit_code
function upgrade.run(given)
  local flags = { unsigned = "flag", grant = "flag", ["dry-run"] = "flag", json = "flag" }
  local options, code = args.parse(given, { name = NAME, usage = upgrade.usage, flags = flags, least = 1, shop = true })
  if not options then return code end
  local plan, err = installer.plan_package(options[1], { unsigned = options.unsigned, grant = options.grant, upgrade = true })
  if not plan then return args.fail(NAME, err) end
  return change.finish(NAME, plan, options, true)
end

return upgrade
