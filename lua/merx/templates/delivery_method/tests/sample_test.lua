local t = require("merx.testing")

t.case("every kilogram begun costs something", function()
  t.cart({ { price = 1000, qty = 3, weight = 500 } })
  local quote = t.quote()
  t.equal(#quote.rates, 1)
  t.equal(quote.rates[1].amount, 590)
end)

t.case("what weighs nothing costs the base price", function()
  t.cart({ { price = 1000, weight = 0 } })
  t.equal(t.quote().rates[1].amount, 390)
end)

t.case("other countries are not served", function()
  t.cart({ { price = 1000 } }, { country = "AU" })
  t.equal(t.quote().rates, {})
end)
