local t = require("merx.testing")

local function three_for_less()
  t.promotion({
    action = "percent", settings = { percent = 10 }, conditions = { { entry = "pieces", settings = { least = 3 } } },
  })
end

t.case("three pieces cost 10 % less", function()
  three_for_less()
  t.cart({ { price = 1000, qty = 2 }, { price = 500, qty = 1 } })
  local quote = t.quote()
  t.equal(quote.total, 2250)
  t.equal(quote.discount, 250)
end)

t.case("two pieces do not", function()
  three_for_less()
  t.cart({ { price = 1000, qty = 2 } })
  t.equal(t.quote().total, 2000)
end)

t.case("a discount is never more than the goods are worth", function()
  t.promotion({ action = "percent", settings = { percent = 100 } })
  t.cart({ { price = 1000, qty = 2 } })
  t.equal(t.quote().total, 0)
end)
