local shop = require("support.shop")
shop.open()
local draft = require("domain.draft")
local fs = require("native.fs")
local plugins = require("kernel.plugins")
local quote = require("domain.quote")
local test = require("support.test")

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
  plugins.load({ { path = folder, bundled = false } })
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
  test.equal(ask(), "operation 1 (set_unit) is malformed")
  local plugin = plugin_called("test.below")
  test.equal({ plugin.errors, plugin.last_error }, { 1, "operation 1 (set_unit) is malformed" })
  local last
  for _ = 1, 10 do last = ask() end
  test.truthy(last:find("rests", 1, true), last)
  test.truthy(plugin.errors < 10)
end)
