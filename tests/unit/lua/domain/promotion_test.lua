-- Promotions of the merchant with the bundled handlers: codes that are used so many times and no more.
local test = require("support.test")
local shop = require("support.shop")
shop.open()
local market = require("support.market")
local cart = require("domain.cart")
local checkout = require("domain.checkout")
local command = require("kernel.command")
local db = require("kernel.db")
local i18n = require("kernel.i18n")
local plugins = require("kernel.plugins")
local points = require("kernel.points")
local promotion = require("domain.promotion")
local thread = require("native.thread")
require("domain.setting_types")

-- The bundled plugin beside the market's own delivery, tax and payments.
local function open()
  shop.open()
  plugins.load({ { path = thread.share .. "/plugins", bundled = true, only = { ["merx.percent-off"] = true } } })
  local handlers = {}
  for _, list in pairs(points.all()) do table.move(list, 1, #list, #handlers + 1, handlers) end
  market.open(handlers)
  return shop.context()
end

local function promote(settings, more)
  local given = {
    handle = "spring", title = "Spring", level = "line", has_codes = true,
    action = { handler = "merx.percent-off/goods", settings = settings },
  }
  for name, value in pairs(more or {}) do given[name] = value end
  return assert(command.run("promotion.create", given)).id
end

local function new_cart(ctx, variant_id, email)
  local made = assert(command.run("cart.add", {
    variant_id = variant_id, quantity = 1, channel_id = ctx.channel.id, currency = ctx.currency, locale = "en" }))
  local token = cart.find_by_id(made.id).token
  assert(command.run("cart.set_address", { cart = token, delivery = market.address, email = email or "ada@example.com" }))
  assert(command.run("cart.choose_delivery", { cart = token, choice = "test.plugin/parcel:std" }))
  assert(command.run("cart.choose_payment", { cart = token, choice = "test.plugin/cash" }))
  return token
end

test.group("a code", function()
  test.case("takes its share, with words in the shopper's language", function()
    local ctx = open()
    assert(command.run("coupon.create", { promotion_id = promote({ percent = 20 }), code = "SPRING" }))
    local token = new_cart(ctx, (market.product({ amount = 1000 })))
    assert(command.run("cart.apply_code", { cart = token, code = "spring" }))
    local quote = cart.quote(ctx, cart.find(token))
    local part = quote.lines[1].allocations[1]
    test.equal({ quote.discount, part.code, i18n.text("en", part.reason.key, part.reason.args) }, { 200, "SPRING", "20 % off" })
    test.equal(i18n.text("zh-CN", part.reason.key, part.reason.args), "优惠 20%")
  end)

  test.case("for one use is redeemed once by fifty who saw it at the same time", function()
    local ctx = open()
    assert(command.run("coupon.create", { promotion_id = promote({ percent = 50 }), code = "ONE", max_uses = 1 }))
    local mug, tokens, seen = market.product({ amount = 1000 }), {}, {}
    for i = 1, 50 do
      tokens[i] = new_cart(ctx, mug, "shopper" .. i .. "@example.com")
      assert(command.run("cart.apply_code", { cart = tokens[i], code = "ONE" }))
    end
    for i, token in ipairs(tokens) do
      local quote = cart.quote(ctx, cart.find(token))
      test.equal(quote.discount, 500)
      seen[i] = quote.hash
    end
    local placed, changed = 0, 0
    for i, token in ipairs(tokens) do
      local order, err = checkout.complete(ctx, token, seen[i])
      if order then
        placed = placed + 1
      else
        test.equal({ err.code, err.data.discount }, { "quote_changed", 0 })
        changed = changed + 1
      end
    end
    test.equal({ placed, changed }, { 1, 49 })
    test.equal(cart.quote(ctx, cart.find(tokens[50])).codes[1].problem, "code.used_up")
    local account = db.one("account_find", { kind = "coupon", owner_id = 1, place_id = 0, key = "" })
    test.equal({ account.balance, account.held }, { 0, 0 })
  end)

  test.case("for one use each counts guests by a digest that says nothing of the address", function()
    local ctx = open()
    assert(command.run("coupon.create", { promotion_id = promote({ percent = 50 }), code = "EACH", max_uses_each = 1 }))
    local mug = market.product({ amount = 1000 })
    local function buy(email)
      local token = new_cart(ctx, mug, email)
      command.run("cart.apply_code", { cart = token, code = "EACH" })
      local quote = cart.quote(ctx, cart.find(token))
      assert(checkout.complete(ctx, token, quote.hash))
      return quote.discount
    end
    test.equal({ buy("ada@example.com"), buy("ADA@example.com"), buy("bob@example.com") }, { 500, 0, 500 })
    local found = promotion.resolve({ now = ctx.now }, "EACH", nil, "Ada@Example.com")
    test.equal({ found.problem, #found.holds[1].key }, { "code.used_up", #"email:" + 32 })
    test.truthy(not found.holds[1].key:find("ada"))
  end)
end)

test.group("what a promotion tells its handlers", function()
  test.case("is checked by what their plugin declares, each mistake by its place", function()
    open()
    local _, err = command.run("promotion.create", {
      handle = "wrong", title = "Wrong", level = "line", action = { handler = "merx.percent-off/goods", settings = { percent = 101, tags = "tea" } },
      conditions = { { handler = "merx.percent-off/from", settings = { sum = "much" } } },
    })
    test.equal(err.fields, {
      ["action.settings.percent"] = "schema.too_large", ["action.settings.tags"] = "schema.unknown", ["conditions.1.settings.sum"] = "schema.integer",
    })
    test.equal(#db.many("promotions_enabled"), 0)
  end)

  test.case("goes before what the merchant set for all of them", function()
    local ctx = open()
    promote({}, { has_codes = false })
    local token = new_cart(ctx, (market.product({ amount = 1000 })))
    test.equal(cart.quote(ctx, cart.find(token)).discount, 100)
    assert(command.run("settings.set", { key = "plugin.merx.percent-off/goods.percent", value = 30 }))
    test.equal(cart.quote(ctx, cart.find(token)).discount, 300)
    assert(command.run("promotion.update", { id = 1, action = { handler = "merx.percent-off/goods", settings = { percent = 40 } } }))
    test.equal(cart.quote(ctx, cart.find(token)).discount, 400)
  end)
end)
