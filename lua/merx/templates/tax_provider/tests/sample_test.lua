local t = require("merx.testing")

t.case("the tax inside of prices is told", function()
  t.cart({ { price = 1190 } })
  local quote = t.quote()
  t.equal(quote.total, 1190)
  t.equal(quote.tax, 190)
end)

t.case("where prices are without tax it comes on top", function()
  t.cart({ { price = 1000 } }, { tax_included = false })
  t.equal(t.quote().total, 1190)
end)

t.case("what is not taxable bears none", function()
  t.cart({ { price = 1190, taxable = false } })
  t.equal(t.quote().tax, 0)
end)
