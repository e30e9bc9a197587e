--- Replaces a plugin by a newer version.
require("boot")
local change = require("cli.plugin.change")

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

---@param given string[]
---@return integer exit_code
function upgrade.run(given)
  return change.from_package(given, { name = "merx plugin upgrade", usage = upgrade.usage, upgrade = true })
end

return upgrade
