--- Checks of the shop itself: its database, its age, what it can sell.
local args = require("cli.args")
local channel = require("domain.channel")
local db = require("kernel.db")
local fs = require("native.fs")
local i18n = require("kernel.i18n")
local native_db = require("native.db")
local native_fsck = require("native.fsck")
local plugins = require("kernel.plugins")
local points = require("kernel.points")
local settings = require("kernel.settings")
local thread = require("native.thread")

local checks = {}

local DAY <const> = 86400000
local HOUR <const> = 3600000
local WAL_LARGE <const> = 64 * 1024 * 1024

---@param m merx.DoctorFindings
function checks.database(m)
  if thread.options.problem then return "error", thread.options.problem, "docs/guides/running.md says what to do when data is damaged" end
  local conn = native_db.main()
  if not conn and fs.exists(m.data .. "/shop.db") then
    return "error", m.data .. "/shop.db cannot be written", "run this as the user that owns it, and look whether the disk is mounted read-only"
  end
  if not conn then return "error", "there is no shop in " .. m.data, "begin one with merx import or merx serve" end
  local report, err = native_fsck.run(conn, "quick")
  if not report then return "error", err.message, "run merx fsck" end
  if report.count > 0 then return "error", args.count(report.count, "problem"), "run merx fsck, and restore the last backup" end
  if report.wal_bytes > WAL_LARGE then
    return "warn", ("the write-ahead log has %d MiB"):format(report.wal_bytes // 1048576),
      "look for what keeps a read transaction open; a restart writes it back"
  end
  return "ok", "schema " .. report.schema_version .. ", SQLite " .. native_db.version()
end

-- Checks below ask the database, so without one they have nothing to say.
local function without_shop()
  if not native_db.main() then return "warn", "not looked at: there is no database", "see above" end
end

---@param m merx.DoctorFindings
function checks.backup(m)
  local state, text, advice = without_shop()
  if state then return state, text, advice end
  local last = db.one("schedule_find", { name = "merx.backup" })
  if not last then return "warn", "no backup was ever made of this shop", "merx backup FILE.merx, each day, onto another disk" end
  local days = (m.now - last.last_at) // DAY
  if days > 7 then return "warn", ("the last backup is %s old"):format(args.count(days, "day")), "merx backup FILE.merx, each day, onto another disk" end
  return "ok", days < 1 and "the last backup is of today" or ("the last backup is %s old"):format(args.count(days, "day"))
end

--- Nothing was written in the future: otherwise the clock went back.
---@param m merx.DoctorFindings
function checks.history(m)
  local state, text, advice = without_shop()
  if state then return state, text, advice end
  local newest = db.value("audit_newest_at") or 0
  if newest > m.now + 60000 then
    return "error", ("the journal holds entries of %s from now"):format(args.count((newest - m.now) // 60000, "minute")),
      "the clock was ahead, or it was set back: set it right; what was written keeps its time"
  end
  return "ok", "nothing was written in the future"
end

function checks.plugins()
  local skipped, unsigned = {}, {}
  for _, plugin in ipairs(plugins.list()) do
    if plugin.problem then skipped[#skipped + 1] = plugin.id .. " (" .. plugin.problem .. ")" end
    if plugin.unsigned and not plugin.is_off then unsigned[#unsigned + 1] = plugin.id end
  end
  if #skipped > 0 then return "warn", "skipped: " .. table.concat(skipped, "; "), "mend or remove them" end
  if #unsigned > 0 then
    return "warn", "nobody vouches for: " .. table.concat(unsigned, ", "), "ask their publishers for signed packages"
  end
  return "ok", args.count(#plugins.list(), "plugin")
end

-- Whether all that could be asked at a slot stand back for one that is gone.
local function is_vacant(point)
  for _, handler in ipairs(points.handlers(point)) do
    if not handler.is_unbound then return false end
  end
  return true
end

function checks.selling()
  local state, text, advice = without_shop()
  if state then return state, text, advice end
  for point, what in pairs({ payment_method = "payment", delivery_method = "delivery", tax_provider = "tax" }) do
    if #points.handlers(point) == 0 then return "error", "no plugin offers " .. what, "enable one: merx plugin list" end
    if is_vacant(point) then
      return "error", ("what %s is bound to is not there: nothing can be ordered"):format(point), "bind another one: merx plugin bind " .. point .. " ID"
    end
  end
  if not channel.list()[1] then return "error", "there is no storefront", "restore the database" end
  return "ok", "delivery, tax and payment are offered"
end

--- Whether money moves when a shopper pays.
function checks.trials()
  local state, text, advice = without_shop()
  if state then return state, text, advice end
  if settings.get("payment.test_mode") then
    return "warn", "the shop is in test mode: payments that move no money are offered, and make test orders",
      "before it opens: merx settings set payment.test_mode false"
  end
  return "ok", "payments are real"
end

--- Whether providers of payments answer what they were asked.
---@param m merx.DoctorFindings
function checks.providers(m)
  local state, text, advice = without_shop()
  if state then return state, text, advice end
  for _, row in ipairs(db.many("payment_operations_waiting")) do
    local asked = args.count(row.total, "question")
    if not points.find("payment_method", row.method) then
      return "error", ("%s to %s, whose plugin is not here: nobody asks"):format(asked, row.method),
        "enable it again (merx plugin enable), or capture, void and refund at the provider by hand"
    end
    if m.now - row.since > HOUR then
      return "warn", ("%s to %s: no answer for %s"):format(asked, row.method, args.count((m.now - row.since) // HOUR, "hour")),
        "look for its errors in the log; they are asked again by themselves"
    end
  end
  return "ok", "nothing waits for a provider"
end

--- Every language of every storefront has its texts.
function checks.languages()
  local state, text, advice = without_shop()
  if state then return state, text, advice end
  for _, row in ipairs(channel.list()) do
    for _, locale in ipairs(row.locales) do
      if not fs.exists(thread.share .. "/lua/locales/" .. locale) and not i18n.find(locale, "errors.busy", {}) then
        return "warn", ("the storefront %s speaks %s, for which there are no texts"):format(row.handle, locale),
          "take the language out, or add lua/locales/" .. locale
      end
    end
  end
  return "ok", "every language has its texts"
end

function checks.shop()
  local state, text, advice = without_shop()
  if state then return state, text, advice end
  if settings.list()["shop.email"] and settings.get("shop.email") == "" then
    return "warn", "shoppers cannot write to you", "set shop.email: merx settings set shop.email ADDRESS"
  end
  return "ok", "name and address are set"
end

--- In this order.
checks.names = { "database", "backup", "history", "plugins", "selling", "trials", "providers", "languages", "shop" }

return checks
