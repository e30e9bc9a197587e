--- Finds the plugin that makes a total wrong.
local about_cart = require("cli.plugin.about.cart")
local args = require("cli.args")
local bisect = require("domain.quote.bisect")
local cart = require("domain.cart")
local quote = require("domain.quote")

local tool = { summary = "Finds the plugin that makes a total wrong.", usage = [[
usage: merx plugin bisect cart:ID|cart:TOKEN|order:NUMBER --expect=TOTAL
       merx plugin bisect order:NUMBER --was=TOTAL

Works the cart out without some plugins, by halves, until it is known without which the total is TOTAL (minor units).

  --expect=TOTAL  what it should cost
  --was=TOTAL     what it did cost before plugins changed: the same question

examples:
  merx plugin bisect cart:17 --expect=8470
]] }

local NAME <const> = "merx plugin bisect"

-- What each plugin wrote into the ledger; the ones that failed may have changed the total by that.
local function shares_of(found)
  local shares, names = {}, {}
  local function add(plugin, delta)
    if plugin == "core" then return end
    if not shares[plugin] then names[#names + 1] = plugin end
    shares[plugin] = (shares[plugin] or 0) + delta
  end
  for _, entry in ipairs(found.ledger) do add(entry.plugin, entry.delta) end
  for _, issue in ipairs(found.issues) do add(issue.plugin, 0) end
  table.sort(names)
  return names, shares
end

local function print_steps(steps, expected)
  for i, step in ipairs(steps) do
    io.write(("%3d. without %s: %d%s\n"):format(i, table.concat(step.without, ", "), step.total, step.total == expected and ", as expected" or ""))
  end
end

local function report(found, result, expected, named)
  local off = found.total - expected
  io.write(("total %d, expected %d: %d too %s\n"):format(found.total, expected, math.abs(off), off > 0 and "much" or "little"))
  print_steps(result.steps, expected)
  for _, issue in ipairs(found.issues) do io.write(issue.handler, " failed and was passed over: ", issue.problem, "\n") end
  if not result.culprits then
    io.write("no plugin, and no two of them, explain it: look at list prices, promotions and rounding with merx explain ", named, "\n")
    return 1
  end
  local names = table.concat(result.culprits, " and ")
  io.write(("%s %s the difference; merx plugin why %s %s tells how\n"):format(
    names, #result.culprits == 1 and "makes" or "together make", named, result.culprits[1]))
  return 0
end

---@param given string[]
---@return integer exit_code
function tool.run(given)
  local options, code = args.parse(given, {
    name = NAME, usage = tool.usage, flags = { expect = "value", was = "value" }, least = 1, most = 1, shop = true,
  })
  if not options then return code end
  local expected = math.tointeger(tonumber(options.expect or options.was))
  if not expected or options.expect and options.was then
    io.stderr:write(NAME, ": say what it should cost in minor units: --expect=8470\n\n", tool.usage)
    return 2
  end
  local named, err = about_cart.find(options[1])
  if not named then return args.fail(NAME, err) end
  local plan = quote.plan()
  local found = cart.quote(named.ctx, named.row, { plan = plan })
  if found.total == expected then
    io.write("the total is ", expected, ", as expected\n")
    return 0
  end
  local names, shares = shares_of(found)
  local result = bisect.run(names, shares, found.total, expected, function(without)
    return cart.quote(named.ctx, named.row, { plan = quote.plan_without(plan, without) }).total
  end)
  return report(found, result, expected, options[1])
end

return tool
