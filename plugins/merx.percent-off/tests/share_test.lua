local t = require("merx.testing")

local function mugs() return { price = 1000, qty = 2, tags = { "mug" } } end

t.case("takes a share off what is meant, and says so", function()
  t.promotion({ action = "goods", settings = { percent = 25, tag = "mug" } })
  t.cart({ mugs(), { price = 500, qty = 1 } })
  local quote = t.quote()
  t.equal({ quote.discount, quote.lines[2].discount }, { 500, 0 })
  t.equal(t.text("reason", { percent = 25 }), "25 % off")
end)

t.case("never more than the limit, and nothing off gift cards", function()
  t.promotion({ action = "goods", level = "order", settings = { percent = 50, most = 300 } })
  t.cart({ mugs(), { price = 5000, qty = 1, is_gift_card = true } })
  t.equal(t.quote().discount, 300)
end)

t.case("conditions say from which sum on and for whom", function()
  t.promotion({ action = "goods", settings = { percent = 10 }, conditions = { { entry = "from", settings = { sum = 2000 } } } })
  t.cart({ mugs() })
  t.equal(t.quote().discount, 200)
  t.cart({ { price = 1999, qty = 1 } })
  t.equal(t.quote().discount, 0)
end)

t.case("a group is a group, and nobody is of none", function()
  t.promotion({ action = "goods", settings = { percent = 10 }, conditions = { { entry = "group", settings = { group = "trade" } } } })
  t.cart({ mugs() }, { customer = { id = 1, group = "trade" } })
  t.equal(t.quote().discount, 200)
  t.cart({ mugs() }, { customer = { id = 2 } })
  t.equal(t.quote().discount, 0)
  t.equal(t.ask("group", { customer = {} }), false)
end)
