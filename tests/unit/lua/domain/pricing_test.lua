local test = require("support.test")
local drafts = require("support.drafts")
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
    local prices = pricing.page(ctx, items, { rule })
    test.equal(calls, 1)
    test.equal({ prices[1].amount, prices[24].amount }, { 99, 2399 })
  end)

  test.case("a rule that fails leaves the list price", function()
    local prices = pricing.page(ctx, { { variant_id = 1, amount = 500, pieces = 10 } },
      { drafts.handler("price_rule", function() error("boom") end) })
    test.equal(prices[1], { amount = 500, pieces = 10 })
  end)

  test.case("without rules the list price stands", function()
    test.equal(pricing.page(ctx, { { variant_id = 1, amount = 500 } }, {})[1], { amount = 500, pieces = 1 })
  end)
end)
