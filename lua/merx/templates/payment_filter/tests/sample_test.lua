local t = require("merx.testing")

t.with("merx.cod")

t.case("a small order keeps its ways to pay", function()
  t.cart({ { price = 1000 } })
  t.equal(t.quote().methods[1].id, "merx.cod/cash")
end)

t.case("a large one loses cash at the door", function()
  t.cart({ { price = 50001 } })
  t.equal(t.quote().methods, {})
end)
