--- Shows every address that the shop answers, and who may call it.
require("boot")
local args = require("cli.args")
local json = require("native.json")
local router = require("kernel.router")

local routes = { usage = [[
usage: merx routes [--json]

One line for each route: method, path, who may call it, how forged requests are kept
out, and how its reply may be cached.

examples:
  merx routes
  merx routes --json | jq -r ".[].path"
]] }

---@param given string[]
---@return integer exit_code
function routes.run(given)
  local options, code = args.parse(given, { name = "merx routes", usage = routes.usage, flags = { json = "flag" } })
  if not options then return code end
  local list = json.array({})
  for i, route in ipairs(router.list()) do
    list[i] = { method = route.method, path = route.path, who = route.policy.who, csrf = route.policy.csrf, cache = route.policy.cache, source = route.source }
  end
  table.sort(list, function(a, b)
    if a.path ~= b.path then return a.path < b.path end
    return a.method < b.method
  end)
  if options.json then
    io.write(json.encode(list, { pretty = true }), "\n")
    return 0
  end
  io.write(("%-7s %-46s %-22s %-7s %-8s %s\n"):format("METHOD", "PATH", "WHO", "CSRF", "CACHE", "FROM"))
  for _, route in ipairs(list) do
    io.write(("%-7s %-46s %-22s %-7s %-8s %s\n"):format(route.method, route.path, route.who, route.csrf, route.cache, route.source))
  end
  return 0
end

return routes
