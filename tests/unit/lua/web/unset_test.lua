-- What is not set up is not asked, and says so: a required setting that is empty, at every point that something else names.
local shop = require("support.shop")
shop.open()
local command = require("kernel.command")
local config = require("kernel.plugins.config")
local plugin_folder = require("support.plugin_folder")
local points = require("kernel.points")
local test = require("support.test")
local visitor = require("support.visitor")
require("web")

local SOURCE <const> = [[
local M = {}
function M.page(_, cfg) return { text = "key " .. cfg.key } end
function M.show(_, cfg) return { title = "key " .. cfg.key } end
function M.note(_, cfg) return { key = "key " .. cfg.key } end
function M.rate(_, cfg) return { key = "key " .. cfg.key } end
function M.asks() local answer, err = shop.service("acme.keys/rate", {}) return answer or { refused = err.code, why = err.message } end
return M]]

local KEY <const> = { key = { type = "string", required = true } }

local function load(own, shared)
  shop.open()
  local function entry(id, more)
    local fields = { id = id, handler = "keys:" .. id, settings = own }
    for name, value in pairs(more or {}) do fields[name] = value end
    return fields
  end
  plugin_folder.load({ {
    manifest = plugin_folder.manifest("acme.keys", {
      settings = shared,
      contributes = {
        routes = { entry("page", { path = "/apps/acme.keys/page" }), entry("sent", { path = "/apps/acme.keys/sent", method = "POST", handler = "keys:page" }) },
        commands = { entry("note") }, services = { entry("rate") }, sections = { entry("show") },
      },
    }, { route = 1, command = 1, service = 1, section = 1 }),
    files = { ["src/keys.lua"] = SOURCE },
  }, {
    manifest = plugin_folder.manifest("acme.user", {
      capabilities = { services = { "acme.keys/rate" } }, contributes = { services = { { id = "asks", handler = "keys:asks" } } },
    }, { service = 1 }),
    files = { ["src/keys.lua"] = SOURCE },
  } })
end

local function asked()
  local handler = points.find("service", "acme.user/asks")
  return handler.call({}, handler.settings)
end

for where, schemas in pairs({ entry = { KEY, {} }, plugin = { {}, KEY } }) do
  test.group("a required setting of the " .. where .. " that is empty", function()
    local function set_up(names)
      for _, name in ipairs(names) do
        assert(command.run("settings.set", { key = config.key("acme.keys" .. (where == "entry" and "/" .. name or ""), "key"), value = "k" }))
      end
    end

    test.case("leaves an address out of the shop until it is there", function()
      load(table.unpack(schemas))
      local self = visitor.new()
      test.equal({ self:get("/apps/acme.keys/page").status, self:post("/apps/acme.keys/sent", {}).status }, { 404, 404 })
      if where == "plugin" then return end
      set_up({ "page" })
      test.equal(self:get("/apps/acme.keys/page").body, "key k")
    end)

    test.case("has a command refused with its name", function()
      load(table.unpack(schemas))
      local done, err = command.run("acme.keys.note", {})
      test.equal({ done, err.code, err.message }, { nil, "command.idle", "acme.keys/note is not set up: its setting key is empty" })
      if where == "plugin" then return end
      set_up({ "note" })
      test.equal(command.run("acme.keys.note", {}), { key = "key k" })
    end)

    test.case("is told to whoever asks a service", function()
      load(table.unpack(schemas))
      test.equal(asked(), { refused = "service.idle", why = "the service acme.keys/rate is not set up: its setting key is empty" })
      if where == "plugin" then return end
      set_up({ "rate" })
      test.equal(asked(), { key = "key k" })
    end)

    test.case("leaves a section out", function()
      load(table.unpack(schemas))
      local page = require("web.page").open({ channel = { theme = "default" }, locale = "en", currency = "EUR" })
      test.equal(page:ask_section("acme.keys/show", {}), nil)
      if where == "plugin" then return end
      set_up({ "show" })
      test.equal(page:ask_section("acme.keys/show", {}), { title = "key k" })
    end)
  end)
end
