-- The plugin merx.test-pay against the provider that the engine serves: orders, pages, requests and messages are the real ones;
-- only the wire between the two is none.
local shop = require("support.shop")
shop.open()
local test = require("support.test")
local client = require("native.client")
local clock = require("native.clock")
local command = require("kernel.command")
local db = require("kernel.db")
local jobs = require("kernel.jobs")
local order = require("domain.order")
local plugins = require("kernel.plugins")
local thread = require("native.thread")
local visitor = require("support.visitor")
local market = require("support.market")
require("web")

local ORIGIN <const> = "http://127.0.0.1:8080"
local KEY <const> = "the key of the trial"
local METHOD <const> = "merx.test-pay/card"
local ONLY <const> = { ["merx.test-pay"] = true, ["merx.flat-rate"] = true, ["merx.flat-tax"] = true, ["merx.catalog-prices"] = true }

local guest, requests

-- What the plugin sends goes straight to the pages of this shop.
local function wire(given)
  requests[#requests + 1] = given
  local sender = visitor.new()
  for name, value in pairs(given.headers) do sender.headers[name:lower()] = value end
  sender.body = given.body
  local path = given.url:sub(#ORIGIN + 1)
  local reply = given.method == "GET" and sender:get(path) or sender:send_raw(path)
  return { status = reply.status, headers = {}, body = reply.body, elapsed_ms = 1 }
end

local function set(key, value)
  assert(command.run("settings.set", { key = key, value = value }))
end

local function open_shop(fault, capture)
  shop.open()
  require("native.cache").doubt()
  requests, client.request = {}, wire
  plugins.load({ { path = thread.share .. "/plugins", bundled = true, only = ONLY } })
  local plugin = plugins.find("merx.test-pay")
  plugin.granted = plugin.manifest.capabilities
  set("payment.test_mode", true)
  set("plugin.merx.test-pay.endpoint", ORIGIN .. "/test-provider")
  set("plugin.merx.test-pay.key", KEY)
  if fault then set("plugin.merx.test-pay/card.fault", fault) end
  if capture then set("plugin.merx.test-pay/card.capture", capture) end
  local mug = market.product({ amount = 1000, stock = 2 })
  guest = visitor.new()
  guest:post("/cart/add", { id = mug, quantity = 1 })
  assert(command.run("cart.set_address", { cart = guest.cookies.cart, delivery = market.address, email = "ada@example.com" }))
end

local function hidden(body, name)
  return body:match('name="' .. name:gsub("%p", "%%%0") .. '" value="([^"]*)"')
end

-- Jobs, messages and questions until nothing is due.
local function settle()
  local quiet = 0
  for _ = 1, 50 do
    quiet = jobs.tick(clock.now()) > 100 and quiet + 1 or 0
    if quiet == 2 then return end -- what a job began is asked for in the next round
  end
  test.fail("the jobs thread never rests")
end

local function place()
  local delivery = guest:get("/checkout/delivery").body
  guest:post("/checkout/delivery", { csrf = hidden(delivery, "csrf"), delivery = delivery:match('name="delivery" id="delivery%-1" value="([^"]+)"') })
  local body = guest:get("/checkout/payment").body
  local reply = guest:post("/checkout/payment", {
    csrf = hidden(body, "csrf"), payment = METHOD, ["quotes[" .. METHOD .. "]"] = hidden(body, "quotes[" .. METHOD .. "]"),
  })
  test.equal(reply.status, 303, reply.body)
  settle()
  return reply.headers.Location:match("^/orders/([^/]+)")
end

local function state_of(token)
  local found = order.find_by_token(token)
  return found.state, found.payment_state, found
end

-- The address of the provider's page, as the shopper's browser is sent there.
local function page_of(token)
  return guest:get("/orders/" .. token .. "/payment?go=1").headers.Refresh:match("^0; url=http://shop%.test(/.*)$")
end

local function decide(token, outcome, news)
  local reply = guest:post(page_of(token), { outcome = outcome, news = news or "once" })
  settle()
  return reply.headers.Location:match("^http://shop%.test(/.*)$")
end

local function wait(seconds)
  shop.wait(seconds * 1000)
  settle()
end

local function messages()
  return db.built("SELECT state FROM payment_inbox ORDER BY id"):many({})
end

test.group("merx.test-pay", function()
  test.case("is paid on the provider's page, and the order is a test order", function()
    open_shop()
    local token = place()
    local page = guest:get(page_of(token))
    test.contains(page.body, "No money moves here")
    test.contains(page.headers["Content-Security-Policy"], "default-src 'none'")
    local back = decide(token, "pay")
    test.equal(guest:get(back).headers.Location, "/orders/" .. token)
    local state, paid, found = state_of(token)
    test.equal({ state, paid, found.is_test, found.payments[1].is_test }, { "confirmed", "paid", true, 1 })
  end)

  test.case("declines, and the shopper is told why", function()
    for outcome, sentence in pairs({ declined = "was declined", funds = "not enough money", cancelled = "You stopped the payment" }) do
      open_shop()
      local token = place()
      local back = decide(token, outcome)
      local reply = guest:get(back)
      test.contains(guest:get(reply.headers.Location).body, sentence)
      test.equal(state_of(token), "cancelled")
    end
  end)

  test.case("loses its answer: the same key is sent again, and there is one charge", function()
    open_shop("lost")
    local token = place()
    wait(5)
    test.equal({ requests[1].headers["Idempotency-Key"], requests[2].headers["Idempotency-Key"] }, { "p1:authorize:1", "p1:authorize:1" })
    decide(token, "pay")
    test.equal(select(2, state_of(token)), "paid")
    test.equal(#db.built("SELECT id FROM test_charges"):many({}), 1)
  end)

  test.case("is not there for a while", function()
    open_shop("unavailable")
    local token = place()
    test.contains(guest:get("/orders/" .. token .. "/payment").body, "One moment")
    wait(3)
    wait(5)
    decide(token, "pay")
    test.equal(select(2, state_of(token)), "paid")
  end)

  test.case("tells before it answers", function()
    open_shop("early")
    local token = place()
    local _, paid, found = state_of(token)
    test.equal({ paid, found.payments[1].captured_amount }, { "paid", found.due_amount })
  end)

  test.case("tells twice, late, never, forged first, and with a wrong amount first: the end is the same", function()
    for _, news in ipairs({ "twice", "late", "never", "forged", "wrong_amount" }) do
      open_shop()
      local token = place()
      decide(token, "pay", news)
      if news == "late" then test.equal(select(2, state_of(token)), "pending", news) end
      wait(11)
      if news == "never" then wait(16 * 60) end
      local _, paid, found = state_of(token)
      test.equal({ paid, found.payments[1].captured_amount }, { "paid", found.due_amount }, news)
      if news == "forged" or news == "twice" then test.equal(#messages(), 1, news) end
      if news == "wrong_amount" then test.equal({ messages()[1].state, #found.holds }, { "refused", 1 }) end
    end
  end)

  test.case("promises first and captures later; what is not captured can be called off", function()
    open_shop(nil, "later")
    local token = place()
    decide(token, "pay")
    local state, paid, found = state_of(token)
    test.equal({ state, paid }, { "confirmed", "authorized" })
    assert(command.run("payment.capture", { payment_id = found.payments[1].id }))
    settle()
    test.equal(select(2, state_of(token)), "paid")
    open_shop(nil, "later")
    token = place()
    decide(token, "pay")
    assert(command.run("order.cancel", { id = order.find_by_token(token).id, by = "merchant" }))
    settle()
    test.equal({ state_of(token) }, { "cancelled", "voided", order.find_by_token(token) })
  end)

  test.case("gives money back, once", function()
    open_shop()
    local token = place()
    decide(token, "pay")
    local found = order.find_by_token(token)
    assert(command.run("payment.refund", { order_id = found.id, lines = { { line_id = found.lines[1].id, amount = 100 } } }))
    settle()
    found = order.find_by_token(token)
    test.equal({ found.payment_state, found.payments[1].refunded_amount, found.refunds[1].state }, { "partly_refunded", 100, "done" })
    assert(command.run("order.cancel", { id = found.id, by = "merchant" }))
    settle()
    found = order.find_by_token(token)
    test.equal({ found.payment_state, found.payments[1].refunded_amount }, { "refunded", found.due_amount })
  end)

  test.case("disputes what was paid: it counts against what is kept, and is not given back a second time", function()
    open_shop()
    local token = place()
    local page = page_of(token)
    decide(token, "pay")
    guest:post(page, { outcome = "dispute" })
    settle()
    local found = order.find_by_token(token)
    test.equal(found.payments[1].disputed_amount, found.due_amount)
    test.fails("refund.too_much", command.run("payment.refund", {
      order_id = found.id, lines = { { line_id = found.lines[1].id, amount = 1 } } }))
  end)

  test.case("is nowhere while the shop takes no trials, and knows nobody without its key", function()
    open_shop()
    local token = place()
    local page = page_of(token)
    local stranger = visitor.new()
    stranger.headers = { authorization = "Bearer wrong", ["content-type"] = "application/json" }
    stranger.body = "{}"
    test.equal(stranger:send_raw("/test-provider/charges").status, 401)
    set("payment.test_mode", false)
    test.equal({ stranger:send_raw("/test-provider/charges").status, guest:get(page).status }, { 404, 404 })
    test.equal(visitor.new():get("/checkout/payment").status, 303)
  end)
end)
