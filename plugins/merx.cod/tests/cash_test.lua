local t = require("merx.testing")

local function methods(price, more)
  t.cart({ { price = price, ships = more == nil } })
  return t.quote().methods
end

t.case("who gets a parcel can pay for it at the door", function()
  t.equal(methods(2000)[1].id, "merx.cod/cash")
end)

t.case("nobody brings what is not sent", function()
  t.equal(methods(2000, "not sent"), {})
end)

t.case("large sums are not at home", function()
  t.equal(#methods(100000), 1)
  t.equal(#methods(100001), 0)
  t.set("cash", { largest = 0 })
  t.equal(#methods(1000000), 1)
end)

t.case("its fee is paid by whoever chooses it", function()
  t.set("cash", { fee = 250 })
  t.cart({ { price = 2000 } })
  t.equal(t.quote().total, 2000)
  t.cart({ { price = 2000 } }, { payment = "merx.cod/cash" })
  t.equal(t.quote().total, 2250)
end)
