--- Installs a plugin from a package.
require("boot")
local change = require("cli.plugin.change")

local install = { summary = "Installs a plugin from a package.", usage = [[
usage: merx plugin install [--grant] [--unsigned] [--dry-run] [--json] PACKAGE

Proves PACKAGE and PACKAGE.minisig, looks whether the plugin goes with the others, loads its
handlers, makes its migrations aside, and says how many recent carts would cost something
else. Then one commit puts the new generation in force; the shop goes on serving meanwhile.
A broken, forged or altered package is never taken.

  --grant      agree to what the plugin asks to be allowed; merx plugin verify names it
  --unsigned   take a package that nobody signed; it is shown as unsigned for ever
  --dry-run    go through everything and change nothing

exit status: 0 done, 3 no such file, 4 installed already, 5 refused, and why

examples:
  merx plugin trust acme acme.pub
  merx plugin install acme.tiers-1.2.0.tar
  merx plugin install --dry-run acme.tiers-1.2.0.tar
]] }

---@param given string[]
---@return integer exit_code
function install.run(given)
  return change.from_package(given, { name = "merx plugin install", usage = install.usage, upgrade = false })
end

return install
