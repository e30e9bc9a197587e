local t = require("merx.testing")

local function tea(qty) return { price = 1250, qty = qty, tags = { "tea" } } end

t.case("without a tag nothing changes, whatever is in the cart", function()
  t.cart({ tea(99) })
  t.equal(#t.quote().ledger, 0)
end)

t.case("from so many pieces on they cost less each, and the shopper is told why", function()
  t.set("qty", { tag = "tea", min_qty = 3, percent = 10 })
  t.cart({ tea(3), tea(2), { price = 100, qty = 9 } })
  local quote = t.quote()
  t.equal({ quote.lines[1].unit, quote.lines[2].unit, quote.lines[3].unit }, { 1125, 1250, 100 })
  t.equal(t.text("reason", { min = 3, percent = 10 }), "3 or more: 10 % less each")
  t.equal(t.text("reason", { min = 3, percent = 10 }, "zh-CN"), "满 3 件,每件便宜 10%")
end)

t.property("more pieces never cost less than fewer of the same tier", function(any)
  t.set("qty", { tag = "tea", min_qty = 2, percent = any.integer(1, 90) })
  local qty = any.integer(2, 500)
  local function total(pieces)
    t.cart({ tea(pieces) })
    return t.quote().total
  end
  t.truthy(total(qty + 1) >= total(qty))
end, 20)
