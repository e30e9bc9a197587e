--- Looks at everything a shop needs, and says what to do about what is wrong.
require("boot")
local args = require("cli.args")
local channel = require("domain.channel")
local clock = require("native.clock")
local db = require("native.db")
local fs = require("native.fs")
local json = require("native.json")
local native = require("native.fsck")
local plugins = require("kernel.plugins")
local points = require("kernel.points")
local settings = require("kernel.settings")
local thread = require("native.thread")

local doctor = { usage = [[
usage: merx doctor [--json]

Checks the data folder, the database, the clock, plugins and settings. Each line says
ok, warn or error, and what to do.

exit status: 0 all is well, 1 something is wrong
]] }

local checks = {}

function checks.database()
  local conn = db.main()
  if not conn then return "error", "there is no shop in " .. thread.data, "begin one with merx import or merx serve" end
  local report, err = native.run(conn, "quick")
  if not report then return "error", err.message, "run merx fsck" end
  if report.count > 0 then return "error", report.count .. " problems", "run merx fsck, and restore the last backup" end
  return "ok", "schema " .. report.schema_version .. ", SQLite " .. db.version()
end

function checks.key()
  if not fs.exists(thread.data .. "/merx.key") then return "error", "merx.key is missing", "put the copy back, or secrets must be entered again" end
  return "ok", "merx.key is there; keep a copy of it elsewhere"
end

function checks.clock()
  if clock.now() < 1767225600000 then return "error", "the clock stands before 2026", "set the system's clock" end
  return "ok", "the clock is plausible"
end

function checks.plugins()
  local skipped = {}
  for _, plugin in ipairs(plugins.list()) do
    if plugin.problem then skipped[#skipped + 1] = plugin.id .. " (" .. plugin.problem .. ")" end
  end
  if #skipped > 0 then return "warn", "skipped: " .. table.concat(skipped, "; "), "mend or remove them" end
  return "ok", #plugins.list() .. " plugins"
end

function checks.selling()
  if not db.main() then return "error", "nothing can be sold without a database", "begin a shop first" end
  for point, what in pairs({ payment_method = "payment", delivery_method = "delivery", tax_provider = "tax" }) do
    if #points.handlers(point) == 0 then return "error", "no plugin offers " .. what, "enable one: merx plugin list" end
  end
  if not channel.list()[1] then return "error", "there is no storefront", "restore the database" end
  return "ok", "delivery, tax and payment are offered"
end

function checks.shop()
  if not db.main() then return "warn", "no settings yet", "begin a shop first" end
  if settings.list()["shop.email"] and settings.get("shop.email") == "" then
    return "warn", "shoppers cannot write to you", "set shop.email: merx settings set shop.email ADDRESS"
  end
  return "ok", "name and address are set"
end

---@param given string[]
---@return integer exit_code
function doctor.run(given)
  local options, code = args.parse(given, { name = "merx doctor", usage = doctor.usage, flags = { json = "flag" } })
  if not options then return code end
  local results, failed = json.array({}), false
  for _, name in ipairs({ "database", "key", "clock", "plugins", "selling", "shop" }) do
    local state, text, advice = checks[name]()
    results[#results + 1] = { check = name, state = state, text = text, advice = advice }
    failed = failed or state == "error"
  end
  if options.json then
    io.write(json.encode(results, { pretty = true }), "\n")
  else
    for _, result in ipairs(results) do
      io.write(("%-6s %-10s %s\n"):format(result.state, result.check, result.text))
      if result.advice then io.write(("%18s%s\n"):format("→ ", result.advice)) end
    end
  end
  return failed and 1 or 0
end

return doctor
