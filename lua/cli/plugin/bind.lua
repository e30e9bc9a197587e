--- Says which one of several is asked where a shop asks one alone.
require("boot")
local args = require("cli.args")
local arrange = require("kernel.plugins.arrange")
local change = require("cli.plugin.change")

local bind = { summary = "Says which one is asked where only one can be, as for taxes.", usage = [[
usage: merx plugin bind [--dry-run] [--json] SLOT ID[/HANDLER]

A shop asks one tax provider alone; its SLOT is called tax_provider. When a second one is
installed or enabled the first goes on being asked until you bind the other. While the one
that is bound fails, or is not set up, taxes are estimated and nothing can be ordered: no
other takes its place unasked. The binding makes a new generation: merx plugin rollback
takes it back, and merx plugin list shows what is bound.

  --dry-run   say how many recent carts would cost something else, and change nothing

exit status: 0 done, 2 the arguments make no sense, 3 there is no such plugin or handler,
4 bound already, 5 refused: there is no such slot, or the plugin has several handlers there

examples:
  merx plugin bind tax_provider acme.vat
  merx plugin bind tax_provider merx.flat-tax/rate
]] }

local NAME <const> = "merx plugin bind"

---@param given string[]
---@return integer exit_code
function bind.run(given)
  local options, code = args.parse(given, { name = NAME, usage = bind.usage, flags = change.flags, least = 2, shop = true })
  if not options then return code end
  local plan, err = arrange.plan_bind(options[1], options[2])
  if not plan then return args.fail(NAME, err) end
  return change.arrange(NAME, plan, options)
end

return bind
