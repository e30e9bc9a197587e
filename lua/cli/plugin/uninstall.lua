--- Takes a plugin away.
require("boot")
local args = require("cli.args")
local change = require("cli.plugin.change")
local command = require("kernel.command")
local installer = require("kernel.plugins.installer")
local staging = require("kernel.plugins.staging")

local uninstall = { summary = "Takes a plugin away.", usage = [[
usage: merx plugin uninstall [--purge] [--dry-run] [--json] ID

Takes the plugin out of the next generation and wipes its secrets; merx plugin rollback
brings it back, without them. Its files go when no generation needs them any more; its
tables, settings and what it keeps in files stay for the day when it comes back. No code
of a plugin runs for this.

  --purge     remove its files and those that it keeps, its tables and its settings at
              once, and forget which versions were ever installed; there is no way back
  --dry-run   look whether others need it and how many recent carts would cost something
              else, and change nothing; for that, plugins are asked

examples:
  merx plugin uninstall acme.tiers
  merx plugin uninstall --purge acme.tiers
]] }

local NAME <const> = "merx plugin uninstall"

---@param given string[]
---@return integer exit_code
function uninstall.run(given)
  local flags = { purge = "flag", ["dry-run"] = "flag", json = "flag" }
  local options, code = args.parse(given, { name = NAME, usage = uninstall.usage, flags = flags, least = 1, shop = true })
  if not options then return code end
  local id = options[1]
  local plan, err = installer.plan_removal(id)
  if not plan then return args.fail(NAME, err) end
  code = change.finish(NAME, plan, options, false)
  if code ~= 0 or not options.purge or options["dry-run"] then return code end
  local done, refused = command.run("generation.forget", { id = id }, { actor = "cli" })
  if not done then return args.fail(NAME, refused) end
  staging.purge(id)
  return 0
end

return uninstall
