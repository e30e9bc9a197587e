local t = require("merx.testing")

t.case("an amount is converted", function()
  t.equal(t.ask("convert", { amount = 1000 }), { amount = 1085 })
end)

t.case("the merchant sets the rate", function()
  t.set("convert", { ppm = 2000000 })
  t.equal(t.ask("convert", { amount = 7 }), { amount = 14 })
end)

t.case("what is no amount is refused", function()
  t.equal(t.ask("convert", { amount = "much" }), nil)
end)
