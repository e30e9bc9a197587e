-- Staff takes the money that a provider only promised.
local shop = require("support.shop")
shop.open()
local checkout = require("domain.checkout")
local cart = require("domain.cart")
local clock = require("native.clock")
local command = require("kernel.command")
local csrf = require("web.csrf")
local market = require("support.market")
local order = require("domain.order")
local payment = require("domain.payment")
local provider = require("support.provider")
local staff = require("domain.staff")
local test = require("support.test")
local visitor = require("support.visitor")
require("web")

local PASSWORD_HASH <const> = assert(staff.hash("seven quiet herons wade"))

local handler, owner

local function signed_in()
  local token, token_hash = staff.draw_token()
  assert(command.run("staff.open_setup", { token_hash = token_hash }))
  local id = assert(command.run("staff.accept", {
    token_hash = staff.digest(token), password_hash = PASSWORD_HASH, email = "owner@example.com", name = "Owner" })).id
  local guest = visitor.new()
  guest.cookies.staff = assert(staff.begin_session(id, { address = "192.0.2.1", agent = "test" })).token
  return guest
end

local function place()
  local id = assert(command.run("cart.add", {
    channel_id = shop.context().channel.id, currency = "EUR", locale = "en", variant_id = market.product({ amount = 1000 }), quantity = 1 })).id
  local token = cart.find_by_id(id).token
  assert(command.run("cart.set_address", { cart = token, delivery = market.address, email = "ada@example.com" }))
  assert(command.run("cart.choose_delivery", { cart = token, choice = "test.plugin/parcel:std" }))
  local row = cart.find(token)
  row.payment_choice = handler.id
  local placed = assert(checkout.complete(shop.context(), token, cart.quote(shop.context(), row).hash, { payment = handler.id, base_url = "https://shop.test" }))
  payment.ask_providers()
  return order.find(placed.id)
end

local function open()
  shop.open()
  handler = provider.handler({
    authorize = { { result = "authorized", ref = "ch_1", amount = 1490 } },
    capture = { function(req) return { result = "captured", ref = "cap_1", amount = req.amount } end },
  })
  market.open({ handler })
  owner = signed_in()
  return place()
end

local function press(found, fields)
  fields.csrf = csrf.of(staff.find_session(owner.cookies.staff, clock.now()).csrf)
  return owner:post("/admin/orders/" .. found.number .. "/capture", fields)
end

test.case("a button takes what was promised, once", function()
  local found = open()
  local address = "/admin/orders/" .. found.number
  local body = owner:get(address).body
  test.contains(body, "Take €14.90")
  local sent = { payment = tostring(found.payments[1].id), version = tostring(found.version) }
  test.equal(press(found, sent).headers.Location, address .. "?done=capture")
  body = owner:get(address).body
  test.contains(body, "the provider is being asked")
  test.truthy(not body:find("Take €14.90", 1, true), "it can be pressed again")
  local again = press(found, { payment = sent.payment, version = tostring(order.find(found.id).version) })
  test.equal(again.status, 422)
  test.contains(again.body, "The provider is being asked already")
  payment.ask_providers()
  test.equal({ order.find(found.id).payment_state, #handler.asked.capture }, { "paid", 1 })
  test.contains(owner:get(address).body, "€14.90 received")
end)

test.case("what changed meanwhile, waits, or belongs to another order is not taken", function()
  local found = open()
  local other = place()
  local id, version = tostring(found.payments[1].id), tostring(found.version)
  test.equal(press(found, { payment = id, version = "0" }).status, 409)
  test.equal(press(other, { payment = id, version = tostring(other.version) }).status, 422)
  test.equal(press(found, { version = version }).status, 422)
  assert(command.run("order.hold", { id = found.id, reason = "risk" }))
  test.truthy(not owner:get("/admin/orders/" .. found.number).body:find("form-capture", 1, true))
  test.equal(press(found, { payment = id, version = tostring(order.find(found.id).version) }).status, 422)
  payment.ask_providers()
  test.equal(handler.asked.capture, nil)
end)
