local test = require("support.test")
local shop = require("support.shop")
shop.open()
local market = require("support.market")
local cart = require("domain.cart")
local checkout = require("domain.checkout")
local clock = require("native.clock")
local command = require("kernel.command")
local db = require("kernel.db")
local inventory = require("domain.inventory")
local order = require("domain.order")
local value = require("kernel.value")
require("domain.transfer")
require("domain.listings")

local function open(more)
  shop.open()
  market.open(more)
  return shop.context()
end

local function new_cart(ctx, lines)
  local id
  for i, line in ipairs(lines) do
    local found = id and cart.find_by_id(id)
    local result = assert(command.run("cart.add", {
      cart = found and found.token, channel_id = ctx.channel.id, currency = ctx.currency, locale = ctx.locale,
      variant_id = line[1], quantity = line[2], properties = line[3],
    }))
    id = result.id
  end
  return cart.find_by_id(id).token
end

local function ready(token, method)
  assert(command.run("cart.set_address", { cart = token, delivery = market.address, email = "ada@example.com" }))
  assert(command.run("cart.choose_delivery", { cart = token, choice = "test.plugin/parcel:std" }))
  assert(command.run("cart.choose_payment", { cart = token, choice = "test.plugin/" .. (method or "cash") }))
end

local function complete(ctx, token)
  local quote = cart.quote(ctx, cart.find(token))
  return checkout.complete(ctx, token, quote.hash)
end

local function stock(variant_id)
  return db.one("account_find", { kind = "stock", owner_id = variant_id, place_id = 1, key = "" })
end

test.group("cart", function()
  test.case("equal wishes meet in one line, others do not", function()
    local ctx = open()
    local mug = market.product({})
    local token = new_cart(ctx, { { mug, 2 }, { mug, 1 }, { mug, 1, { engraving = "Ada" } } })
    local quote = cart.quote(ctx, cart.find(token))
    test.equal(#quote.lines, 2)
    test.equal(quote.lines[1].qty, 3)
    test.equal(quote.lines[2].properties, { engraving = "Ada" })
    test.equal(cart.count(token), 4)
  end)

  test.case("totals with delivery and tax are there from the start", function()
    local ctx = open()
    local token = new_cart(ctx, { { market.product({ amount = 1299 }), 2 } })
    local quote = cart.quote(ctx, cart.find(token))
    test.equal(quote.subtotal, 2598)
    test.equal(quote.delivery.total, 490)
    test.equal(quote.total, 3088)
    test.equal(quote.tax, 415 + 78)
    test.equal(quote.added_tax, 0)
  end)

  test.case("a quantity is capped by what is left, and refused when nothing is", function()
    local ctx = open()
    local mug = market.product({ stock = 3 })
    local result = assert(command.run("cart.add", {
      channel_id = ctx.channel.id, currency = "EUR", locale = "en", variant_id = mug, quantity = 5 }))
    test.equal(result.added, 3)
    test.equal(result.is_capped, true)
    local token = cart.find_by_id(result.id).token
    local err = test.fails("stock.short", command.run("cart.add", { cart = token, variant_id = mug, quantity = 1 }))
    test.equal(err.data.available, 3)
  end)

  test.case("a line is changed and removed by its key", function()
    local ctx = open()
    local mug = market.product({})
    local token = new_cart(ctx, { { mug, 2 } })
    local line = cart.quote(ctx, cart.find(token)).lines[1]
    assert(command.run("cart.set_quantity", { cart = token, key = line.id, quantity = 7 }))
    test.equal(cart.count(token), 7)
    assert(command.run("cart.set_quantity", { cart = token, key = line.id, quantity = 0 }))
    test.equal(cart.count(token), 0)
    test.fails("line.missing", command.run("cart.remove", { cart = token, key = line.id }))
  end)

  test.case("an address names every field that is wrong", function()
    local ctx = open()
    local token = new_cart(ctx, { { market.product({}), 1 } })
    local err = test.fails("address.invalid", command.run("cart.set_address", {
      cart = token, delivery = { name = "A", country = "DE", postal_code = "12" } }))
    test.equal(err.fields, {
      ["delivery.line1"] = "schema.required", ["delivery.city"] = "schema.required",
      ["delivery.postal_code"] = "address.postal_code",
    })
  end)

  test.case("at login the cart that was left before joins, capped by stock", function()
    local ctx = open()
    local mug, tea = market.product({ stock = 4 }), market.product({})
    local customer = assert(command.run("customer.register", { email = "ada@example.com" }))
    local left = new_cart(ctx, { { mug, 3 }, { tea, 1 } })
    assert(command.run("cart.claim", { cart = left, customer_id = customer.id }))
    local now = new_cart(ctx, { { mug, 3 } })
    assert(command.run("cart.claim", { cart = now, customer_id = customer.id }))
    test.equal(cart.find(left).state, "merged")
    test.equal(cart.count(now), 5)
  end)
end)

test.group("codes", function()
  local function with_code(ctx, limits)
    local drafts = require("support.drafts")
    local action = drafts.handler("promotion_action", function() return { { op = "off_order", ppm = 100000 } } end,
      { id = "test.plugin/ten" })
    market.open({ action })
    local promotion = assert(command.run("promotion.create", {
      handle = "ten", title = "Ten", level = "order", has_codes = true, action = { handler = "test.plugin/ten" } }))
    limits.promotion_id, limits.code = promotion.id, "TEN"
    assert(command.run("coupon.create", limits))
  end

  test.case("a code takes its share and is named", function()
    local ctx = open()
    with_code(ctx, {})
    local token = new_cart(ctx, { { market.product({ amount = 1000 }), 1 } })
    test.fails("code.unknown", command.run("cart.apply_code", { cart = token, code = "nine" }))
    assert(command.run("cart.apply_code", { cart = token, code = " ten " }))
    local quote = cart.quote(ctx, cart.find(token))
    test.equal(quote.discount, 100)
    test.equal(quote.lines[1].allocations[1].code, "TEN")
  end)

  test.case("a code for one use is used once", function()
    local ctx = open()
    with_code(ctx, { max_uses = 1 })
    local mug = market.product({ amount = 1000 })
    local first, second = new_cart(ctx, { { mug, 1 } }), new_cart(ctx, { { mug, 1 } })
    for _, token in ipairs({ first, second }) do
      assert(command.run("cart.apply_code", { cart = token, code = "TEN" }))
      ready(token)
    end
    local seen = cart.quote(ctx, cart.find(second)).hash
    assert(complete(ctx, first))
    local err = test.fails("quote_changed", checkout.complete(ctx, second, seen))
    test.equal(err.data.discount, 0)
    assert(complete(ctx, second))
  end)
end)

test.group("order.place", function()
  test.case("stores what was accepted, to the cent", function()
    local ctx = open()
    local mug, product_id = market.product({ amount = 1299, stock = 10 })
    local token = new_cart(ctx, { { mug, 2, { note = "blue" } } })
    ready(token)
    local placed = assert(complete(ctx, token))
    local found = order.find(placed.id)
    test.equal({ found.number, found.state, found.payment_state, found.delivery_state },
      { "1001", "confirmed", "unpaid", "unfulfilled" })
    test.equal(found.total_amount, 3088)
    test.equal(#found.lines, 2)
    local line = found.lines[1]
    test.equal({ line.product_id, line.quantity, line.unit_amount, line.total_amount, line.tax_amount },
      { product_id, 2, 1299, 2598, 415 })
    test.equal(line.properties, { note = "blue" })
    test.equal(line.taxes[1].ppm, 190000)
    test.equal(found.addresses.delivery.city, "Berlin")
    test.equal(found.addresses.billing.city, "Berlin")
    local sum = found.list_amount
    for _, entry in ipairs(found.ledger) do sum = sum + entry.delta end
    test.equal(sum, found.total_amount)
    test.equal({ stock(mug).balance, stock(mug).held }, { 8, 0 })
    test.equal(order.find_by_token(found.token).id, found.id)
    test.equal(order.find_by_number("1001").id, found.id)
  end)

  test.case("a second click gets the first order", function()
    local ctx = open()
    local token = new_cart(ctx, { { market.product({ stock = 5 }), 1 } })
    ready(token)
    local hash = cart.quote(ctx, cart.find(token)).hash
    local first = assert(checkout.complete(ctx, token, hash))
    local second = assert(checkout.complete(ctx, token, hash))
    test.equal(second.id, first.id)
    test.equal(second.is_again, true)
    test.fails("cart.closed", command.run("cart.remove", { cart = token, key = "1" }))
  end)

  test.case("says what is missing, step by step", function()
    local ctx = open()
    local token = new_cart(ctx, { { market.product({}), 1 } })
    local err = test.fails("checkout.incomplete", checkout.complete(ctx, token, "x"))
    test.equal(err.data.step, "address")
    assert(command.run("cart.set_address", { cart = token, delivery = market.address, email = "a@example.com" }))
    test.equal(checkout.view(ctx, cart.find(token)).step, "delivery")
    assert(command.run("cart.choose_delivery", { cart = token, choice = "test.plugin/parcel:std" }))
    test.equal(checkout.view(ctx, cart.find(token)).step, "payment")
    assert(command.run("cart.choose_payment", { cart = token, choice = "test.plugin/cash" }))
    test.equal(checkout.view(ctx, cart.find(token)).step, "confirm")
  end)

  test.case("nobody pays a total that they did not see", function()
    local ctx = open()
    local mug, product_id = market.product({ amount = 1000 })
    local token = new_cart(ctx, { { mug, 1 } })
    ready(token)
    local hash = cart.quote(ctx, cart.find(token)).hash
    db.run("prices_clear", { variant_id = mug, price_list_id = ctx.channel.price_list_id })
    db.run("price_insert", { variant_id = mug, price_list_id = ctx.channel.price_list_id, amount = 2000 })
    local err = test.fails("quote_changed", checkout.complete(ctx, token, hash))
    test.equal(err.data.total, 2490)
    test.truthy(product_id)
  end)

  test.case("a price that changes between quote and command makes the quote stale", function()
    local ctx = open()
    local mug = market.product({ amount = 1000 })
    local token = new_cart(ctx, { { mug, 1 } })
    ready(token)
    local row = cart.find(token)
    local quote = cart.quote(ctx, row)
    local made = order.document(quote, row, "EUR", function() return "title" end)
    local args = { cart = token, stamps = quote.stamps, document = value.encode(made) }
    db.run("prices_clear", { variant_id = mug, price_list_id = ctx.channel.price_list_id })
    test.fails("order.stale", command.run("order.place", args))
    db.run("price_insert", { variant_id = mug, price_list_id = ctx.channel.price_list_id, amount = 1000 })
    quote = cart.quote(ctx, row)
    assert(command.run("cart.update", { cart = token, note = "hello" }))
    args.stamps = quote.stamps
    test.fails("order.stale", command.run("order.place", args))
    row = cart.find(token)
    args.stamps = cart.quote(ctx, row).stamps
    args.stamps.until_ms = 1
    test.fails("order.stale", command.run("order.place", args))
    args.stamps.until_ms = nil
    assert(command.run("settings.set", { key = "shop.rounding", value = { mode = "half-even" } }))
    test.fails("order.stale", command.run("order.place", args))
  end)

  test.case("the last piece is sold once, and a failed order leaves nothing behind", function()
    local ctx = open()
    local mug, tea = market.product({ stock = 1 }), market.product({ stock = 9 })
    local first, second = new_cart(ctx, { { mug, 1 } }), new_cart(ctx, { { tea, 2 }, { mug, 1 } })
    ready(first)
    ready(second)
    local row = cart.find(second)
    local quote = cart.quote(ctx, row)
    local made = order.document(quote, row, "EUR", function() return "title" end)
    assert(complete(ctx, first))
    local err = test.fails("stock.short", command.run("order.place", { cart = second, stamps = quote.stamps, document = value.encode(made) }))
    test.equal(err.data.available, 0)
    test.equal({ stock(tea).balance, stock(tea).held }, { 9, 0 })
    test.equal(cart.find(second).state, "open")
    test.equal(complete(ctx, second), nil)
  end)

  test.case("what is downloaded needs no delivery and no address", function()
    local ctx = open()
    local token = new_cart(ctx, { { market.product({ amount = 500, ships = false }), 1 } })
    assert(command.run("cart.update", { cart = token, email = "a@example.com" }))
    assert(command.run("cart.choose_payment", { cart = token, choice = "test.plugin/cash" }))
    local placed = assert(complete(ctx, token))
    test.equal(order.find(placed.id).delivery_state, "not_required")
  end)
end)

test.group("after the order", function()
  local function place(method, stock_level)
    local ctx = open()
    local mug = market.product({ amount = 1000, stock = stock_level or 5 })
    local token = new_cart(ctx, { { mug, 3 } })
    ready(token, method)
    return assert(complete(ctx, token)).id, mug, token, ctx
  end

  test.case("a transfer holds the goods for a week, and gives them back", function()
    local id, mug = place("transfer")
    test.equal({ stock(mug).balance, stock(mug).held }, { 5, 3 })
    test.equal(order.find(id).state, "placed")
    shop.wait(7 * 24 * 3600 * 1000 - 1000)
    test.equal(assert(command.run("order.expire", {})).expired, 0)
    shop.wait(2000)
    test.equal(assert(command.run("order.expire", {})).expired, 1)
    test.equal({ stock(mug).balance, stock(mug).held }, { 5, 0 })
    test.equal(order.find(id).cancelled_by, "expiry")
  end)

  test.case("money that comes too late revives the order when the goods are there", function()
    local id, mug = place("transfer")
    shop.wait(8 * 24 * 3600 * 1000)
    assert(command.run("order.expire", {}))
    assert(command.run("payment.record", { order_id = id }))
    local found = order.find(id)
    test.equal({ found.state, found.payment_state }, { "confirmed", "paid" })
    test.equal({ stock(mug).balance, stock(mug).held }, { 2, 0 })
  end)

  test.case("money that comes too late goes back when they are not", function()
    local id, mug = place("transfer", 3)
    shop.wait(8 * 24 * 3600 * 1000)
    assert(command.run("order.expire", {}))
    assert(command.run("stock.set", { variant_id = mug, quantity = 1 }))
    assert(command.run("payment.record", { order_id = id }))
    local found = order.find(id)
    test.equal({ found.state, found.payment_state }, { "cancelled", "refunded" })
    test.equal(stock(mug).balance, 1)
  end)

  test.case("payment commits what was held", function()
    local id, mug = place("transfer")
    assert(command.run("payment.record", { order_id = id }))
    test.equal(order.find(id).payment_state, "paid")
    test.equal({ stock(mug).balance, stock(mug).held }, { 2, 0 })
  end)

  test.case("shipping in parts, delivery, completion", function()
    local id = place("cash")
    local line = order.find(id).lines[1].id
    local one = assert(command.run("order.fulfil", { id = id, lines = { { line_id = line, quantity = 1 } }, carrier = "DHL" }))
    test.equal(order.find(id).delivery_state, "partly_shipped")
    test.fails("order.too_many", command.run("order.fulfil", { id = id, lines = { { line_id = line, quantity = 3 } } }))
    local two = assert(command.run("order.fulfil", { id = id }))
    test.equal(order.find(id).delivery_state, "shipped")
    assert(command.run("payment.record", { order_id = id }))
    for _, parcel in ipairs({ one, two }) do
      assert(command.run("order.deliver", { id = id, fulfilment_id = parcel.fulfilment_id }))
    end
    local found = order.find(id)
    test.equal({ found.state, found.delivery_state, found.payment_state }, { "completed", "delivered", "paid" })
    test.truthy(#order.history(id) >= 4)
  end)

  test.case("a hold stops shipping", function()
    local id = place("cash")
    local hold = assert(command.run("order.hold", { id = id, reason = "risk" }))
    test.fails("order.held", command.run("order.fulfil", { id = id }))
    assert(command.run("order.release_hold", { id = id, hold_id = hold.id }))
    assert(command.run("order.fulfil", { id = id }))
  end)

  test.case("cancelling puts the goods back and refunds what was paid", function()
    local id, mug = place("cash")
    assert(command.run("payment.record", { order_id = id }))
    assert(command.run("order.cancel", { id = id, by = "merchant", reason = "broken" }))
    local found = order.find(id)
    test.equal({ found.state, found.payment_state }, { "cancelled", "refunded" })
    test.equal(stock(mug).balance, 5)
  end)

  test.case("refunds by piece end exactly at zero, with their tax", function()
    local id = place("cash")
    assert(command.run("payment.record", { order_id = id }))
    local line = order.find(id).lines[1]
    local amount, tax = 0, 0
    for _ = 1, 3 do
      local result = assert(command.run("payment.refund", { order_id = id, lines = { { line_id = line.id, quantity = 1 } } }))
      amount, tax = amount + result.amount, tax + result.tax_amount
    end
    test.equal({ amount, tax }, { line.total_amount, line.tax_amount })
    test.fails("refund.too_many", command.run("payment.refund", { order_id = id, lines = { { line_id = line.id, quantity = 1 } } }))
    test.equal(order.find(id).payment_state, "partly_refunded")
    local delivery = order.find(id).lines[2]
    test.fails("refund.too_much", command.run("payment.refund", { order_id = id, lines = { { line_id = delivery.id, amount = 491 } } }))
    assert(command.run("payment.refund", { order_id = id, lines = { { line_id = delivery.id, amount = 490 } } }))
    test.equal(order.find(id).payment_state, "refunded")
  end)

  test.case("goods that come back go on the shelf", function()
    local id, mug = place("cash")
    assert(command.run("order.fulfil", { id = id }))
    local line = order.find(id).lines[1]
    assert(command.run("order.take_back", { id = id, lines = { { line_id = line.id, quantity = 2 } } }))
    test.equal(stock(mug).balance, 4)
    test.equal(order.find(id).delivery_state, "partly_returned")
  end)
end)

test.group("online payment", function()
  local function place()
    local ctx = open()
    local mug = market.product({ amount = 1000, stock = 5 })
    local token = new_cart(ctx, { { mug, 1 } })
    ready(token, "card")
    local id = assert(complete(ctx, token)).id
    return id, order.find(id).payments[1], mug, token, ctx
  end

  test.case("the operation stands before anything is sent, and captures once", function()
    local id, paid, mug = place()
    test.equal(order.find(id).payment_state, "pending")
    local key = "p" .. paid.id .. ":authorize:1"
    assert(command.run("payment.op_result", { key = key, result = "captured", ref = "ch_1", amount = 1490 }))
    assert(command.run("payment.op_result", { key = key, result = "captured", ref = "ch_1", amount = 1490 }))
    market.tell({ id = "e1", payment_id = paid.reference, result = "captured", ref = "ch_1", amount = 1490 })
    local found = order.find(id)
    test.equal({ found.state, found.payment_state, found.payments[1].captured_amount }, { "confirmed", "paid", 1490 })
    test.equal({ stock(mug).balance, stock(mug).held }, { 4, 0 })
  end)

  test.case("no answer is asked again with the same key, and the order cannot expire meanwhile", function()
    local id, paid = place()
    local key = "p" .. paid.id .. ":authorize:1"
    assert(command.run("payment.op_result", { key = key, result = "retry", error = "timeout" }))
    shop.wait(31 * 60 * 1000)
    test.equal(assert(command.run("order.expire", {})).expired, 0)
    test.equal(db.one("payment_operations_due", { method = "test.plugin/card", now = clock.now(), limit = 1 }).key, key)
    test.equal(order.find(id).state, "placed")
  end)

  test.case("a refused payment cancels the order and gives the cart back", function()
    local id, paid, mug, token, ctx = place()
    assert(command.run("payment.op_result", { key = "p" .. paid.id .. ":authorize:1", result = "failed", error = "declined" }))
    test.equal(order.find(id).cancelled_by, "payment")
    test.equal({ stock(mug).balance, stock(mug).held }, { 5, 0 })
    assert(command.run("cart.reopen", { order_id = id }))
    local again = assert(complete(ctx, token))
    test.different(again.id, id)
  end)

  test.case("a merchant may cancel while a charge is under way: the money goes back", function()
    local id, paid = place()
    assert(command.run("order.cancel", { id = id, by = "merchant" }))
    assert(command.run("payment.op_result", { key = "p" .. paid.id .. ":authorize:1", result = "captured", ref = "ch_1", amount = 1490 }))
    test.equal(order.find(id).state, "cancelled")
    assert(command.run("payment.op_result", { key = "p" .. paid.id .. ":refund:1", result = "refunded", ref = "re_1", amount = 1490 }))
    local found = order.find(id)
    test.equal({ found.payment_state, found.payments[1].refunded_amount, #found.refunds }, { "refunded", 1490, 1 })
  end)

  test.case("money that is on its way back does not make an order live again", function()
    local id, paid, mug = place()
    assert(command.run("payment.op_result", { key = "p" .. paid.id .. ":authorize:1", result = "requires_action", redirect = "https://pay.example/1" }))
    shop.wait(31 * 60 * 1000)
    assert(command.run("order.expire", {}))
    assert(command.run("stock.set", { variant_id = mug, quantity = 0 }))
    assert(command.run("payment.op_result", {
      key = "p" .. paid.id .. ":void:1", result = "captured", ref = "ch_1", amount = 1490, currency = "EUR" }))
    assert(command.run("stock.set", { variant_id = mug, quantity = 5 }))
    market.tell({ id = "e1", payment_id = paid.reference, result = "captured", ref = "ch_1", amount = 1490 })
    assert(command.run("payment.op_result", { key = "p" .. paid.id .. ":refund:1", result = "refunded", ref = "re_1", amount = 1490 }))
    local found = order.find(id)
    test.equal({ found.state, found.payment_state, stock(mug).balance }, { "cancelled", "refunded", 5 })
  end)

  test.case("a late promise does not undo a capture", function()
    local id, paid = place()
    market.tell({ id = "e2", payment_id = paid.reference, result = "captured", ref = "ch_1", amount = 1490 })
    market.tell({ id = "e1", payment_id = paid.reference, result = "authorized", ref = "ch_1", amount = 1490 })
    test.equal(order.find(id).payments[1].state, "captured")
  end)

  test.case("another currency is refused", function()
    local id, paid = place()
    local result = market.tell({ id = "e1", payment_id = paid.reference, result = "captured", ref = "c", amount = 1490, currency = "USD" })
    test.equal(result.is_refused, true)
    test.equal(order.find(id).payment_state, "pending")
  end)
end)

test.group("accounts", function()
  test.case("movements and holds add up", function()
    local ctx = open()
    local mug = market.product({ stock = 10 })
    local token = new_cart(ctx, { { mug, 4 } })
    ready(token, "transfer")
    assert(complete(ctx, token))
    assert(command.run("stock.adjust", { variant_id = mug, delta = 5 }))
    test.fails("stock.short", command.run("stock.adjust", { variant_id = mug, delta = -12 }))
    test.equal(inventory.available({ kind = "stock", owner_id = mug }), 11)
    test.equal(db.many("accounts_wrong_balance", { after = 0, limit = 10 }), {})
    test.equal(db.many("accounts_wrong_held", { after = 0, limit = 10 }), {})
  end)

  test.case("what is sold out leaves the lists at once, and comes back with the goods", function()
    local ctx = open()
    local mug, product_id = market.product({ stock = 2 })
    local function listed()
      return db.built("SELECT is_available FROM listings WHERE product_id = :id AND category_id = 0"):one({ id = product_id }).is_available
    end
    local token = new_cart(ctx, { { mug, 2 } })
    ready(token)
    test.equal(listed(), 1)
    local id = assert(complete(ctx, token)).id
    test.equal(listed(), 0)
    assert(command.run("order.cancel", { id = id, by = "merchant" }))
    test.equal(listed(), 1)
  end)

  test.case("an order takes from several places when one is not enough", function()
    local ctx = open()
    local mug = market.product({ stock = 2 })
    local other = assert(command.run("location.create", { handle = "attic", title = "Attic", position = 1 }))
    assert(command.run("stock.set", { variant_id = mug, location_id = other.id, quantity = 3 }))
    local token = new_cart(ctx, { { mug, 4 } })
    ready(token)
    assert(complete(ctx, token))
    test.equal(stock(mug).balance, 0)
    test.equal(inventory.available({ kind = "stock", owner_id = mug }), 1)
  end)
end)
