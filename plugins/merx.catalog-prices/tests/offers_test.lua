local t = require("merx.testing")

local HOUR <const> = 3600000
local BEGIN <const> = 1767225600000 -- when the clock of a spec stands still

local function offer(amount, more)
  local made = { amount = amount, pieces = 1, min_quantity = 1 }
  for name, value in pairs(more or {}) do made[name] = value end
  return made
end

local function unit_of(qty, offers)
  t.cart({ { price = 1000, qty = qty, offers = offers } })
  return t.quote().lines[1].unit
end

t.case("without offers the list price holds", function()
  t.equal(unit_of(5, {}), 1000)
end)

t.case("a sale holds while its window is open", function()
  local sale = { offer(700, { starts_at = BEGIN + HOUR, ends_at = BEGIN + 2 * HOUR }) }
  t.equal(unit_of(1, sale), 1000)
  t.at("+1h")
  t.equal(unit_of(1, sale), 700)
  t.at("+59m")
  t.equal(unit_of(1, sale), 700)
  t.at("+1m")
  t.equal(unit_of(1, sale), 1000)
end)

t.case("of several tiers the highest that is reached holds", function()
  local tiers = { offer(900, { min_quantity = 3 }), offer(800, { min_quantity = 10 }) }
  t.equal(unit_of(2, tiers), 1000)
  t.equal(unit_of(3, tiers), 900)
  t.equal(unit_of(10, tiers), 800)
end)

t.case("a window counts more than a tier, also when it costs more", function()
  t.equal(unit_of(10, { offer(500, { min_quantity = 10 }), offer(950, { ends_at = BEGIN + HOUR }) }), 950)
end)

t.case("a price of several pieces stays one", function()
  t.cart({ { price = 1000, qty = 30, offers = { offer(2500, { pieces = 3, min_quantity = 3 }) } } })
  t.equal(t.quote().total, 25000)
end)

t.property("the order of offers does not matter", function(any)
  local offers = {}
  for i = 1, 5 do offers[i] = offer(any.integer(1, 1000), { min_quantity = any.integer(1, 5) }) end
  local backwards = {}
  for i = 1, 5 do backwards[i] = offers[6 - i] end
  local qty = any.integer(1, 6)
  t.equal(unit_of(qty, offers), unit_of(qty, backwards))
end, 30)
