local t = require("merx.testing")

t.case("an ordinary cart is offered it", function()
  t.cart({ { price = 1000, qty = 2 } })
  t.equal(t.quote().methods[1].id, "acme.sample/invoice")
end)

t.case("a cart that is worth more than the merchant trusts is not", function()
  t.set("invoice", { up_to = 1999 })
  t.cart({ { price = 1000, qty = 2 } })
  t.equal(t.quote().methods, {})
end)
