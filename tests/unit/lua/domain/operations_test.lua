-- How providers are asked: one task each, the same key until there is an answer, and how things stand when there is none.
local shop = require("support.shop")
shop.open()
local test = require("support.test")
local market = require("support.market")
local cart = require("domain.cart")
local checkout = require("domain.checkout")
local clock = require("native.clock")
local command = require("kernel.command")
local db = require("kernel.db")
local operations = require("domain.payment.operations")
local order = require("domain.order")
local provider = require("support.provider")

local WAITS <const> = { result = "requires_action", ref = "ch_1", redirect = "https://pay.example/1" }

local ctx, handlers

-- A market with a provider for each list of answers.
local function open_shop(...)
  shop.open()
  handlers = {}
  for i, answers in ipairs({ ... }) do
    handlers[i] = provider.handler(answers)
    handlers[i].id = "test.provider" .. i .. "/pay"
  end
  market.open(handlers)
  ctx = shop.context()
end

local function place(handler)
  local id = assert(command.run("cart.add", { channel_id = ctx.channel.id, currency = "EUR", locale = "en",
    variant_id = market.product({ amount = 1000 }), quantity = 1 })).id
  local token = cart.find_by_id(id).token
  assert(command.run("cart.set_address", { cart = token, delivery = market.address, email = "ada@example.com" }))
  assert(command.run("cart.choose_delivery", { cart = token, choice = "test.plugin/parcel:std" }))
  assert(command.run("cart.choose_payment", { cart = token, choice = handler.id }))
  return assert(checkout.complete(ctx, token, cart.quote(ctx, cart.find(token)).hash)).id
end

local function asked(handler, what)
  return #(handler.asked[what] or {})
end

local function operation(key)
  return db.one("payment_operation_find", { key = key })
end

test.group("a provider", function()
  test.case("that gives no answer is asked again with the same key, after pauses that grow", function()
    open_shop({ authorize = { nil }, fetch = { { result = "missing" } } })
    place(handlers[1])
    local pauses, last = {}, clock.now()
    for _ = 1, 4 do
      local before = asked(handlers[1], "authorize")
      while asked(handlers[1], "authorize") == before do
        operations.run()
        shop.wait(500)
      end
      pauses[#pauses + 1], last = (clock.now() - last) // 1000, clock.now()
    end
    test.truthy(pauses[2] >= 2 and pauses[3] >= 4 and pauses[4] >= 8, table.concat(pauses, ", "))
    for i, req in ipairs(handlers[1].asked.authorize) do test.equal({ req.key, req.attempt }, { "p1:authorize:1", i }) end
  end)

  test.case("that never answers is asked how things stand, every other time", function()
    local row = { kind = "authorize", attempts = 0, order_state = "placed" }
    local fns, chosen = { fetch = true }, {}
    for attempts = 0, 8 do
      row.attempts = attempts
      chosen[#chosen + 1] = operations.choose(row, fns) == "fetch" and "f" or "a"
    end
    test.equal(table.concat(chosen), "aaaafafaf")
    test.equal(operations.choose(row, {}), "authorize", "one that cannot say is asked again")
  end)

  test.case("is not asked for money of an order that was cancelled meanwhile", function()
    open_shop({ authorize = { WAITS }, fetch = { { result = "missing" } } })
    local id = place(handlers[1])
    assert(command.run("order.cancel", { id = id, by = "merchant" }))
    operations.run()
    test.equal({ asked(handlers[1], "authorize"), asked(handlers[1], "fetch") }, { 0, 1 })
    test.equal({ operation("p1:authorize:1").state, order.find(id).payments[1].state }, { "done", "failed" })
  end)

  test.case("that has never heard of it is asked once more, because our question may still be on its way", function()
    local told = { result = "captured", ref = "cap_1", amount = 1490, currency = "EUR" }
    open_shop({ fetch = { { result = "missing" }, told }, refund = { { result = "refunded", ref = "re_1", amount = 1490 } } })
    local id = place(handlers[1])
    assert(command.run("order.cancel", { id = id, by = "merchant" }))
    operations.run()
    shop.wait(16 * 60000)
    assert(command.run("payment.reconcile", {}))
    operations.run()
    operations.run()
    test.equal({ order.find(id).payment_state, asked(handlers[1], "refund") }, { "refunded", 1 })
  end)

  test.case("that answers nonsense, or breaks, has not answered", function()
    local nonsense = {
      { result = "paid" }, { result = "captured", amount = 14.9 }, { result = "requires_action" }, "captured", { result = "captured", sum = 1 },
      function() error("the adapter is broken") end,
    }
    for i, answer in ipairs(nonsense) do
      open_shop({ authorize = { answer } })
      local id = place(handlers[1])
      operations.run()
      test.equal({ operation("p1:authorize:1").state, operation("p1:authorize:1").attempts }, { "pending", 1 }, tostring(i))
      test.equal(order.find(id).payment_state, "pending")
    end
  end)

  test.case("that answers with more than was asked for is not believed, and staff is told", function()
    open_shop({ authorize = { { result = "captured", ref = "c", amount = 9999, currency = "EUR" } } })
    local found = order.find(place(handlers[1]))
    operations.run()
    found = order.find(found.id)
    test.equal({ found.payment_state, found.payments[1].captured_amount, #found.holds }, { "pending", 0, 1 })
  end)

  test.case("that takes its time holds up nobody, and is not asked twice meanwhile", function()
    local seen = {}
    open_shop({ authorize = { function()
      operations.run() -- another round, while this provider has not answered
      seen[#seen + 1] = asked(handlers[2], "authorize")
      return WAITS
    end } }, { authorize = { WAITS } })
    place(handlers[1])
    place(handlers[2])
    operations.run()
    test.equal(seen, { 1 })
    test.equal({ asked(handlers[1], "authorize"), asked(handlers[2], "authorize") }, { 1, 1 })
  end)

  test.case("that refuses a refund is not asked for ever: the order waits for staff", function()
    open_shop({ authorize = { { result = "captured", ref = "c", amount = 1490, currency = "EUR" } }, refund = { { result = "refund_failed" } } })
    local id = place(handlers[1])
    operations.run()
    assert(command.run("order.cancel", { id = id, by = "merchant" }))
    for _ = 1, 5 do operations.run() end
    local found = order.find(id)
    test.equal({ asked(handlers[1], "refund"), #found.holds, found.refunds[1].state }, { 1, 1, "failed" })
  end)
end)
