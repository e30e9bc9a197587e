local t = require("merx.testing")

local function marked(id)
  return t.ask("new", { view = "product_card", locale = "en", items = { { id = id } } })
end

t.case("a product that came lately is new, and then no more", function()
  t.set("new", { days = 3 })
  local id = t.product({ price = 1000 })
  t.equal(marked(id), { { id = id, badges = { "new" } } })
  t.at("+2d")
  t.equal(#marked(id), 1)
  t.at("+2d")
  t.equal(marked(id), {})
end)

t.case("nothing is new unless the merchant says for how long", function()
  t.equal(marked(t.product({ price = 1000 })), {})
end)

t.case("what is not there is not marked", function()
  t.set("new", { days = 3 })
  t.equal(marked(4711), {})
end)
