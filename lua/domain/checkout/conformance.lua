--- What a whole shop makes of the messages of a payment method, by the sample of payment/conformance.lua: an order is paid
--- once, by the right sum, whenever and however often the message comes.
local cart = require("domain.cart")
local catalog = require("domain.catalog")
local checkout = require("domain.checkout")
local command = require("kernel.command")
local conformance = require("kernel.conformance")
local channel = require("domain.channel")
local clock = require("kernel.clock")
local db = require("kernel.db")
local order = require("domain.order")
local payment = require("domain.payment")
local payment_conformance = require("domain.payment.conformance")
local points = require("kernel.points")

local expect, raw_of = conformance.expect, payment_conformance.raw_of

local function context()
  return channel.context(channel.list()[1], clock.now())
end

local function stand_in(point, id, answer)
  return {
    point = point, plugin = "core", version = "", id = "core/" .. id, input = {}, settings = {}, spec = { settings = {} }, before = {}, after = {},
    call = answer,
  }
end

-- The method, a delivery that costs nothing and no tax: what is due is the price of the product.
local function open_market(subject)
  assert(points.set({
    subject.handler, stand_in("delivery_method", "free", function() return { { op = "rate", id = "free", amount = 0 } } end),
    stand_in("tax_provider", "none", function() return {} end),
  }))
  assert(command.run("settings.set", { key = "payment.test_mode", value = true }))
end

local function new_cart(ctx, sample)
  local product = assert(command.run("catalog.put_product", { product = {
    title = "Conformance", kind = "simple", code = "CONFORMANCE", tracking = "none", state = "active",
    variants = { { title = "", sku = "CONFORMANCE", regular_amount = sample.amount, ships = true } },
  } }))
  local found = assert(catalog.find_product_by_handle(ctx, "conformance"), "the product was not made: " .. tostring(product.id))
  local id = assert(command.run("cart.add", {
    channel_id = ctx.channel.id, currency = ctx.currency, locale = ctx.locale, variant_id = found.variants[1].id, quantity = 1 })).id
  local token = cart.find_by_id(id).token
  assert(command.run("cart.set_address", { cart = token, email = "ada@example.com", delivery = {
    name = "Ada Lovelace", line1 = "Unter den Linden 1", postal_code = "10117", city = "Berlin", country = "DE" } }))
  assert(command.run("cart.choose_delivery", { cart = token, choice = "core/free:free" }))
  return token
end

-- Runs fn() while the reference of a new payment is the one that the sample speaks of.
local function with_reference(reference, fn)
  local run = db.run
  db.run = function(name, params)
    if name == "payment_insert" then params.reference = reference end
    return run(name, params)
  end
  local ok, result = pcall(fn)
  db.run = run
  if not ok then error(result, 0) end
  return result
end

-- An order that waits for this method. The sample speaks of `sample.amount`.
local function place(subject, sample)
  open_market(subject)
  local ctx = context()
  local token = new_cart(ctx, sample)
  local row = cart.find(token)
  row.payment_choice = subject.id
  local quote = cart.quote(ctx, row)
  return with_reference(sample.payment_id, function()
    local placed, err = checkout.complete(ctx, token, quote.hash, { payment = subject.id, base_url = "https://shop.example" })
    expect(placed, "the order could not be placed: %s", err and err.message)
    return placed.id
  end)
end

local function send(subject, raw)
  return order.take_webhook(subject.handler, raw, clock.now())
end

local function expect_paid(id, sample, when)
  local found = order.find(id)
  expect(found.payment_state == "paid", "%s: the order is %s", when, found.payment_state)
  expect(found.payments[1].captured_amount == sample.amount, "%s: %d count as taken", when, found.payments[1].captured_amount)
end

local function expect_unpaid(id, when)
  local found = order.find(id)
  expect(found.payments[1].captured_amount == 0 and found.payment_state ~= "paid", "%s: the order counts as paid", when)
end

local function with_webhook(run)
  return function(subject)
    local sample = subject.sample
    if subject.handler.fns and type(sample) == "table" and sample.webhook then run(subject, sample, place(subject, sample)) end
  end
end

local function answer_authorize(subject, sample)
  subject.answer_with(function() return sample.replies.authorize end)
  payment.ask_providers()
end

conformance.define("payment_method", {
  { name = "in a shop: a message that comes twice is counted once", run = with_webhook(function(subject, sample, id)
    answer_authorize(subject, sample)
    for _ = 1, 3 do expect(send(subject, raw_of(sample)), "a message was not acknowledged") end
    expect_paid(id, sample, "after three times the same")
  end) },
  { name = "in a shop: a message that comes before the answer is believed, and the answer changes nothing", run = with_webhook(
    function(subject, sample, id)
      send(subject, raw_of(sample))
      expect_paid(id, sample, "before the answer")
      answer_authorize(subject, sample)
      expect_paid(id, sample, "after the answer")
    end) },
  { name = "in a shop: a message that comes after the time to pay is over revives the order, or the money goes back", run = with_webhook(
    function(subject, sample, id)
      answer_authorize(subject, sample)
      assert(command.run("order.cancel", { id = id, by = "merchant" }))
      send(subject, raw_of(sample))
      local found = order.find(id)
      local asked = found.refunds[1]
      expect(asked and asked.amount == sample.amount, "the money of a cancelled order is not given back")
    end) },
  { name = "in a shop: a forged message leaves nothing behind", run = with_webhook(function(subject, sample, id)
    answer_authorize(subject, sample)
    local raw = raw_of(sample)
    raw.headers = {}
    local reply, err = send(subject, raw)
    expect(not reply and err.code == "webhook.forged", "it was acknowledged")
    expect_unpaid(id, "after a forged message")
  end) },
  { name = "in a shop: a message about another sum pays nothing", run = function(subject)
    local sample = subject.sample
    if not (subject.handler.fns and type(sample) == "table" and sample.webhook) then return end
    local cheaper = {}
    for name, value in pairs(sample) do cheaper[name] = value end
    cheaper.amount = sample.amount - 1 -- the order costs less than the message says
    local id = place(subject, cheaper)
    send(subject, raw_of(sample))
    expect_unpaid(id, "after a message about more than was asked for")
  end },
})

return conformance
