-- The way of a shopper who pays at a provider, page by page, and what the provider tells meanwhile.
local shop = require("support.shop")
shop.open()
local test = require("support.test")
local market = require("support.market")
local cart = require("domain.cart")
local checkout = require("domain.checkout")
local command = require("kernel.command")
local db = require("kernel.db")
local json = require("native.json")
local order = require("domain.order")
local payment = require("domain.payment")
local provider = require("support.provider")
local visitor = require("support.visitor")

local PAGE <const> = "https://pay.example/p/1?a=b"
local START <const> = 1767225600000

local answers, handler, guest, mug

local function open_shop(given, spec)
  shop.open({ now = START })
  answers = given or { authorize = { { result = "requires_action", ref = "ch_1", redirect = PAGE } } }
  handler = provider.handler(answers, spec)
  market.open({ handler })
  mug = market.product({ amount = 1000, stock = 3 })
  guest = visitor.new()
  guest:post("/cart/add", { id = mug, quantity = 1 })
  local token = guest.cookies.cart
  assert(command.run("cart.set_address", { cart = token, delivery = market.address, email = "ada@example.com" }))
  assert(command.run("cart.choose_delivery", { cart = token, choice = "test.plugin/parcel:std" }))
end

local function hidden(body, name)
  return body:match('name="' .. name:gsub("%p", "%%%0") .. '" value="([^"]*)"')
end

local function press()
  local body = guest:get("/checkout/payment").body
  return guest:post("/checkout/payment", {
    csrf = hidden(body, "csrf"), payment = handler.id, ["quotes[" .. handler.id .. "]"] = hidden(body, "quotes[" .. handler.id .. "]"),
  })
end

-- Places the order; the jobs thread asks the provider. Returns the order's token and id.
local function place()
  local reply = press()
  test.equal(reply.status, 303, reply.body)
  local token = reply.headers.Location:match("^/orders/([^/]+)")
  payment.ask_providers()
  return token, order.progress(token).id
end

local function only_payment(id)
  return order.find(id).payments[1]
end

local function send(events, signature, body)
  local sender = visitor.new()
  sender.headers = { ["x-signature"] = signature or "good", ["content-type"] = "application/json" }
  sender.body = body or json.encode(json.array(events))
  return sender:send_raw("/webhooks/test.provider/pay")
end

local function captured(id, more)
  local event = { id = "ev_1", payment_id = only_payment(id).reference, result = "captured", ref = "cap_1", amount = 1490, currency = "EUR" }
  for name, value in pairs(more or {}) do event[name] = value end
  return event
end

local function stock()
  return db.built("SELECT balance, held FROM accounts WHERE kind = 'stock'"):one({})
end

test.group("the way to a provider", function()
  test.case("leads on from the order, holds the goods and comes back to thanks", function()
    open_shop()
    local reply = press()
    local token = reply.headers.Location:match("^/orders/([^/]+)/payment%?go=1$")
    local waiting = guest:get(reply.headers.Location)
    test.equal(waiting.headers.Refresh, "3; url=/orders/" .. token .. "/payment")
    payment.ask_providers()
    local forward = guest:get(reply.headers.Location)
    test.equal(forward.headers.Refresh, "0; url=" .. PAGE)
    test.contains(forward.body, 'href="https://pay.example/p/1?a=b"')
    test.equal({ stock().balance, stock().held }, { 3, 1 })
    local id = order.progress(token).id
    test.equal(send({ captured(id) }).status, 202)
    test.equal(guest:get("/orders/" .. token .. "/payment/return").headers.Location, "/orders/" .. token)
    test.equal(order.find(id).payment_state, "paid")
    test.equal({ stock().balance, stock().held }, { 2, 0 })
    test.contains(guest:get("/orders/" .. token).body, "Thank you")
  end)

  test.case("tells the provider all that it needs, with addresses of this shop", function()
    open_shop()
    local token, id = place()
    local req = handler.asked.authorize[1]
    test.equal({ req.key, req.attempt, req.payment_id, req.amount, req.total, req.currency, req.is_test },
      { "p1:authorize:1", 1, only_payment(id).reference, 1490, 1490, "EUR", false })
    test.equal({ req.return_url, req.cancel_url, req.webhook_url }, {
      "http://shop.test/orders/" .. token .. "/payment/return", "http://shop.test/orders/" .. token .. "/payment?stopped=1",
      "http://shop.test/webhooks/test.provider/pay",
    })
  end)

  test.case("is the same for whoever presses twice, and asks once", function()
    open_shop()
    local body = guest:get("/checkout/payment").body
    local fields = { csrf = hidden(body, "csrf"), payment = handler.id, ["quotes[" .. handler.id .. "]"] = hidden(body, "quotes[" .. handler.id .. "]") }
    local first, second = guest:post("/checkout/payment", fields), guest:post("/checkout/payment", fields)
    test.equal(second.headers.Location, first.headers.Location)
    payment.ask_providers()
    payment.ask_providers()
    test.equal(#handler.asked.authorize, 1)
  end)

  test.case("leads back to the payment step when the payment is declined, with everything kept and a plain reason", function()
    open_shop({ authorize = { { result = "failed", reason = "funds", error = "51" } } })
    local token = place()
    local reply = guest:get("/orders/" .. token .. "/payment/return")
    test.equal(reply.headers.Location, "/checkout/payment?problem=funds")
    local page = guest:get(reply.headers.Location)
    test.contains(page.body, "There was not enough money for this payment")
    test.contains(page.body, "Unter den Linden 1")
    test.equal({ stock().balance, stock().held }, { 3, 0 })
    answers.authorize = { { result = "requires_action", ref = "ch_2", redirect = PAGE } }
    local again, id = place()
    test.different(again, token)
    send({ captured(id) })
    test.equal(order.find(id).payment_state, "paid")
  end)

  test.case("may be left: the shopper pays later, or another way, and the provider is told", function()
    open_shop()
    local token, id = place()
    local stopped = guest:get("/orders/" .. token .. "/payment?stopped=1")
    test.contains(stopped.body, "Nothing was taken")
    test.contains(stopped.body, "another 30 minutes")
    test.contains(guest:get("/orders/" .. token).body, 'href="/orders/' .. token .. '/payment"')
    local reply = guest:post("/orders/" .. token .. "/payment/other", {})
    test.equal(reply.headers.Location, "/checkout/payment?problem=stopped")
    test.equal(guest:get(reply.headers.Location).status, 200)
    answers.void = { { result = "voided" } }
    payment.ask_providers()
    test.equal({ only_payment(id).state, #handler.asked.void, handler.asked.void[1].ref }, { "voided", 1, "ch_1" })
  end)

  test.case("of an order that nobody paid ends after half an hour; the cart comes back, and so does late money", function()
    open_shop()
    local token, id = place()
    shop.wait(31 * 60000)
    assert(command.run("order.expire", {}))
    test.equal({ order.find(id).state, stock().held }, { "cancelled", 0 })
    test.equal(guest:get("/orders/" .. token .. "/payment").headers.Location, "/checkout/payment?problem=expired")
    test.contains(guest:get("/checkout/payment?problem=expired").body, "The time to pay is over")
    answers.void = { { result = "failed" } }
    payment.ask_providers()
    send({ captured(id) })
    test.equal({ order.find(id).state, order.find(id).payment_state }, { "confirmed", "paid" })
    test.equal(press().headers.Location, "/orders/" .. token, "the cart is the order that lives again")
  end)

  test.case("shows nothing to those who do not know the order, and takes no orders from other pages", function()
    open_shop()
    local token = place()
    test.equal(visitor.new():get("/orders/nothing/payment").status, 404)
    test.equal(visitor.new():get("/orders/nothing/payment/return").status, 404)
    guest.headers["sec-fetch-site"] = "cross-site"
    test.equal(guest:post("/orders/" .. token .. "/payment/other", {}).status, 403)
  end)

  test.case("asks how things stand when the shopper is back before the news", function()
    open_shop()
    local token, id = place()
    answers.fetch = { function(req)
      return { result = "captured", ref = "cap_9", charge = "ch_1", amount = req.total, currency = req.currency }
    end }
    guest:get("/orders/" .. token .. "/payment/return")
    payment.ask_providers()
    test.equal(guest:get("/orders/" .. token .. "/payment").headers.Location, "/orders/" .. token)
    test.equal(order.find(id).payment_state, "paid")
  end)
end)

test.group("webhooks", function()
  local function inbox()
    return db.built("SELECT event_id, state FROM payment_inbox ORDER BY id"):many({})
  end

  test.case("that are forged leave nothing behind", function()
    open_shop()
    local _, id = place()
    test.equal(send({ captured(id) }, "bad").status, 400)
    test.equal(inbox(), {})
    test.equal(order.find(id).payment_state, "pending")
  end)

  test.case("count once, however often and in whatever order they come", function()
    open_shop()
    local _, id = place()
    local reference = only_payment(id).reference
    for _ = 1, 3 do test.equal(send({ captured(id) }).status, 202) end
    send({ { id = "ev_0", payment_id = reference, result = "authorized", ref = "ch_1", amount = 1490, currency = "EUR" } })
    local row = only_payment(id)
    test.equal({ row.state, row.captured_amount }, { "captured", 1490 })
    test.equal(inbox(), { { event_id = "ev_1", state = "applied" }, { event_id = "ev_0", state = "applied" } })
  end)

  test.case("are not believed with another amount, currency or order, and staff is told", function()
    for _, wrong in ipairs({ { amount = 1491 }, { currency = "USD" }, { payment_id = "nobody" } }) do
      open_shop()
      local _, id = place()
      test.equal(send({ captured(id, wrong) }).status, 202)
      local found = order.find(id)
      test.equal({ found.payment_state, found.payments[1].captured_amount, inbox()[1].state }, { "pending", 0, "refused" })
      test.equal(#found.holds, wrong.payment_id and 0 or 1)
    end
  end)

  test.case("of too little do not make an order paid", function()
    open_shop()
    local _, id = place()
    send({ captured(id, { amount = 1 }) })
    local found = order.find(id)
    test.equal({ found.state, found.payment_state }, { "placed", "partly_paid" })
  end)

  test.case("of one provider say nothing about payments of another", function()
    open_shop()
    local _, id = place()
    require("native.db").main():exec("UPDATE payments SET method = 'test.plugin/card'")
    send({ captured(id) })
    test.equal({ order.find(id).payment_state, inbox()[1].state }, { "pending", "refused" })
  end)

  test.case("that come before the answer to what we asked are applied, and the answer changes nothing", function()
    open_shop()
    local reply = press()
    local id = order.progress(reply.headers.Location:match("^/orders/([^/]+)")).id
    send({ captured(id) })
    payment.ask_providers()
    local found = order.find(id)
    test.equal({ found.payment_state, found.payments[1].captured_amount }, { "paid", 1490 })
  end)

  test.case("that cannot be read, or not be kept, are to be sent again", function()
    open_shop()
    local _, id = place()
    test.equal(send({}, "good", '[{"id": 1}]').status, 503)
    test.equal(inbox(), {})
    local run = command.run
    command.run = function(name, ...)
      if name == "payment.receive" then return require("kernel.failure").new("busy", "the disk") end
      return run(name, ...)
    end
    local reply = send({ captured(id) })
    command.run = run
    test.equal(reply.status, 503)
    test.equal(send({ captured(id) }).status, 202)
  end)

  test.case("that were kept and not applied are applied later", function()
    open_shop()
    local _, id = place()
    local run = command.run
    command.run = function(name, ...)
      if name == "payment.apply_message" then error("the power went") end
      return run(name, ...)
    end
    local reply = send({ captured(id) })
    command.run = run
    test.equal({ reply.status, order.find(id).payment_state }, { 202, "pending" })
    shop.wait(60000)
    require("kernel.jobs").list()["payment.reconcile"].handler({}, START + 60000)
    test.equal(order.find(id).payment_state, "paid")
  end)

  test.case("are for programs: nobody listens where no adapter is, nor to a trial while the shop takes none", function()
    open_shop()
    test.equal(visitor.new():send_raw("/webhooks/test.plugin/cash").status, 404)
    open_shop(nil, { is_test = true })
    test.equal(visitor.new():send_raw("/webhooks/test.provider/pay").status, 404)
  end)
end)

test.group("a way to pay that moves no money", function()
  test.case("is offered in test mode only, and what it pays is a test order", function()
    open_shop(nil, { is_test = true })
    test.equal(guest:get("/checkout/payment").body:find(handler.id, 1, true), nil)
    local accepted = cart.quote(shop.context(), cart.find(guest.cookies.cart)).hash
    test.fails("checkout.incomplete", checkout.complete(shop.context(), guest.cookies.cart, accepted, { payment = handler.id }))
    assert(command.run("settings.set", { key = "payment.test_mode", value = true }))
    local _, id = place()
    test.equal({ order.find(id).is_test, only_payment(id).is_test, handler.asked.authorize[1].is_test }, { true, 1, true })
  end)
end)

test.case("merx doctor tells of a provider that does not answer, and of one that is gone", function()
  local function look(hours)
    return require("cli.doctor.shop").providers({ now = START + hours * 3600000 })
  end
  open_shop()
  press()
  test.equal(look(0), "ok")
  test.equal({ look(3) }, {
    "warn", "1 question to test.provider/pay: no answer for 3 hours", "look for its errors in the log; they are asked again by themselves" })
  market.open()
  local state, told, advice = look(0)
  test.equal({ state, told }, { "error", "1 question to test.provider/pay, whose plugin is not here: nobody asks" })
  test.contains(advice, "merx plugin enable")
end)
