local t = require("merx.testing")

local function set(rows)
  for _, row in ipairs(rows) do
    for name, value in pairs({ country = "*", up_to = 0, from = 0, service = "standard" }) do
      if row[name] == nil then row[name] = value end
    end
  end
  t.set("table", { rows = rows })
end

local function rates(weight, price, country)
  t.cart({ { price = price, qty = 1, weight = weight } }, { country = country })
  local found = {}
  for i, rate in ipairs(t.quote().rates) do found[i] = rate.id:match(":(.*)$") .. " " .. rate.amount end
  return table.concat(found, ", ")
end

t.case("an empty table offers nothing", function()
  t.equal(rates(100, 1000, "DE"), "")
end)

t.case("the first row that fits counts: country, then weight, then sum", function()
  set({
    { country = "DE at", up_to = 1000, price = 490 }, { country = "DE", from = 5000, price = 0 }, { country = "DE", price = 790 },
    { price = 1990, up_to = 2000 },
  })
  t.equal(rates(1000, 100, "AT"), "standard 490")
  t.equal(rates(1001, 5000, "DE"), "standard 0")
  t.equal(rates(1001, 4999, "DE"), "standard 790")
  t.equal(rates(2000, 9999, "FR"), "standard 1990")
  t.equal(rates(2001, 9999, "FR"), "")
end)

t.case("each service has its own first row", function()
  set({ { price = 490 }, { price = 990, service = "express" }, { price = 100, service = "express" }, { price = 300, service = "by bike" } })
  t.equal(rates(1, 1, "DE"), "by bike 300, standard 490, express 990")
end)
