local t = require("merx.testing")

t.case("a small order costs a fee", function()
  t.cart({ { price = 1999 } })
  t.equal(t.quote().total, 2249)
end)

t.case("a larger one does not", function()
  t.cart({ { price = 1000, qty = 2 } })
  t.equal(t.quote().total, 2000)
end)
