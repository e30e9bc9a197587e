-- Files that plugins keep: how far a plugin gets, who can see them, and what is left of them.
local shop = require("support.shop")
shop.open()
local clock = require("native.clock")
local fs = require("native.fs")
local jobs = require("kernel.jobs")
local plugin_folder = require("support.plugin_folder")
local plugins = require("kernel.plugins")
local staging = require("kernel.plugins.staging")
local storage = require("kernel.plugins.storage")
local test = require("support.test")
local thread = require("native.thread")
require("domain.audit")

-- What a job is to do stands in the settings of its plugin, as Lua of the test cannot reach into it.
local SOURCE <const> = [[
local M = {}
function M.act()
  local todo = shop.json.decode(shop.settings.todo)
  local results = {}
  for i, step in ipairs(todo) do
    local fine, answer, err = pcall(shop.storage[step[1] ], step[2], step[3] and step[3]:rep(step[4] or 1))
    results[i] = { fine = fine, answer = fine and answer or nil, raised = not fine and tostring(answer) or nil, code = err and err.code, message = err and err.message }
  end
  shop.log(shop.json.encode(results))
end
function M.price(input) shop.storage.list() return {} end
return M]]

local command = require("kernel.command")
local json = require("native.json")
local log = require("kernel.log")

local QUOTA <const> = 1000

local function plugin_of(id, capabilities)
  return {
    manifest = plugin_folder.manifest(id, {
      capabilities = capabilities, settings = { todo = { type = "text", default = "[]" } },
      contributes = {
        jobs = { { id = "act", handler = "acts:act", every = "every 1h" } },
        price_rules = { { id = "price", handler = "acts:price" } },
      },
    }, { job = 1, price_rule = 1 }),
    files = { ["src/acts.lua"] = SOURCE },
  }
end

local function open()
  thread.data = test.folder()
  plugin_folder.load({ plugin_of("acme.keeps", { storage = QUOTA }), plugin_of("acme.other", { storage = QUOTA }), plugin_of("acme.poor", {}) })
end

-- Has a plugin do steps { call, name, bytes, times }, and gives what it was answered.
local function act(id, ...)
  assert(command.run("settings.set", { key = "plugin." .. id .. ".todo", value = json.encode({ ... }) }))
  local told
  local info = log.info
  log.info = function(message) told = message end
  local ok, err = pcall(jobs.list()[id .. "/act"].handler, {}, 0)
  log.info = info
  if not ok then error(err, 0) end
  return assert(json.decode(told))
end

local function path_of(id, name)
  return ("%s/plugin-files/%s/%s"):format(thread.data, id, name)
end

local function case(name, fn)
  test.case(name, function()
    shop.open()
    open()
    fn()
  end)
end

case("what is put is there, is replaced whole, is listed, and goes", function()
  local done = act("acme.keeps", { "put", "b.txt", "two" }, { "put", "a-1_x.csv", "one" }, { "put", "b.txt", "three" }, { "get", "b.txt" }, { "list" },
    { "delete", "b.txt" }, { "get", "b.txt" }, { "delete", "b.txt" })
  test.equal({ done[1].answer, done[4].answer, done[6].answer, done[7].code, done[8].answer }, { true, "three", true, "storage.missing", true })
  test.equal({ #done[5].answer, done[5].answer[1].name, done[5].answer[2].size }, { 2, "a-1_x.csv", 5 })
  test.equal(assert(fs.read(path_of("acme.keeps", "a-1_x.csv"))), "one")
  test.equal(fs.list(thread.data .. "/plugin-files/acme.keeps"), { "a-1_x.csv" })
end)

case("bytes are bytes", function()
  local done = act("acme.keeps", { "put", "x", "\0\r\n" }, { "get", "x" })
  test.equal({ done[1].answer, done[2].answer }, { true, "\0\r\n" })
end)

-- No name leads out of the folder, and each attempt is in the journal.
local STRANGE <const> = { "", ".", "..", "../acme.other/x", "/etc/passwd", "a/b", "a\\b", ".hidden", "a\0b", "A", "ä", "a b", "a\nb", "~", "-rf",
  "x.tmp", "x.123.tmp", ("a"):rep(101), "plugin-files/x", "a/../b", "%2e%2e" }

case("no name leads anywhere else", function()
  assert(fs.mkdir(thread.data .. "/plugin-files/acme.other"))
  assert(fs.write(path_of("acme.other", "x"), "secret"))
  for _, name in ipairs(STRANGE) do
    local done = act("acme.keeps", { "put", name, "x" }, { "get", name }, { "delete", name })
    for i = 1, 3 do
      test.equal({ name, done[i].answer, done[i].code }, { name, nil, "storage.invalid" })
    end
  end
  local done = act("acme.keeps", { "get" }, { "put", "x" })
  test.equal({ done[1].code, done[2].code }, { "storage.invalid", "storage.invalid" })
  test.equal(fs.exists(thread.data .. "/plugin-files/acme.keeps"), false)
  test.equal(assert(fs.read(path_of("acme.other", "x"))), "secret")
  test.truthy(plugins.find("acme.keeps").refused >= 3 * #STRANGE)
end)

case("one plugin knows nothing of another's", function()
  act("acme.other", { "put", "x", "secret" })
  local done = act("acme.keeps", { "list" }, { "get", "x" }, { "delete", "x" })
  test.equal({ #done[1].answer, done[2].code }, { 0, "storage.missing" })
  test.equal(act("acme.other", { "get", "x" })[1].answer, "secret")
end)

case("all together is never more than was granted", function()
  local done = act("acme.keeps", { "put", "a", "x", 600 }, { "put", "b", "x", 400 }, { "put", "c", "x" }, { "put", "a", "x", 601 }, { "put", "a", "x", 599 },
    { "put", "c", "x" }, { "put", "d", "x" }, { "delete", "b" }, { "put", "d", "x", 400 })
  local codes = {}
  for i, step in ipairs(done) do codes[i] = step.code or "ok" end
  local full = "storage.full"
  test.equal(codes, { "ok", "ok", full, full, "ok", "ok", full, "ok", "ok" })
  test.contains(done[3].message, "acme.keeps may keep 1000 bytes, and keeps 1000 besides this file of 1: delete some")
  local sum = 0
  for _, file in ipairs(storage.list("acme.keeps")) do sum = sum + file.size end
  test.equal(sum, QUOTA)
end)

case("not too many, however small", function()
  local folder = thread.data .. "/plugin-files/acme.keeps"
  assert(fs.mkdir(folder))
  for i = 1, 1000 do assert(fs.write(("%s/%d"):format(folder, i), "")) end
  local done = act("acme.keeps", { "put", "one-more", "" }, { "put", "7", "x" })
  test.equal({ done[1].code, done[2].answer }, { "storage.full", true })
end)

case("what was not granted is refused with the line that is missing", function()
  for _, call in ipairs({ "put", "get", "list", "delete" }) do
    local done = act("acme.poor", { call, "x", "x" })[1]
    test.equal(done.fine, false)
    test.contains(done.raised, '"capabilities": { "storage": 1000000 }')
  end
  test.equal(fs.exists(thread.data .. "/plugin-files"), false)
end)

case("what only answers keeps nothing", function()
  local points = require("kernel.points")
  local rule = assert(points.find("price_rule", "acme.keeps/price"))
  local _, err = rule.call({}, {})
  test.contains(err.message, "may not be called in a pure handler; it may in: effect")
end)

case("a link leads nowhere, and nothing is written through it", function()
  local outside, folder = thread.data .. "/outside", thread.data .. "/plugin-files/acme.keeps"
  assert(fs.mkdir(outside))
  assert(fs.mkdir(folder))
  assert(fs.write(outside .. "/secret", "secret"))
  assert(os.execute(("ln -s '%s/secret' '%s/link' && mkfifo '%s/pipe' && mkdir '%s/dir'"):format(outside, folder, folder, folder)))
  local done = act("acme.keeps", { "get", "link" }, { "put", "link", "mine" }, { "get", "pipe" }, { "get", "dir" }, { "put", "dir", "mine" }, { "delete", "link" })
  for i = 1, 5 do test.equal({ i, done[i].answer, done[i].code }, { i, nil, "storage.invalid" }) end
  test.equal({ assert(fs.read(outside .. "/secret")), done[6].answer, fs.exists(folder .. "/link") }, { "secret", true, false })
  test.equal(storage.all(), {})
end)

case("nor does a folder that is one", function()
  local outside = thread.data .. "/outside"
  assert(fs.mkdir(outside))
  assert(fs.write(outside .. "/x", "secret"))
  assert(fs.mkdir(thread.data .. "/plugin-files"))
  assert(os.execute(("ln -s '%s' '%s/plugin-files/acme.keeps'"):format(outside, thread.data)))
  local done = act("acme.keeps", { "get", "x" }, { "put", "x", "mine" }, { "put", "y", "mine" }, { "list" }, { "delete", "x" })
  test.equal({ done[1].answer, done[2].code, done[3].code, done[4].answer }, { nil, "storage.invalid", "storage.invalid", {} })
  test.equal({ assert(fs.read(outside .. "/x")), fs.list(outside), storage.all() }, { "secret", { "x" }, {} })
end)

case("what a stopped write left is swept", function()
  act("acme.keeps", { "put", "x", "x" })
  assert(fs.write(path_of("acme.keeps", "x.123.tmp"), "half"))
  test.equal(#storage.list("acme.keeps"), 1)
  test.equal(fs.exists(path_of("acme.keeps", "x.123.tmp")), true)
  clock.set_fake(4000000000000)
  test.equal(#storage.list("acme.keeps"), 1)
  test.equal(fs.exists(path_of("acme.keeps", "x.123.tmp")), false)
end)

case("a purge takes them, and nobody else's", function()
  act("acme.keeps", { "put", "x", "x" })
  act("acme.other", { "put", "x", "x" })
  test.equal(storage.all(), { "plugin-files/acme.keeps/x", "plugin-files/acme.other/x" })
  staging.purge("acme.keeps")
  test.equal(storage.all(), { "plugin-files/acme.other/x" })
end)
