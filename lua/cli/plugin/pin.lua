--- Has one plugin, or one handler, asked before another, whatever they say of each other.
require("boot")
local args = require("cli.args")
local arrange = require("kernel.plugins.arrange")
local change = require("cli.plugin.change")

local pin = { summary = "Has one asked before another, whatever they say.", usage = [[
usage: merx plugin pin [--dry-run] [--json] ID[/HANDLER] before|after ID[/HANDLER]

Plugins say of each other who is asked first, and otherwise their names decide. A pin is the
merchant's word, and it wins. ID alone means all handlers of the plugin; merx hooks shows the
order at each point. The pin makes a new generation: merx plugin rollback takes it back, and
merx plugin list shows what is pinned. A pin that said the opposite is replaced.

  --dry-run   say how many recent carts would cost something else, and change nothing

exit status: 0 done, 2 the arguments make no sense, 3 a plugin or handler is not there,
4 pinned already, 5 refused, as it would go in a circle or the two are never asked together

examples:
  merx plugin pin acme.tiers before merx.percent-off
  merx plugin pin acme.tiers/qty after acme.b2b/contract
  merx plugin pin --dry-run acme.tiers before merx.percent-off
]] }

local NAME <const> = "merx plugin pin"

---@param given string[]
---@return integer exit_code
function pin.run(given)
  local options, code = args.parse(given, { name = NAME, usage = pin.usage, flags = change.flags, least = 3, shop = true })
  if not options then return code end
  local first, second = change.read_order(NAME, pin.usage, options)
  if not first then return second end
  local plan, err = arrange.plan_pin(first, second)
  if not plan then return args.fail(NAME, err) end
  return change.arrange(NAME, plan, options)
end

return pin
