local t = require("merx.testing")

local function rates(price, country)
  t.cart({ { price = price } }, { country = country })
  local amounts = {}
  for _, rate in ipairs(t.quote().rates) do amounts[rate.id:match("[^/:]*$")] = rate.amount end
  return amounts
end

t.case("a parcel has one price, and express another", function()
  t.equal(rates(5999), { standard = 490, express = 990 })
end)

t.case("it is free from a sum on, express is not", function()
  t.equal(rates(6000), { standard = 0, express = 990 })
end)

t.case("0 means never free, and no express", function()
  t.set("parcel", { free_from = 0, express = 0 })
  t.equal(rates(1000000), { standard = 490 })
end)

t.case("only the countries that are named are served", function()
  t.set("parcel", { countries = "DE, at" })
  t.truthy(rates(1000, "DE").standard)
  t.truthy(rates(1000, "AT").standard)
  t.equal(rates(1000, "FR"), {})
end)
