-- The merchant's pins: who is asked first, whatever the plugins say; what is refused, and how it is taken back.
local shop = require("support.shop")
shop.open()
shop.plugins()
require("domain.audit")
local arrange = require("kernel.plugins.arrange")
local command = require("kernel.command")
local db = require("kernel.db")
local generation = require("kernel.plugins.generation")
local installer = require("kernel.plugins.installer")
local packages = require("support.packages")
local plugins = require("kernel.plugins")
local points = require("kernel.points")
local test = require("support.test")
local thread = require("native.thread")

local function carry(plan, err)
  if not plan then return nil, err end
  return installer.carry_out(plan, "cli")
end

-- A plugin with one price rule, which says who comes after it.
local function install(id, before, more)
  local rule = { id = "less", handler = "rules:price", input = { "lines[].id", "lines[].unit" }, before = before }
  local changes = { id = id, contributes = { locales = { "en" }, price_rules = { rule } } }
  for key, value in pairs(more or {}) do changes[key] = value end
  local path = packages.write(test.folder(), packages.archive(packages.files(changes)))
  assert(carry(installer.plan_package(path, { unsigned = true, grant = true })))
end

local function open()
  shop.open()
  thread.data = test.folder()
end

local function pin(first, second)
  return carry(arrange.plan_pin(first, second))
end

local function pinned()
  local out = {}
  for i, entry in ipairs(generation.current().pins) do out[i] = table.concat(entry, " ") end
  return out
end

local function install_tax(id, entries)
  local list = {}
  for i, name in ipairs(entries or { "vat" }) do list[i] = { id = name, handler = "rules:price", input = { "lines[].id" } } end
  local path = packages.write(test.folder(), packages.archive(packages.files({
    id = id, api = { tax_provider = 1 }, contributes = { locales = { "en" }, tax_providers = list },
  })))
  local plan = assert(installer.plan_package(path, { unsigned = true }))
  assert(installer.carry_out(plan, "cli"))
  return plan
end

-- In which order a thread that loads them now asks the plugins of acme.
local function order()
  plugins.load(function()
    local now = generation.current()
    return generation.sources(), now.pins, 1 + now.id, now.bindings
  end)
  local out = {}
  for _, handler in ipairs(points.handlers("price_rule")) do
    if handler.plugin:find("^acme%.") then out[#out + 1] = handler.plugin:match("%.(.+)") end
  end
  return table.concat(out, " ")
end

local function refused(code, words, done, err)
  test.equal({ done, err and err.code }, { nil, code })
  test.contains(err.message, words)
end

test.group("a pin", function()
  test.case("wins over names and over what plugins say, and going back takes it back", function()
    open()
    install("acme.a", { "acme.c" })
    install("acme.b")
    install("acme.c")
    test.equal(order(), "a b c")
    assert(pin("acme.c", "acme.b"))
    test.equal(order(), "a c b")
    local plan = assert(arrange.plan_pin("acme.c/less", "acme.a/less"))
    assert(carry(plan))
    test.equal({ order(), pinned() }, { "c a b", { "acme.c acme.b", "acme.c/less acme.a/less" } })
    test.equal(generation.recent()[1].note, "pin acme.c/less before acme.a/less")
    assert(command.run("generation.rollback", { seen = generation.seen() }))
    test.equal({ order(), pinned() }, { "a c b", { "acme.c acme.b" } })
  end)

  test.case("stays through other changes, and stands in the journal", function()
    open()
    install("acme.a")
    install("acme.b")
    assert(pin("acme.b", "acme.a"))
    install("acme.c")
    test.equal(pinned(), { "acme.b acme.a" })
    local entry = db.many("audit_of_entity", { entity = "generation", entity_id = tostring(generation.recent()[2].id), before = 1 << 40, limit = 1 })[1]
    test.equal(entry.action, "plugin.arrange")
    test.contains(entry.payload, '"pins":[["acme.b","acme.a"]]')
  end)

  test.case("that says the opposite replaces the one before", function()
    open()
    install("acme.a")
    install("acme.b")
    assert(pin("acme.b", "acme.a"))
    assert(pin("acme.a", "acme.b"))
    test.equal({ order(), pinned() }, { "a b", { "acme.a acme.b" } })
    refused("plugin.conflict", "acme.a before acme.b is pinned already", pin("acme.a", "acme.b"))
  end)

  test.case("goes with its plugin, and comes back with it", function()
    open()
    install("acme.a")
    install("acme.b")
    install("acme.a-b")
    assert(pin("acme.b/less", "acme.a"))
    assert(pin("acme.b", "acme.a-b"))
    assert(carry(installer.plan_removal("acme.a")))
    test.equal(pinned(), { "acme.b acme.a-b" })
    assert(command.run("generation.rollback", { seen = generation.seen() }))
    test.equal(#pinned(), 2)
  end)

  test.case("about a plugin that is off waits for it", function()
    open()
    install("acme.a")
    install("acme.b")
    assert(carry(installer.plan_state("acme.a", false, {})))
    assert(pin("acme.b", "acme.a"))
    test.equal(arrange.pins(), { { first = "acme.b", second = "acme.a", absent = { "acme.a" } } })
    assert(carry(installer.plan_state("acme.a", true, {})))
    test.equal({ order(), arrange.pins()[1].absent }, { "b a", {} })
  end)

  test.case("has two come together that each want to be first", function()
    open()
    install("acme.a", { "acme.b" })
    assert(carry(installer.plan_state("acme.a", false, {})))
    install("acme.b", { "acme.a" })
    refused("plugin.invalid", "or pin their order", installer.plan_state("acme.a", true, {}))
    assert(pin("acme.b", "acme.a"))
    assert(carry(installer.plan_state("acme.a", true, {})))
    test.equal(order(), "b a")
    refused("plugin.invalid", "then acme.b could not be had any more: these handlers each want", arrange.plan_unpin("acme.b"))
  end)
end)

test.group("a pin is refused", function()
  test.case("about what is not there", function()
    open()
    install("acme.a")
    refused("plugin.missing", "there is no plugin acme.z; merx plugin list names all", pin("acme.a", "acme.z"))
    refused("plugin.missing", "there is no plugin acme.z", pin("acme.z/less", "acme.a"))
    refused("plugin.missing", "acme.a has no handler more; it has: acme.a/less", pin("acme.a/more", "merx.tiers"))
    test.equal(pinned(), {})
  end)

  test.case("about two that are never asked together", function()
    open()
    install("acme.a")
    refused("plugin.invalid", "never asked together: acme.a at price_rule, merx.flat-tax at tax_provider", pin("acme.a", "merx.flat-tax"))
    refused("plugin.invalid", "cannot come before itself", pin("acme.a", "acme.a"))
  end)

  test.case("when they would go in a circle, with each step and what mends it", function()
    open()
    install("acme.a", { "acme.b" })
    install("acme.b")
    install("acme.c")
    install("acme.d") -- behind the circle, and no part of it
    assert(pin("acme.b", "acme.c"))
    assert(pin("acme.c", "acme.d"))
    local done, err = pin("acme.c", "acme.a")
    refused("plugin.invalid", "acme.b/less before acme.c/less", done, err)
    test.contains(err.message, "acme.c/less before acme.a/less")
    test.contains(err.message, "first run merx plugin")
    test.contains(err.message, "merx plugin unpin acme.b before acme.c")
    test.contains(err.message, "merx plugin pin acme.b/less before acme.a/less")
    test.equal(err.message:find("acme.d", 1, true), nil)
    assert(pin("acme.b/less", "acme.a/less"))
    assert(pin("acme.c", "acme.a"))
    test.equal(order(), "b c a d")
  end)

  test.case("by the writer, too, when it is no pair", function()
    open()
    install("acme.a")
    local done, err = command.run("generation.switch", {
      action = "arrange", seen = generation.seen(), plugins = generation.with("", nil), pins = { { "acme.a" } },
    })
    refused("generation.invalid", "which of two", done, err)
  end)
end)

test.group("unpin", function()
  test.case("gives up one, or all that are about a name", function()
    open()
    install("acme.a")
    install("acme.b")
    install("acme.c")
    for _, pair in ipairs({ { "acme.c", "acme.b" }, { "acme.c/less", "acme.a" }, { "acme.b", "acme.a" } }) do assert(pin(pair[1], pair[2])) end
    assert(carry(arrange.plan_unpin("acme.c", "acme.b")))
    test.equal(pinned(), { "acme.c/less acme.a", "acme.b acme.a" })
    assert(carry(arrange.plan_unpin("acme.c")))
    test.equal(pinned(), { "acme.b acme.a" })
    refused("plugin.missing", "acme.c is not pinned; these are: acme.b before acme.a", arrange.plan_unpin("acme.c"))
    refused("plugin.missing", "acme.a before acme.b is not pinned", arrange.plan_unpin("acme.a", "acme.b"))
    assert(carry(arrange.plan_unpin("acme.b", "acme.a")))
    refused("plugin.missing", "nothing is", arrange.plan_unpin("acme.b", "acme.a"))
  end)
end)

test.group("a slot", function()
  local function bind(name)
    return carry(arrange.plan_bind("tax_provider", name))
  end

  local function bound()
    return generation.current().bindings.tax_provider
  end

  -- Whom a thread that loads them now asks for taxes.
  local function asked()
    order()
    local ids = {}
    for _, handler in ipairs(points.handlers("tax_provider")) do
      if not handler.is_unbound then ids[#ids + 1] = handler.id end
    end
    return ids
  end

  test.case("goes on as it was when a second one comes, and says so", function()
    open()
    local plan = install_tax("acme.vat")
    test.equal(plan.told, { "tax_provider: merx.flat-tax/rate is asked, and acme.vat/vat is not; merx plugin bind tax_provider acme.vat/vat changes that" })
    test.equal({ bound(), asked() }, { "merx.flat-tax/rate", { "merx.flat-tax/rate" } })
    test.equal(arrange.bindings(), { { slot = "tax_provider", handler = "merx.flat-tax/rate" } })
    test.equal(install_tax("acme.vat-2").told, {}) -- it was told
  end)

  test.case("is bound by the merchant, and going back takes it back", function()
    open()
    install_tax("acme.vat")
    assert(bind("acme.vat"))
    test.equal({ bound(), asked() }, { "acme.vat/vat", { "acme.vat/vat" } })
    assert(command.run("generation.rollback", { seen = generation.seen() }))
    test.equal({ bound(), asked() }, { "merx.flat-tax/rate", { "merx.flat-tax/rate" } })
  end)

  test.case("may be bound before there is a choice, and stays bound", function()
    open()
    assert(bind("merx.flat-tax/rate"))
    install_tax("acme.vat")
    test.equal(bound(), "merx.flat-tax/rate")
    refused("plugin.conflict", "is bound to merx.flat-tax/rate already", bind("merx.flat-tax"))
  end)

  test.case("goes to the only one that is left", function()
    open()
    install_tax("acme.vat")
    local plan = assert(installer.plan_state("merx.flat-tax", false, {}))
    test.equal(plan.told, { "tax_provider: acme.vat/vat is asked from now on" })
    assert(installer.carry_out(plan, "cli"))
    test.equal({ bound(), asked() }, { nil, { "acme.vat/vat" } })
    assert(carry(installer.plan_state("merx.flat-tax", true, {})))
    test.equal({ bound(), asked() }, { "acme.vat/vat", { "acme.vat/vat" } })
  end)

  test.case("is not given away when several could have it", function()
    open()
    install_tax("acme.vat")
    install_tax("acme.xat")
    refused("plugin.invalid", "first run merx plugin bind tax_provider acme.vat/vat, or merx plugin bind tax_provider acme.xat/vat",
      installer.plan_state("merx.flat-tax", false, {}))
    assert(bind("acme.xat"))
    assert(carry(installer.plan_state("merx.flat-tax", false, {})))
    test.equal(asked(), { "acme.xat/vat" })
    refused("plugin.missing", "merx.flat-tax is disabled: merx plugin enable merx.flat-tax", bind("merx.flat-tax"))
  end)

  test.case("whose handler is gone asks nobody else", function()
    open()
    install_tax("acme.vat")
    assert(bind("acme.vat"))
    assert(require("native.fs").remove(generation.find("acme.vat").root))
    test.equal(asked(), {})
    test.equal(#points.handlers("tax_provider"), 1)
  end)

  test.case("whose handler is not set up stays empty, and is filled when it is", function()
    open()
    local vat = { id = "vat", handler = "rules:price", settings = { key = { type = "string", required = true } } }
    install("acme.vat", nil, { api = { tax_provider = 1 }, contributes = { locales = { "en" }, tax_providers = { vat } } })
    assert(carry(installer.plan_state("merx.flat-tax", false, {})))
    test.equal(asked(), { "acme.vat/vat" })
    local quote = require("domain.quote")
    test.equal({ #quote.handlers("tax_provider"), quote.handlers("tax_provider")[1].is_unbound }, { 1, true })
    assert(command.run("settings.set", { key = "plugin.acme.vat/vat.key", value = "x" }))
    test.equal(quote.handlers("tax_provider")[1].is_unbound, false)
  end)

  test.case("is refused to what cannot have it", function()
    open()
    install_tax("acme.vat", { "eu", "us" })
    refused("plugin.invalid", "acme.vat has several: name one of acme.vat/eu, acme.vat/us", bind("acme.vat"))
    refused("plugin.invalid", "merx.tiers is no tax_provider", bind("merx.tiers"))
    refused("plugin.missing", "there is no plugin acme.z", bind("acme.z"))
    refused("plugin.missing", "acme.vat has no handler uk; it has: acme.vat/eu, acme.vat/us", bind("acme.vat/uk"))
    refused("plugin.invalid", "there is no slot price_rule; there are: tax_provider", carry(arrange.plan_bind("price_rule", "merx.tiers")))
  end)
end)
