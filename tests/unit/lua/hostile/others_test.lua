--- The failure table, at the points that no quote asks: a handler that throws, loops, eats memory, answers what is malformed
--- or half wrong has no say there either. A guard closes, a page goes on without it, work in the background is tried again.
local shop = require("support.shop")
shop.open()
local command = require("kernel.command")
local events = require("kernel.events")
local failure = require("kernel.failure")
local jobs = require("kernel.jobs")
local log = require("kernel.log")
local market = require("support.market")
local plugin_folder = require("support.plugin_folder")
local plugins = require("kernel.plugins")
local points = require("kernel.points")
local schema = require("kernel.schema")
local test = require("support.test")
local visitor = require("support.visitor")
require("domain.audit")
require("domain.inventory")
require("web")

events.define("test.others", { doc = "Something happened." })
command.define({
  name = "test.guarded", doc = "Changes.", args = schema.object({}), handler = function() return { done = true } end,
  guard = { name = "test.guarded", doc = "A change.", input = { count = "integer" }, project = function() return { count = 1 } end },
})
local _, shown_id = market.product({ title = "Plain mug" })

-- What fails whatever the point is. `says` stands in the log.
local FAULTS <const> = {
  ["throws"] = { body = "error('boom')", says = "boom" },
  ["throws a table"] = { body = "error({})", says = "an error that is a table" },
  ["throws half a megabyte of lines"] = { body = "error(('x\\n\\27[2J'):rep(1 << 17))" },
  ["loops"] = { body = "while true do end", says = "time" },
  ["loops behind pcall"] = { body = "while true do pcall(function() while true do end end) end", says = "time" },
  ["backtracks"] = { body = "return (('a'):rep(5000)):find(('a*'):rep(4) .. 'b')" },
  ["eats memory"] = { body = "local t = {} while true do t[#t + 1] = { #t .. 'x' } end" },
  ["recurses"] = { body = "local function f() return 1 + f() end return f()" },
  ["answers a function"] = { body = "return { function() end }", says = "is a function" },
  ["answers itself"] = { body = "local t = {} t[1] = t return t", says = "nested too deep" },
  ["answers what doubles"] = { body = "local t = { 1 } for i = 1, 40 do t = { t, t } end return t" },
  ["is not there"] = { source = "return {}", says = "no handler" },
  ["does not load"] = { source = "error('not today')", says = "not today" },
  ["is no Lua"] = { source = "return {", says = "expected" },
}

-- Answers that are data and still no answer. What of them is refused depends on the point.
local LIES <const> = {
  ["a number"] = "5", ["not a number"] = "0 / 0", ["a text"] = "'yes'", ["true"] = "true", ["an empty list"] = "{}",
  ["a list with a hole"] = "{ [1] = 1, [3] = 1 }", ["names that nobody knows"] = "{ op = 'set_total', amount = 0 / 0 }",
  ["words that are not readable"] = "{ message = '\\xff\\xfe', title = '\\xff', text = '\\xff', badges = { '\\xff' }, id = ID }",
  ["tables where words belong"] = "{ message = {}, title = {}, text = {}, json = nil, redirect = nil, badges = { {} }, id = ID }",
  ["a table as a page"] = "{ title = {}, markdown = {}, robots = {}, status = {} }",
  ["a page with a status of its own"] = "{ status = 99999, text = 'x' }", ["no number as JSON"] = "{ json = { 0 / 0, 1 / 0 } }",
  ["half a list"] = "{ { id = ID, badges = { 'fine' } }, 5, { id = {}, badges = 7, ext = 'x' }, { id = ID, badges = { 0 / 0, {}, true } } }",
  ["a list of words that are not readable"] = "{ { id = ID, badges = { '\\xff\\xfe' } } }",
  ["a list of long words"] = "{ { id = ID, badges = { 'x' .. ('é'):rep(200) } } }",
  ["thousands of things"] = "(function() local t = {} for i = 1, 20000 do t[i] = { id = ID, badges = { 'b' .. i } } end return t end)()",
}

local PLACES <const> = {
  guard = { place = "guards", more = { on = "test.guarded", input = { "count" } } },
  command = { place = "commands" }, service = { place = "services" }, event = { place = "events", more = { on = "test.others" } },
  job = { place = "jobs", more = { every = "every 1h" } }, route = { place = "routes", more = { path = "/apps/acme.others/x" } },
  view_patch = { place = "view_patches", more = { view = "product_card", input = { "items[].id" }, writes = { "badges", "ext.acme.others.note" } } },
}

local loads = 0

local function load(point, source)
  loads = loads + 1
  local about, entry = PLACES[point], { id = "x", handler = "m:f" }
  for name, value in pairs(about.more or {}) do entry[name] = value end
  plugin_folder.load({ {
    manifest = plugin_folder.manifest("acme.others", { contributes = { [about.place] = { entry } } }, { [point] = 1 }),
    files = { ["src/m.lua"] = source },
  }, {
    manifest = plugin_folder.manifest("acme.asker", {
      capabilities = { services = { "acme.others/x" } }, contributes = { services = { { id = "asks", handler = "m:f" } } },
    }, { service = 1 }),
    files = { ["src/m.lua"] = "return { f = function() local a, err = shop.service('acme.others/x', {}) return { answer = a, code = err and err.code } end }" },
  } })
  test.equal(plugins.find("acme.others").problem, nil)
  assert(command.run("settings.set", { key = "shop.name", value = "Shop " .. loads })) -- what was kept of pages is stale
end

local function subscriber()
  for _, found in ipairs(events.subscribers()) do
    if found.id == "acme.others/x" then return found end
  end
end

-- Each asks once, and tells what came of it in one word: "failed" when there was no answer of use.
local ASK <const> = {
  guard = function()
    local done, err = command.run("test.guarded", {})
    if done then return "let through" end
    test.truthy(err.code == "guard.failed" or err.code == "guard.blocked", err.code)
    return err.code == "guard.failed" and "failed" or "refused"
  end,
  command = function()
    local done, err = command.run("acme.others.x", {}, { key = "k", actor = "ada" })
    test.truthy(done or failure.is_error(err))
    return done and "answered" or "failed"
  end,
  service = function()
    local asks = points.find("service", "acme.asker/asks")
    local answer, err = asks.call({}, {})
    if not answer then -- what it waited for counts as its own
      test.contains(err.message, "ran past its instruction budget")
      return "failed"
    end
    return answer.code and "failed" or "answered"
  end,
  event = function()
    return pcall(subscriber().handler, { seq = 1, event = "test.others", key = "k", body = {}, at = 0 }) and "heard" or "failed"
  end,
  job = function() return pcall(jobs.list()["acme.others/x"].handler, {}, 0) and "done" or "failed" end,
  route = function()
    local reply = visitor.new():get("/apps/acme.others/x")
    test.truthy(not reply.body:find("0x%x%x%x%x%x"), "an address is shown")
    test.truthy(utf8.len(reply.body), "the page is no UTF-8")
    return reply.status >= 500 and "failed" or "answered"
  end,
  view_patch = function()
    local reply = visitor.new():get("/collections/all")
    test.equal(reply.status, 200)
    test.truthy(reply.body:find("Plain mug", 1, true), "the card is gone")
    test.truthy(not reply.body:find("0x%x%x%x%x%x"), "an address is shown")
    test.truthy(utf8.len(reply.body), "the page is no UTF-8")
    return reply.body:find('class="badge"', 1, true) and "answered" or "failed"
  end,
}

local function with_log(body)
  local written, real = {}, log.warn
  log.warn = function(message, fields) written[#written + 1] = { message = message, fields = fields } end
  local ok, result = xpcall(body, debug.traceback)
  log.warn = real
  if not ok then error(result, 0) end
  return result, written
end

local function named(written)
  for _, entry in ipairs(written) do
    if entry.fields and entry.fields.handler == "acme.others/x" then return entry.fields end
  end
end

for point, ask in pairs(ASK) do
  test.group("a " .. point .. " that", function()
    for name, fault in pairs(FAULTS) do
      test.case(name, function()
        load(point, fault.source or ("return { f = function() " .. fault.body .. " end }"))
        local came, written = with_log(ask)
        test.equal(came, "failed")
        local told = test.truthy(named(written), "the log does not name it")
        test.equal(told.plugin, "acme.others")
        test.truthy(#told.error <= 1000 and not told.error:find("%c"), told.error)
        if fault.says and not (fault.says == "time" and told.code == "budget") then test.contains(told.error, fault.says) end
        test.truthy(plugins.find("acme.others").errors > 0)
      end)
    end

    for name, lie in pairs(LIES) do
      test.case("answers " .. name, function()
        load(point, ("return { f = function() return %s end }"):format((lie:gsub("%f[%u]ID%f[%U]", tostring(shown_id)))))
        local came = with_log(ask)
        if point == "guard" then test.equal(came, "failed") end -- none of them is a message
      end)
    end
  end)
end
