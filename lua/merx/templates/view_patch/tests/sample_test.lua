local t = require("merx.testing")

t.case("what costs little is marked", function()
  local items = { { id = 1, price = 999 }, { id = 2, price = 1000 } }
  t.equal(t.ask("bargain", { items = items }), { { id = 1, badges = { "bargain" } } })
end)

t.case("the merchant chooses what is little", function()
  t.set("bargain", { below = 5 })
  t.equal(t.ask("bargain", { items = { { id = 1, price = 999 } } }), {})
end)

t.case("the badge has a text", function()
  t.equal(t.text("bargain"), "Bargain")
end)
