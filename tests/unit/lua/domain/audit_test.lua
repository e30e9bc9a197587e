local test = require("support.test")
local shop = require("support.shop")
shop.open()
local market = require("support.market")
local audit = require("domain.audit")
local cart = require("domain.cart")
local checkout = require("domain.checkout")
local command = require("kernel.command")
local fsck = require("domain.fsck")
local native = require("native.db")
require("domain.transfer")

local function sql(text)
  assert(native.main():exec(text))
end

local function journal()
  shop.open()
  for i = 1, 3 do
    assert(command.run("location.create", { handle = "place-" .. i, title = "Place" }, { actor = "staff:1" }))
  end
end

test.group("audit", function()
  test.case("notes who did what, and the chain holds", function()
    journal()
    test.equal(audit.verify(), { count = 3, erased = 0 })
    local entries = audit.list(10)
    test.equal({ entries[1].action, entries[1].actor }, { "location.create", "staff:1" })
  end)

  test.case("a changed, removed or moved link is found", function()
    for _, tamper in ipairs({
      "UPDATE audit_entries SET actor = 'staff:2' WHERE seq = 2",
      "UPDATE audit_entries SET at = at + 1 WHERE seq = 1",
      "DELETE FROM audit_entries WHERE seq = 2",
      "UPDATE audit_payloads SET payload = '{\"after\":1}' WHERE seq = 3",
    }) do
      journal()
      sql(tamper)
      test.truthy(audit.verify().broken, tamper)
    end
  end)

  test.case("payloads are erased without breaking the chain", function()
    journal()
    assert(command.run("audit.erase", { entity = "location", id = "2" }))
    local report = audit.verify()
    test.equal({ report.broken, report.erased }, { nil, 1 })
  end)

  test.case("a command that fails leaves no link", function()
    journal()
    test.equal(command.run("location.create", { handle = "place-1", title = "Again" }), nil)
    test.equal(audit.verify().count, 3)
  end)
end)

local function order()
  shop.open()
  market.open()
  local ctx = shop.context()
  local mug = market.product({ stock = 5 })
  local id = assert(command.run("cart.add", {
    channel_id = ctx.channel.id, currency = "EUR", locale = "en", variant_id = mug, quantity = 2 })).id
  local token = cart.find_by_id(id).token
  assert(command.run("cart.set_address", { cart = token, delivery = market.address, email = "a@example.com" }))
  assert(command.run("cart.choose_delivery", { cart = token, choice = "test.plugin/parcel:std" }))
  assert(command.run("cart.choose_payment", { cart = token, choice = "test.plugin/cash" }))
  assert(checkout.complete(ctx, token, cart.quote(ctx, cart.find(token)).hash))
end

test.group("fsck", function()
  test.case("finds nothing wrong in a shop that nobody touched", function()
    order()
    test.equal(fsck.run(), {})
  end)

  test.case("finds what was changed behind its back", function()
    for _, tamper in ipairs({
      "UPDATE accounts SET balance = balance + 1",
      "UPDATE accounts SET held = held + 1",
      "UPDATE order_lines SET total_amount = total_amount + 1 WHERE position = 1",
      "UPDATE orders SET payment_state = 'paid'",
      "UPDATE orders SET delivery_state = 'shipped'",
      "UPDATE orders SET list_amount = list_amount + 1",
      "UPDATE payments SET captured_amount = 5",
    }) do
      order()
      sql(tamper)
      test.truthy(#fsck.run() > 0, tamper)
    end
  end)
end)
