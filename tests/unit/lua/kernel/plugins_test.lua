local shop = require("support.shop")
shop.open()
local draft = require("domain.draft")
local fs = require("native.fs")
local plugins = require("kernel.plugins")
local points = require("kernel.points")
local quote = require("domain.quote")
local signature = require("kernel.signature")
local test = require("support.test")
local thread = require("native.thread")

local MANIFEST <const> = [[
{ "manifest": 1, "id": "test.below", "version": "1.0.0", "name": "Below nothing", "license": "MIT", "description": "Lies.",
  "engine": ">=0.1 <1", "api": { "price_rule": 1 },
  "contributes": { "price_rules": [ { "id": "lies", "handler": "lies:price", "input": ["lines[].id"] } ] } }]]

local SOURCE <const> = [[
return { price = function(input) return { { op = "set_unit", line = input.lines[1].id, amount = -1 } } end }]]

local function write(path, bytes)
  assert(fs.write(path, bytes))
end

local function plugin_called(id)
  for _, plugin in ipairs(plugins.list()) do
    if plugin.id == id then return plugin end
  end
end

-- One plugin that lies, one that was unpacked too deep, and a file.
local function open()
  local folder = test.folder()
  for _, path in ipairs({ "/test.below", "/test.below/src", "/test.deep", "/test.deep/test.deep" }) do assert(fs.mkdir(folder .. path)) end
  write(folder .. "/test.below/plugin.json", MANIFEST)
  write(folder .. "/test.below/src/lies.lua", SOURCE)
  write(folder .. "/test.deep/test.deep/plugin.json", MANIFEST)
  write(folder .. "/README.md", "no plugin")
  shop.plugins({ { path = folder, bundled = false } })
end

test.case("a folder without a manifest is named, a file is none", function()
  open()
  test.truthy(plugin_called("test.deep").problem:find("no plugin.json", 1, true))
  test.equal(#plugins.list(), 2)
end)

test.case("an answer that its point does not allow counts against its plugin, and rests it when it goes on", function()
  open()
  local handler = quote.handlers("price_rule")[1]
  local function ask()
    local work = draft.open({
      currency = "EUR", locale = "en", destination = {}, lines = { { id = "a", qty = 1, list = 100 } },
    }, { now = 0 })
    test.equal(draft.ask(work, handler), nil)
    return work.issues[1].problem
  end
  test.equal(ask(), "operation 1 (set_unit): amount must be 0 to 10^15, it is -1")
  local plugin = plugin_called("test.below")
  test.equal({ plugin.errors, plugin.last_error }, { 1, "test.below/src/lies.lua:1: operation 1 (set_unit): amount must be 0 to 10^15, it is -1" })
  local last
  for _ = 1, 10 do last = ask() end
  test.truthy(last:find("rests", 1, true), last)
  test.truthy(plugin.errors < 10)
end)

local ASKED <const> = [[
{ "manifest": 1, "id": "test.asked", "version": "1.0.0", "name": "Asked", "license": "MIT", "description": "Counts.",
  "engine": ">=0.1 <1", "api": { "price_rule": 1, "delivery_method": 1, "payment_method": 1 },
  "contributes": {
    "price_rules": [ { "id": "clock", "handler": "asked:prices", "input": ["now"] } ],
    "delivery_methods": [ { "id": "calm", "handler": "asked:rates", "input": ["subtotal", "lines[].qty"],
      "settings": { "amount": { "type": "money", "min": 0, "default": 5, "label": "amount" } } } ],
    "payment_methods": [ { "id": "broken", "handler": "asked:fails", "flow": "offline", "input": ["subtotal"] } ] } }]]

local ANSWERS <const> = [[
local M = {}
function M.prices() return {} end
function M.rates(input, cfg) return { { op = "rate", id = "r", title = "rate", amount = cfg.amount } } end
function M.fails() error("no") end
return M]]

test.case("a pure handler is not asked what it has just answered", function()
  local folder = test.folder()
  for _, path in ipairs({ "/test.asked", "/test.asked/src" }) do assert(fs.mkdir(folder .. path)) end
  write(folder .. "/test.asked/plugin.json", ASKED)
  write(folder .. "/test.asked/src/asked.lua", ANSWERS)
  shop.plugins({ { path = folder, bundled = false } })
  local plugin = plugin_called("test.asked")

  local function calls_of(point, input, config)
    local before = plugin.calls
    local answer = quote.handlers(point)[1].ask(input, config)
    return plugin.calls - before, answer
  end
  local config = { amount = 5 }
  local calls, first = calls_of("delivery_method", { subtotal = 10, lines = { { qty = 1 } } }, config)
  test.equal({ calls, first[1].amount }, { 1, 5 })
  local again, second = calls_of("delivery_method", { subtotal = 10, lines = { { qty = 1 } } }, config)
  test.equal({ again, second }, { 0, first })
  test.equal(calls_of("delivery_method", { subtotal = 11, lines = { { qty = 1 } } }, config), 1)
  test.equal(calls_of("delivery_method", { subtotal = 10, lines = { { qty = 2 } } }, config), 1)
  local changed, third = calls_of("delivery_method", { subtotal = 10, lines = { { qty = 1 } } }, { amount = 6 })
  test.equal({ changed, third[1].amount }, { 1, 6 })
  for _ = 1, 2 do test.equal(calls_of("price_rule", { now = 1 }, {}), 1) end -- what looks at the clock is asked each time
  for _ = 1, 2 do test.equal(calls_of("payment_method", { subtotal = 1 }, {}), 1) end -- a failure is no answer
end)

test.case("answers of a handler are bounded, large questions are not kept", function()
  local answers = require("kernel.plugins.answers").new()
  local config = {}
  for i = 1, 1000 do
    local known, key = answers:find("n" .. i, config, 5)
    test.equal(known, nil)
    answers:keep(key, { i }, 5)
  end
  local kept = 0
  for i = 1, 1000 do kept = kept + (answers:find("n" .. i, config, 5) and 1 or 0) end
  test.truthy(kept >= 128 and kept <= 256, kept)
  test.equal(answers:find("n1000", config, 5), { 1000 })
  local _, largest = answers:find("largest", config, 5000)
  test.equal(largest, nil)
  test.equal(select(2, answers:find("large", config, 300)), nil) -- until it is asked again
  test.equal(select(2, answers:find("large", config, 300)), "large")
  for i = 1, 1000 do test.equal(select(2, answers:find("l" .. i, config, 300)), nil) end
  test.equal(select(2, answers:find("large", config, 300)), nil) -- forgotten meanwhile
  test.equal(select(2, answers:find("l1000", config, 300)), "l1000")
  for i = 1, 10 do answers:keep("long" .. i, { i }, 4000) end
  test.equal({ answers:find("n1000", config, 5), answers:find("long1", config, 4000), (answers:find("long10", config, 4000)) }, { nil, nil, { 10 } })
end)

test.case("a plugin that was left gives its state back, once nothing in it runs; who began with it may ask it again", function()
  open()
  local function ask(handler) return handler.ask({ lines = { { id = "a" } } }, {}) end
  local old, handler = plugin_called("test.below"), quote.handlers("price_rule")[1]
  test.truthy(ask(handler))
  local state = old.state
  plugins.reload()
  test.raises("closed", state.stats, state)
  test.equal({ old.state, plugin_called("test.below") ~= old }, { nil, true })
  test.truthy(ask(handler))
  state = old.state
  plugins.close_left()
  test.raises("closed", state.stats, state)
  test.equal(plugin_called("test.below").calls, 0)
end)

test.case("a reload leaves a plugin of which nothing changed as it is; one that was off, or may do other things, begins anew", function()
  local id <const> = "merx.flat-rate"
  local source = { id = id, root = thread.share .. "/plugins/" .. id, bundled = true, unsigned = false, is_off = false }
  shop.plugins(function() return { source } end)
  local function reloaded(changes)
    local before, closed = plugin_called(id), 0
    before.state = { is_busy = function() return false end, close = function() closed = closed + 1 end }
    for key, value in pairs(changes) do source[key] = value end
    plugins.reload()
    local after = plugin_called(id)
    return after == before and closed == 0 and after.enabled
  end
  test.truthy(reloaded({}))
  test.truthy(reloaded({ generation = 7 }))
  test.equal(reloaded({ granted = { accounts = { "points" } } }), false)
  test.truthy(reloaded({}))
  test.equal(reloaded({ is_off = true }), false)
  test.equal(reloaded({ is_off = false }), false)
  shop.plugins()
  plugin_called(id).state = { is_busy = function() return false end, close = function() end }
  local before = plugin_called(id)
  plugins.load({ source })
  test.truthy(plugin_called(id) ~= before)
end)

test.case("another generation takes the files of a version as they were; what others keep of a handler that stays holds", function()
  local folder = test.folder() .. "/test.below"
  for _, path in ipairs({ folder, folder .. "/src" }) do assert(fs.mkdir(path)) end
  write(folder .. "/plugin.json", MANIFEST)
  write(folder .. "/src/lies.lua", SOURCE)
  local source = { id = "test.below", root = folder, bundled = false, unsigned = true, is_off = false, is_fixed = true }
  shop.plugins(function() return { source } end)
  local plugin = plugin_called("test.below")
  local list = quote.handlers("price_rule")
  plugin.signature = "as it was"
  plugins.renew()
  test.truthy(plugin_called("test.below") == plugin and quote.handlers("price_rule") == list)
  test.equal(plugins.newcomers({ source, { root = "/elsewhere" } }), { { root = "/elsewhere" } })
  source.is_fixed = false
  plugins.renew()
  test.truthy(plugin_called("test.below") ~= plugin and quote.handlers("price_rule") ~= list, "its files are looked at")
  plugin, source.is_fixed = plugin_called("test.below"), true
  plugin.signature = "as it was"
  plugins.reload()
  test.truthy(plugin_called("test.below") ~= plugin, "a reload looks at all files")
end)

test.case("what was said of a slot before is left to those who began with it", function()
  local id <const>, bound = "merx.flat-tax", {}
  local source = { id = id, root = thread.share .. "/plugins/" .. id, bundled = true, unsigned = false, is_off = false, is_fixed = true }
  shop.plugins(function() return { source }, nil, nil, bound end)
  local before = points.handlers("tax_provider")[1]
  test.equal(before.is_unbound, false)
  bound.tax_provider = "acme.other/tax"
  plugins.renew()
  test.equal({ points.handlers("tax_provider")[1].is_unbound, before.is_unbound }, { true, false })
end)

test.case("files that were written just now may be written again unseen", function()
  local folder = test.folder()
  local bundled, is_settled = signature.of(thread.share .. "/plugins")
  test.equal({ is_settled, (signature.of(thread.share .. "/plugins")) }, { true, bundled })
  local none = signature.of(folder)
  write(folder .. "/a", "1")
  local one, is_old = signature.of(folder)
  write(folder .. "/a", "12")
  test.equal({ is_old, none ~= one, one ~= signature.of(folder) }, { false, true, true })
end)

test.case("a plugin whose effect runs keeps its state until it has ended", function()
  open()
  local plugin, busy, closed = plugin_called("test.below"), true, 0
  plugin.state = { is_busy = function() return busy end, close = function() closed = closed + 1 end }
  plugins.reload()
  plugins.close_left()
  test.equal(closed, 0)
  busy = false
  plugins.close_left()
  plugins.close_left()
  test.equal({ closed, plugin.state }, { 1, nil })
end)

local HOLDS <const> = [[
{ "manifest": 1, "id": "test.holds", "version": "1.0.0", "name": "Holds", "license": "MIT", "engine": ">=0.1 <1", "api": { "cart_validator": 1 },
  "capabilities": { "accounts": ["test.holds.tickets"] },
  "contributes": { "cart_validators": [
    { "id": "own", "handler": "holds:own", "input": ["currency"] }, { "id": "foreign", "handler": "holds:foreign", "input": ["currency"] } ] } }]]

local TAKES <const> = [[
local function hold(kind) return { { op = "hold", account = { kind = kind, owner_id = 1 }, quantity = 1 } } end
return { own = function() return hold("test.holds.tickets") end, foreign = function() return hold("stock") end }]]

test.case("a quote holds of what is the plugin's own, and of nothing else", function()
  local folder = test.folder()
  for _, path in ipairs({ "/test.holds", "/test.holds/src" }) do assert(fs.mkdir(folder .. path)) end
  write(folder .. "/test.holds/plugin.json", HOLDS)
  write(folder .. "/test.holds/src/holds.lua", TAKES)
  shop.plugins({ { path = folder, bundled = false } })
  local work = draft.open({ currency = "EUR", locale = "en", destination = {}, lines = {} }, { now = 0 })
  local by_id = {}
  for _, handler in ipairs(quote.handlers("cart_validator")) do by_id[handler.id] = handler end
  test.equal(draft.ask(work, by_id["test.holds/own"])[1].op, "hold")
  test.equal(draft.ask(work, by_id["test.holds/foreign"]), nil)
  test.truthy(work.issues[1].problem:find('"accounts": ["stock"]', 1, true), work.issues[1].problem)
  test.equal(work.blocks[1].code, "quote.cannot_check")
end)
