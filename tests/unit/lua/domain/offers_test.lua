-- What the pages of the checkout offered is taken as it was offered while it holds, and never a moment longer.
local test = require("support.test")
local shop = require("support.shop")
shop.open()
local market = require("support.market")
local cache = require("kernel.cache")
local cart = require("domain.cart")
local checkout = require("domain.checkout")
local clock = require("native.clock")
local command = require("kernel.command")
local db = require("kernel.db")
local value = require("kernel.value")

local CARD <const> = "test.plugin/card" -- what the shop offers first
local PARCEL <const> = "test.plugin/parcel:std"
local KEPT_MS <const> = 60000

local originals = {}

local function replace(module, name, with)
  originals[#originals + 1] = { module, name, module[name] }
  module[name] = with
end

-- A case after which everything is as it was.
local function case(name, body)
  test.case(name, function()
    local ok, problem = xpcall(body, debug.traceback)
    for i = #originals, 1, -1 do originals[i][1][originals[i][2]] = originals[i][3] end
    originals = {}
    clock.set_fake(nil)
    if not ok then error(problem, 0) end
  end)
end

-- Tests have no server and so no store of rendered bytes: this one follows the same rules.
local function keep_bytes()
  local kept = {}
  replace(cache, "render", function(make)
    local key, bytes
    local deps = cache.note(function() key, bytes = make() end)
    if key then kept[key] = { deps = deps, bytes = bytes } end
  end)
  replace(cache, "find", function(key)
    local entry = kept[key]
    return entry and cache.holds(entry.deps, clock.now()) and entry.bytes or nil
  end)
  return kept
end

-- How often a sum is worked out from now on.
local function count_quotes()
  local counter, inner = { quotes = 0 }, cart.quote
  replace(cart, "quote", function(...)
    counter.quotes = counter.quotes + 1
    return inner(...)
  end)
  return counter
end

local function add(ctx, variant, token)
  local id = assert(command.run("cart.add", {
    cart = token, channel_id = ctx.channel.id, currency = ctx.currency, locale = ctx.locale, variant_id = variant, quantity = 1,
  })).id
  return cart.find_by_id(id).token
end

-- A guest in front of the page of payments: the context, the cart's token and what the page showed.
local function at_payment(more)
  shop.open()
  market.open()
  keep_bytes()
  local ctx = shop.context()
  local mug = market.product({ amount = 1000, stock = more and more.stock })
  local token = add(ctx, mug)
  assert(command.run("cart.set_address", { cart = token, delivery = market.address, email = "ada@example.com" }))
  assert(command.run("cart.choose_delivery", { cart = token, choice = PARCEL }))
  local view = checkout.view(ctx, cart.find(token), { assume_payment = true })
  test.equal(view.quote.payment.id, CARD)
  checkout.offer_order(ctx, view, CARD)
  return { ctx = ctx, token = token, mug = mug, hash = view.quote.hash, total = view.quote.total }
end

local function accept(guest, hash, method)
  return checkout.complete(guest.ctx, guest.token, hash or guest.hash, { payment = method or CARD })
end

test.group("an order that was offered", function()
  case("is placed without being worked out again, and is the same order", function()
    local guest = at_payment()
    local counter = count_quotes()
    local placed = assert(accept(guest))
    test.equal(counter.quotes, 0)
    local row = db.one("order_by_token", { token = placed.token })
    test.equal({ row.total_amount, row.payment_method, row.quote_hash }, { guest.total, CARD, guest.hash })
    test.equal(assert(accept(guest)).is_again, true)
  end)

  case("is worked out again after the cart was changed, and refused when it costs more", function()
    local guest = at_payment()
    add(guest.ctx, guest.mug, guest.token)
    local counter = count_quotes()
    local err = test.fails("quote_changed", accept(guest))
    test.equal({ counter.quotes, err.data.subtotal }, { 1, 2000 })
  end)

  case("is refused by the writer when a price has changed, whatever lies in the cache", function()
    local guest = at_payment()
    db.run("prices_clear", { variant_id = guest.mug, price_list_id = guest.ctx.channel.price_list_id })
    db.run("price_insert", { variant_id = guest.mug, price_list_id = guest.ctx.channel.price_list_id, amount = 900 })
    local counter = count_quotes()
    test.fails("quote_changed", accept(guest))
    test.equal(counter.quotes, 1)
  end)

  case("stands when a setting changed that changes nothing of it", function()
    local guest = at_payment()
    assert(command.run("settings.set", { key = "shop.rounding", value = { mode = "half-even" } }))
    local counter = count_quotes()
    assert(accept(guest))
    test.equal(counter.quotes, 1)
  end)

  case("is nobody else's, is for one method only, and has one hash", function()
    local guest = at_payment()
    local counter = count_quotes()
    test.fails("quote_changed", accept(guest, ("0"):rep(64)))
    test.fails("checkout.incomplete", accept(guest, nil, "test.plugin/unknown"))
    test.fails("checkout.incomplete", accept(guest, nil, { "no", "text" }))
    local other = { ctx = guest.ctx, token = add(guest.ctx, guest.mug) }
    test.fails("checkout.incomplete", accept(other, guest.hash))
    test.equal(counter.quotes, 4)
  end)

  case("is forgotten after a minute", function()
    local guest = at_payment()
    local now = clock.now()
    clock.set_fake(now + KEPT_MS + 1)
    guest.ctx = shop.context()
    local counter = count_quotes()
    assert(accept(guest))
    test.equal(counter.quotes, 1)
  end)

  case("cannot sell what is gone", function()
    local guest = at_payment({ stock = 1 })
    local rival = { ctx = guest.ctx, token = add(guest.ctx, guest.mug) }
    assert(command.run("cart.set_address", { cart = rival.token, delivery = market.address, email = "bea@example.com" }))
    assert(command.run("cart.choose_delivery", { cart = rival.token, choice = PARCEL }))
    rival.hash = checkout.view(rival.ctx, cart.find(rival.token), { assume_payment = true }).quote.hash
    assert(accept(rival))
    local err = test.fails("stock.short", accept(guest))
    test.equal(err.data.available, 0)
    test.equal(cart.find(guest.token).state, "open")
  end)

  case("is not kept when something is missing", function()
    local guest = at_payment()
    local kept = keep_bytes()
    assert(command.run("cart.choose_delivery", { cart = guest.token, choice = "test.plugin/gone" }))
    checkout.offer_order(guest.ctx, checkout.view(guest.ctx, cart.find(guest.token), { assume_payment = true }), CARD)
    test.equal(next(kept), nil)
  end)
end)

test.group("deliveries that were offered", function()
  case("can be chosen while the cart stays as it is", function()
    local guest = at_payment()
    local row = cart.find(guest.token)
    test.equal(checkout.is_offered(guest.ctx, row, PARCEL), false)
    checkout.offer_rates(guest.ctx, checkout.view(guest.ctx, row))
    test.equal(checkout.is_offered(guest.ctx, row, PARCEL), true)
    test.equal(checkout.is_offered(guest.ctx, row, "test.plugin/none"), false)
    test.equal(checkout.is_offered(guest.ctx, row, nil), false)
    add(guest.ctx, guest.mug, guest.token)
    test.equal(checkout.is_offered(guest.ctx, row, PARCEL), false)
  end)
end)

test.case("bytes of a value are that value again, and nothing else is", function()
  local data = { 1, "two", { three = 3.5, yes = true } }
  test.equal(value.decode(value.encode(data)), data)
  test.raises("", function() value.decode("no value") end)
  test.raises("", function() value.encode(print) end)
end)
