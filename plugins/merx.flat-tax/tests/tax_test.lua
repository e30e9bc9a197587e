local t = require("merx.testing")

local function tax_of(more)
  local line = { price = 10000, tax_class = "standard" }
  for name, value in pairs(more or {}) do line[name] = value end
  t.cart({ line })
  local quote = t.quote()
  return quote.tax, quote.total
end

local function check(more, tax, total)
  local found, sum = tax_of(more)
  t.equal({ found, sum }, { tax, total })
end

t.case("the tax inside of a price changes no total", function()
  check(nil, 1597, 10000)
end)

t.case("classes have their rates", function()
  check({ tax_class = "reduced" }, 654, 10000)
  check({ tax_class = "zero" }, 0, 10000)
  check({ taxable = false }, 0, 10000)
end)

t.case("on top of prices it is added", function()
  t.set("rate", { included = false })
  check(nil, 1900, 11900)
end)

t.case("the merchant sets the rates", function()
  t.set("rate", { rate_ppm = 250000, included = false })
  check(nil, 2500, 12500)
end)
