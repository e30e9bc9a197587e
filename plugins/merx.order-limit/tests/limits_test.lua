local t = require("merx.testing")

local function ask(guard, quantities)
  local lines, count = {}, 0
  for i, quantity in ipairs(quantities) do
    lines[i], count = { product_id = 1 + i // 3, quantity = quantity, title = "Thing" }, count + quantity
  end
  return t.ask(guard, { item_count = count, lines = lines })
end

t.case("a cart holds so many pieces in all", function()
  t.set("cart", { most = 5 })
  t.equal(ask("cart", { 2, 3 }), nil)
  t.equal(ask("cart", { 2, 4 }), { message = { "too_many", most = 5 } })
end)

t.case("the variants of one product count together", function()
  t.set("product", { most = 4 })
  t.equal(ask("product", { 2, 2, 4 }), nil)
  t.equal(ask("product", { 2, 3 }), { message = { "too_many_of", most = 4, title = "Thing" } })
end)
