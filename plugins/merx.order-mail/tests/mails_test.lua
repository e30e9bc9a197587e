local t = require("merx.testing")

t.with("merx.flat-rate", "merx.flat-tax", "merx.cod")

local function order(more)
  return t.order({ { price = 1250, qty = 2, title = "Mug" } }, more)
end

t.case("who orders gets a mail with what was ordered and what it costs", function()
  local placed = order()
  t.equal(t.mails, {})
  t.at("+1s")
  t.equal(#t.mails, 1)
  t.equal(t.mails[1].to, "ada@example.com")
  t.contains(t.mails[1].subject, placed.number)
  t.contains(t.mails[1].text, "2 × Mug")
  t.contains(t.mails[1].text, "€29.90")
end)

t.case("there is a link only when the shop's address is known", function()
  order()
  t.at("+1s")
  t.truthy(not t.mails[1].text:find("/orders/", 1, true))
  t.set({ address = "https://shop.example/" })
  t.fire("order.placed", { id = 1 })
  t.contains(t.mails[2].text, "https://shop.example/orders/")
end)

t.case("an order that is not there sends nothing", function()
  t.fire("order.placed", { id = 4711 })
  t.equal(t.mails, {})
end)
