-- A new generation whose plugins fail is taken back by itself.
local shop = require("support.shop")
shop.open()
shop.plugins()
require("domain.audit")
local clock = require("native.clock")
local command = require("kernel.command")
local db = require("kernel.db")
local fs = require("native.fs")
local generation = require("kernel.plugins.generation")
local native_db = require("native.db")
local tables = require("kernel.plugins.tables")
local task = require("native.task")
local test = require("support.test")
local thread = require("native.thread")
local watch = require("kernel.plugins.watch")

local counts = {}

-- What the threads of a server would have told.
task.plugin_counts = function(id) return counts[id] or {} end

local function entry(id, version, changes)
  local out = { id = id, version = version, digest = "", enabled = true, unsigned = true, granted = {} }
  for key, value in pairs(changes or {}) do out[key] = value end
  return out
end

local function switch(list)
  return assert(command.run("generation.switch", {
    action = "upgrade", seen = generation.seen(), plugins = list, watch = true,
  })).generation
end

-- A shop with one old plugin and a new version of another, which has just come into force.
local function open()
  shop.open()
  thread.data = test.folder()
  local before = switch({ entry("acme.new", "1.0.0"), entry("acme.old", "1.0.0") })
  counts = { [before] = { ["acme.new"] = { calls = 50, errors = 40 } } }
  return before, switch({ entry("acme.new", "1.1.0"), entry("acme.old", "1.0.0") })
end

local function fail(id, calls, errors)
  local now = generation.current().id
  counts[now] = counts[now] or {}
  local known = counts[now][id] or { calls = 0, errors = 0 }
  counts[now][id] = { calls = known.calls + calls, errors = known.errors + errors }
  return watch.look(clock.now())
end

test.case("what failed before the switch does not count", function()
  local _, after = open()
  fail("acme.new", 100, 0)
  test.equal(generation.current().id, after)
end)

test.case("a new version that fails too often is taken back, with a word in the journal", function()
  local before = open()
  fail("acme.new", 20, 5)
  test.equal(generation.current().id, before)
  test.equal(generation.recent()[1].state, "failed")
  local rows = db.many("audit_of_entity", { entity = "plugin", entity_id = "acme.new", before = 1000, limit = 1 })
  test.equal({ rows[1].action, rows[1].actor }, { "plugin.rollback", "job:plugins.watch" })
end)

test.case("a few failures among many calls are not too many", function()
  local _, after = open()
  fail("acme.new", 1000, 50)
  test.equal(generation.current().id, after)
  fail("acme.new", 0, 4)
  test.equal(generation.current().id, after)
end)

test.case("failures of a plugin that did not change take nothing back", function()
  local _, after = open()
  fail("acme.old", 10, 10)
  test.equal(generation.current().id, after)
end)

test.case("after ten minutes a generation stays", function()
  local _, after = open()
  shop.wait(10 * 60 * 1000)
  test.truthy(fail("acme.new", 10, 10) > 1000)
  test.equal(generation.current().id, after)
end)

test.case("what was taken back is not watched again", function()
  local before = open()
  fail("acme.new", 20, 20)
  test.equal({ generation.current().id, fail("acme.new", 20, 20) > 1000 }, { before, true })
  test.equal(generation.current().id, before)
end)

-- A new version whose migration is not made, and how many looks that takes.
local function open_unready()
  shop.open()
  thread.data = test.folder()
  counts = {}
  local before = switch({ entry("acme.new", "1.0.0") })
  local digest = ("ab"):rep(32)
  local root = generation.root_of("acme.new", "1.1.0", digest) .. "/migrations"
  assert(fs.mkdir(root))
  assert(fs.write(root .. "/0001_new.sql", "CREATE TABLE p_acme_new_new (id INTEGER PRIMARY KEY) STRICT;"))
  return before, switch({ entry("acme.new", "1.1.0", { digest = digest }) })
end

test.case("a version whose tables could not be made is taken back after a while", function()
  local before, after = open_unready()
  watch.look(clock.now())
  test.equal(generation.current().id, after)
  shop.wait(6000)
  watch.look(clock.now())
  test.equal({ generation.current().id, generation.recent()[1].state }, { before, "failed" })
  local rows = db.many("audit_of_entity", { entity = "generation", entity_id = tostring(before), before = 1000, limit = 1 })
  test.contains(rows[1].payload, "acme.new could not make its tables: taken back by itself")
end)

test.case("one whose tables are there by then stays", function()
  local _, after = open_unready()
  assert(tables.migrate(native_db.main(), "acme.new", generation.find("acme.new").root))
  shop.wait(6000)
  watch.look(clock.now())
  test.equal(generation.current().id, after)
  local done, err = command.run("generation.rollback", { seen = after, failed = true, unready = true })
  test.equal({ done, err.code, generation.current().id }, { nil, "generation.ready", after })
end)
