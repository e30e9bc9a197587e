local shop = require("support.shop")
local conn = shop.open()
local command = require("kernel.command")
local events = require("kernel.events")
local failure = require("kernel.failure")
local jobs = require("kernel.jobs")
local native_db = require("native.db")
local plugin_folder = require("support.plugin_folder")
local plugins = require("kernel.plugins")
local points = require("kernel.points")
local schema = require("kernel.schema")
local settings = require("kernel.settings")
local test = require("support.test")
require("domain.audit")
require("domain.inventory")

local audited
command.audit_with(function(_, entries) audited = entries end)

events.define("test.happened", { doc = "Something happened." })
command.define({
  name = "test.change", doc = "Changes.", args = schema.object({ count = schema.integer({ required = true }) }),
  guard = {
    name = "test.change", doc = "A change.", input = { count = "integer", id = "integer", secret = "string" },
    project = function(_, args, result) return { count = args.count, id = result.id, secret = "never asked for" } end,
  },
  handler = function(_, args) return { id = args.count } end,
})

local POINTS <const> = [[
local M = {}
function M.earn(args, cfg, tx)
  if args.points < 0 then return nil, { code = "negative", message = "points cannot be negative", data = { points = args.points } } end
  shop.db.run("INSERT INTO p_acme_points_earned (id, who, points, at) VALUES (:id, :who, :points, :at)",
    { id = shop.tx.uuid(), who = args.who, points = args.points, at = tx.now })
  shop.tx.emit("acme.points.earned", args.who, { points = args.points })
  return { total = shop.db.value("SELECT sum(points) FROM p_acme_points_earned WHERE who = :who", { who = args.who }), factor = cfg.factor }
end
function M.peek() return { rows = shop.db.many("SELECT * FROM orders", {}) } end
function M.foreign() return { ok = shop.tx.emit("order.placed", "x", {}) } end
function M.quick() return { body = shop.http.get("https://example.com/") } end
function M.loop() while true do end end
function M.heard(event) shop.log("heard", { key = event.key }) local done = shop.command("acme.points.earn", { who = "event", points = event.body.points }) return nil end
function M.fails() error("the host is down") end
function M.nightly(input) shop.command("acme.points.earn", { who = "night", points = 1 }) end
function M.sneaks() return { shop.command("order.place", {}) } end
function M.rate(input) return { times = input.count * 2 } end
function M.at_most(input, cfg)
  assert(input.secret == nil)
  if input.count > cfg.most then return { message = { "too_many", most = cfg.most } } end
end
function M.signed(input)
  local key = shop.secret("key")
  return { ok = shop.crypto.hmac_sha256_ok(key, input.text, input.signature), shown = key.value, type = type(key) }
end
function M.give(args) return shop.tx.put("acme.points.balance", args.owner, args.count) end
function M.spend(args) return shop.tx.take("acme.points.balance", args.owner, args.count) end
function M.steal(args) return shop.tx.take("stock", args.owner, 1) end
function M.asks(input) return shop.service("acme.points/rate", { count = input.count }) end
return M]]

local function entry(id, handler, more)
  local found = { id = id, handler = "points:" .. handler }
  for name, value in pairs(more or {}) do found[name] = value end
  return found
end

local function open()
  plugin_folder.load({ {
    manifest = plugin_folder.manifest("acme.points", {
      capabilities = { tables = true, secrets = true, accounts = { "acme.points.balance" } },
      settings = { key = { type = "secret" }, greeting = { type = "string", default = "hello" } },
      contributes = {
        commands = {
          entry("earn", "earn", { settings = { factor = { type = "integer", default = 2 } } }), entry("peek", "peek"), entry("foreign", "foreign"),
          entry("quick", "quick"), entry("loop", "loop"), entry("give", "give"), entry("spend", "spend"), entry("steal", "steal"),
        },
        events = { entry("heard", "heard", { on = "test.happened" }), entry("fails", "fails", { on = "test.happened" }) },
        jobs = { entry("nightly", "nightly", { every = "at 03:30" }), entry("sneaks", "sneaks", { every = "every 1h" }) },
        services = { entry("rate", "rate"), entry("signed", "signed") },
        guards = { entry("at_most", "at_most", { on = "test.change", input = { "count" }, settings = { most = { type = "integer", default = 3 } } }) },
      },
    }, { command = 1, event = 1, job = 1, service = 1, guard = 1 }),
    files = { ["src/points.lua"] = POINTS },
  }, {
    manifest = plugin_folder.manifest("acme.user", {
      capabilities = { services = { "acme.points/rate" } }, requires = { ["acme.points"] = ">=1" },
      contributes = { services = { entry("asks", "asks") } },
    }, { service = 1 }),
    files = { ["src/points.lua"] = POINTS },
  } })
  assert(conn:exec("DROP TABLE IF EXISTS p_acme_points_earned"))
  assert(conn:exec("CREATE TABLE p_acme_points_earned (id TEXT PRIMARY KEY, who TEXT, points INTEGER, at INTEGER) STRICT"))
end

local function handler(point, id)
  return assert(points.find(point, id), id .. " is not there")
end

-- Each case begins with plugins that nobody asked yet.
local function case(name, fn)
  test.case(name, function()
    open()
    fn()
  end)
end

case("a command of a plugin changes its own tables, and tells", function()
  local result = assert(command.run("acme.points.earn", { who = "ada", points = 5 }))
  test.equal(result, { total = 5, factor = 2 })
  test.equal(native_db.main():prepare("SELECT event || ' ' || key AS v FROM outbox ORDER BY seq DESC LIMIT 1"):value(), "acme.points.earned acme.points:ada")
end)

case("its own failure is told with its name, and leaves nothing", function()
  local _, err = command.run("acme.points.earn", { who = "ada", points = -1 })
  test.equal(err.code, "acme.points.negative")
  test.equal(err.data, { points = -1 })
end)

case("tables of the shop are out of reach, and so is a name that is not its own", function()
  local result, err = command.run("acme.points.peek", {})
  test.equal(result and result.rows, nil)
  test.truthy(not err or failure.is_error(err))
  result = command.run("acme.points.foreign", {})
  test.equal(result and result.ok, nil)
end)

case("what waits may not be called where nothing waits, and the journal knows", function()
  local _, err = command.run("acme.points.quick", {})
  test.truthy(err.message:find("may not be called in a command handler; it may in: effect", 1, true), err.message)
  assert(command.run("acme.points.earn", { who = "ada", points = 1 }))
  test.equal(audited[1].action, "plugin.refused")
  test.equal(audited[1].after.call, "http.request")
  test.equal(plugins.find("acme.points").refused, 1)
end)

case("a command that loops is stopped and harms nobody", function()
  local _, err = command.run("acme.points.loop", {})
  test.equal(err.code, "plugin.budget")
  test.truthy(command.run("acme.points.earn", { who = "ada", points = 1 }))
end)

case("an event reaches its effect, which may run its own commands", function()
  local found
  for _, subscriber in ipairs(events.subscribers()) do
    if subscriber.id == "acme.points/heard" then found = subscriber end
  end
  found.handler({ seq = 1, event = "test.happened", key = "k", body = { points = 7 }, at = 0 })
  test.equal(conn:prepare("SELECT points FROM p_acme_points_earned WHERE who = 'event'"):value(), 7)
end)

case("an event that fails raises, so that it is delivered again", function()
  for _, subscriber in ipairs(events.subscribers()) do
    if subscriber.id == "acme.points/fails" then
      local ok, err = pcall(subscriber.handler, { seq = 1, event = "test.happened", key = "k", body = {}, at = 0 })
      test.equal(ok, false)
      test.truthy(tostring(err):find("the host is down", 1, true), err)
    end
  end
end)

case("jobs have their schedule", function()
  local list = jobs.list()
  test.equal(list["acme.points/nightly"].schedule, { minute = 210 })
  list["acme.points/nightly"].handler({}, 0)
  test.equal(conn:prepare("SELECT count(*) FROM p_acme_points_earned WHERE who = 'night'"):value(), 1)
end)

case("a command that was not granted is refused with the line that is missing", function()
  local ok, err = pcall(jobs.list()["acme.points/sneaks"].handler, {}, 0)
  test.equal(ok, false)
  test.truthy(err:find('"capabilities": { "commands": ["order.place"] }', 1, true), err)
end)

case("services answer those who declared them", function()
  local asks = handler("service", "acme.user/asks")
  test.equal(asks.call({ count = 4 }, asks.settings), { times = 8 })
end)

case("a guard says no, sees what it asked for, and lets the rest pass", function()
  test.truthy(command.run("test.change", { count = 3 }))
  local _, err = command.run("test.change", { count = 4 })
  test.equal(err.code, "guard.blocked")
  test.equal(err.data.message.key, "acme.points.too_many")
  test.equal(err.data.message.args.most, 3)
end)

case("a secret is sealed, is never shown, and opens where it is used", function()
  assert(command.run("settings.set", { key = "plugin.acme.points.key", value = "hush" }))
  test.equal(audited[1].after.value, "••••••")
  test.equal(settings.shown("plugin.acme.points.key"), "••••••")
  test.truthy(not settings.get("plugin.acme.points.key"):find("hush", 1, true))
  local signed = handler("service", "acme.points/signed")
  local hmac = require("native.text").hex(require("native.crypto").hmac_sha256("hush", "text"))
  test.equal(signed.call({ text = "text", signature = hmac }, {}), { ok = true, type = "table" })
  test.equal(signed.call({ text = "text", signature = hmac:reverse() }, {}).ok, false)
end)

case("accounts of its own are put into and taken from, all or nothing; others are out of reach", function()
  test.equal(assert(command.run("acme.points.give", { owner = 7, count = 5 })), { balance = 5, held = 0 })
  test.equal(assert(command.run("acme.points.spend", { owner = 7, count = 3 })), { balance = 2, held = 0 })
  local _, err = command.run("acme.points.spend", { owner = 7, count = 3 })
  test.equal({ err.code, err.data.available }, { "acme.points.account.short", 2 })
  _, err = command.run("acme.points.steal", { owner = 1 })
  test.truthy(err.message:find('"accounts": ["stock"]', 1, true), err.message)
end)
