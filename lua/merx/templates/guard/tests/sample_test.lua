local t = require("merx.testing")

t.case("a small cart may change", function()
  t.equal(t.ask("at_most", { item_count = 100 }), nil)
end)

t.case("a cart that is too large is refused, with a reason", function()
  t.equal(t.ask("at_most", { item_count = 101 }), { message = { "too_many", most = 100 } })
  t.equal(t.text("too_many", { most = 100 }), "At most 100 pieces fit into a cart.")
end)

t.case("the merchant chooses how many", function()
  t.set("at_most", { most = 3 })
  t.truthy(t.ask("at_most", { item_count = 4 }))
end)
