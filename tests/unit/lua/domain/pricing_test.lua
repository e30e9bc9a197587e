local test = require("support.test")
local drafts = require("support.drafts")
local prices = require("domain.catalog.prices")
local pricing = require("domain.pricing")

local ctx = { now = 0, currency = "EUR", locale = "en" }

test.group("pricing.page", function()
  test.case("asks each rule once for the whole page", function()
    local calls = 0
    local rule = drafts.handler("price_rule", function(input)
      calls = calls + 1
      local ops = {}
      for _, line in ipairs(input.lines) do ops[#ops + 1] = { op = "set_unit", line = line.id, amount = line.unit - 1 } end
      return ops
    end)
    local items = {}
    for i = 1, 24 do items[i] = { variant_id = i, amount = 100 * i } end
    local found = pricing.page(ctx, items, { rule })
    test.equal(calls, 1)
    test.equal({ found[1].amount, found[24].amount }, { 99, 2399 })
  end)

  test.case("a rule that fails leaves the list price", function()
    local found = pricing.page(ctx, { { variant_id = 1, amount = 500, pieces = 10 } },
      { drafts.handler("price_rule", function() error("boom") end) })
    test.equal(found[1], { amount = 500, pieces = 10 })
  end)

  test.case("without rules the list price stands", function()
    test.equal(pricing.page(ctx, { { variant_id = 1, amount = 500 } }, {})[1], { amount = 500, pieces = 1 })
  end)
end)

test.group("prices.offers", function()
  local function row(amount, starts_at, ends_at, min_quantity)
    return { amount = amount, pieces = 1, min_quantity = min_quantity or 1, starts_at = starts_at, ends_at = ends_at }
  end
  local list = row(1000)
  local rows = { list, row(700, 100, 200), row(900, nil, nil, 3), row(650, 150), row(800, nil, 120) }

  local function amounts_at(now)
    local amounts = {}
    for i, offer in ipairs(prices.offers(rows, now, list)) do amounts[i] = offer.amount end
    return table.concat(amounts, " ")
  end

  test.case("are the rows beside the list price that hold, a window with its first moment and without its last", function()
    test.equal(amounts_at(99), "900 800")
    test.equal(amounts_at(100), "700 900 800")
    test.equal(amounts_at(120), "700 900")
    test.equal(amounts_at(199), "700 900 650")
    test.equal(amounts_at(200), "900 650")
  end)

  test.case("change at no moment that the price does not tell", function()
    for now = 0, 250 do
      local _, until_ms = prices.choose(rows, now)
      if until_ms > now + 1 then test.equal(amounts_at(now + 1), amounts_at(now)) end
    end
  end)
end)
