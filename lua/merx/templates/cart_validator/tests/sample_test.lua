local t = require("merx.testing")

local function blocks()
  return t.quote().blocks
end

t.case("an ordinary cart passes", function()
  t.cart({ { price = 1000, qty = 20 } })
  t.equal(blocks(), {})
end)

t.case("too many pieces are in the way, and the shopper is told which", function()
  t.cart({ { price = 1000, qty = 1 }, { price = 1000, qty = 21 } })
  t.equal(#blocks(), 1)
  t.equal(blocks()[1].line, "l2")
  t.equal(t.text("too_many", { most = 20 }), "At most 20 pieces of this in one order.")
end)
