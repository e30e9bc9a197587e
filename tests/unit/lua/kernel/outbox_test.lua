local shop = require("support.shop")
shop.open()
local command = require("kernel.command")
local config = require("kernel.plugins.config")
local db = require("kernel.db")
local events = require("kernel.events")
local outbox = require("kernel.outbox")
local schema = require("kernel.schema")
local test = require("support.test")

local HOUR <const> = 3600000

events.define("test.told", { doc = "For a test." })
command.define({
  name = "test.tell", doc = "Tells.", args = schema.object({ key = schema.text({ required = true }), n = schema.integer() }),
  handler = function(tx, args)
    tx.emit("test.told", args.key, { n = args.n })
    return {}
  end,
})

local heard, is_down = {}, true
events.on("test.told", "test/ear", function(event)
  if is_down and event.key == "a" then error("the host is down", 0) end
  heard[#heard + 1] = event.key .. event.body.n
end)

local function tell(key, n) assert(command.run("test.tell", { key = key, n = n })) end

test.case("a failed one holds back its key only, is tried again, dies, and comes back when somebody says so", function()
  tell("a", 1)
  tell("a", 2)
  tell("b", 3)
  outbox.run()
  test.equal(heard, { "b3" })
  for _ = 1, 12 do
    shop.wait(8 * HOUR)
    outbox.run()
  end
  local rows = db.many("outbox_exceptions_all", { limit = 10 })
  test.equal({ rows[1].state, rows[1].attempts, rows[1].error:match("^[^\n]*") }, { "dead", 12, "the host is down" })
  is_down = false
  shop.wait(8 * HOUR)
  outbox.run()
  assert(command.run("outbox.retry", { subscriber = "test/ear", seq = rows[1].seq }))
  outbox.run()
  table.sort(heard)
  test.equal(heard, { "a1", "a2", "b3" })
  test.equal(db.many("outbox_exceptions_all", { limit = 10 }), {})
  local _, err = command.run("outbox.retry", { subscriber = "test/ear", seq = 999 })
  test.equal(err.code, "delivery.missing")
end)

test.case("who is new hears of what happens from now on", function()
  tell("c", 4)
  outbox.welcome({ "test/new" }, 0)
  test.equal(db.value("outbox_cursor", { subscriber = "test/new" }), db.value("outbox_newest"))
  tell("c", 5)
  outbox.welcome({ "test/new" }, 0)
  test.truthy(db.value("outbox_cursor", { subscriber = "test/new" }) < db.value("outbox_newest"))
end)

local others, idle, ears = {}, false, nil

-- Subscribers that come and go, as those of plugins do.
local function with_ears(list, fn)
  ears = list
  events.more_with(function() return ears end)
  local ok, err = xpcall(fn, debug.traceback)
  ears = {}
  if not ok then error(err, 0) end
end

local ear = {
  id = "test/other", event = "test.told", is_idle = function() return idle end,
  handler = function(event) others[#others + 1] = event.key .. event.body.n end,
}

local function cursor(id) return db.value("outbox_cursor", { subscriber = id }) end

test.case("who is not set up is asked nothing, and hears nothing of that time later", function()
  outbox.welcome({ ear.id }, 0)
  with_ears({ ear }, function()
    idle = true
    tell("d", 6)
    outbox.run()
    idle = false
    tell("d", 7)
    outbox.run()
    test.equal(others, { "d7" })
  end)
end)

test.case("cursors past what was for others are written together, seconds later, and never go back", function()
  events.define("test.rare", { doc = "For a test." })
  local deaf = { id = "test/deaf", event = "test.rare", handler = error }
  outbox.welcome({ deaf.id }, 0)
  with_ears({ deaf }, function()
    outbox.run()
    shop.wait(HOUR)
    outbox.run()
    tell("e", 8)
    local before = cursor(deaf.id)
    local _, next_at = outbox.run()
    test.truthy(next_at and next_at <= require("native.clock").now() + 5000, "nobody would come back to write it")
    test.equal(cursor(deaf.id), before)
    shop.wait(5000)
    _, next_at = outbox.run()
    test.equal({ cursor(deaf.id), next_at }, { db.value("outbox_newest"), nil })
    assert(command.run("outbox.pass", { cursors = { { subscriber = deaf.id, seq = 1 } } }))
    test.equal(cursor(deaf.id), db.value("outbox_newest"))
  end)
end)

test.case("what everybody has looked past is forgotten, also before cursors say so", function()
  tell("f", 9)
  outbox.run()
  outbox.prune()
  test.equal(db.value("outbox_newest"), nil)
  tell("f", 10)
  outbox.run()
  test.equal(heard[#heard], "f10")
end)

test.case("a handler that needs mail is idle while none can be sent, and one that a promotion names never is", function()
  local function handler(point) return { id = "test.post/" .. point, plugin = "test.post", point = point, spec = { settings = {}, needs = "mail" } } end
  test.contains(config.idle(handler("event")), "no mail server")
  test.equal(config.idle(handler("promotion_action")), nil)
  for key, value in pairs({ ["mail.host"] = "mail.example", ["mail.from"] = "shop@example.com" }) do
    assert(command.run("settings.set", { key = key, value = value }))
  end
  test.equal(config.idle(handler("event")), nil)
end)
