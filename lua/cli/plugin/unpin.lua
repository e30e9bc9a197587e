--- Gives up what was pinned.
require("boot")
local args = require("cli.args")
local arrange = require("kernel.plugins.arrange")
local change = require("cli.plugin.change")

local unpin = { summary = "Gives up what was pinned.", usage = [[
usage: merx plugin unpin [--dry-run] [--json] ID[/HANDLER] before|after ID[/HANDLER]
       merx plugin unpin [--dry-run] [--json] ID[/HANDLER]

Gives up one pin, or all that are about a plugin or a handler. What the plugins say of each
other holds again. This makes a new generation: merx plugin rollback takes it back.

  --dry-run   say how many recent carts would cost something else, and change nothing

exit status: 0 done, 2 the arguments make no sense, 3 nothing of this was pinned,
5 refused, as a plugin could not be had any more without the pin

examples:
  merx plugin unpin acme.tiers before merx.percent-off
  merx plugin unpin acme.tiers
]] }

local NAME <const> = "merx plugin unpin"

---@param given string[]
---@return integer exit_code
function unpin.run(given)
  local options, code = args.parse(given, { name = NAME, usage = unpin.usage, flags = change.flags, least = 1, most = 3, shop = true })
  if not options then return code end
  local first, second = options[1], nil
  if options[2] then
    first, second = change.read_order(NAME, unpin.usage, options)
    if not first then return second end
  end
  local plan, err = arrange.plan_unpin(first, second)
  if not plan then return args.fail(NAME, err) end
  return change.arrange(NAME, plan, options)
end

return unpin
