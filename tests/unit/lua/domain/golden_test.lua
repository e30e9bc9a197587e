-- The golden vectors: each is a public bug of some shop, worked out to the cent.
local test = require("support.test")
local drafts = require("support.drafts")
local evaluate = require("domain.quote.evaluate")

local function run(lines, policy, handlers, rules, more)
  local given = drafts.draft(lines, { policy = policy })
  for name, value in pairs(more or {}) do given[name] = value end
  return evaluate.run(given, handlers, { now = 0, rules = rules })
end

local function percent_and_tax(lines, policy, off, tax, more)
  local action, rule = drafts.percent(off)
  return run(lines, policy, { action, drafts.tax(tax) }, { rule }, more)
end

test.group("golden vectors", function()
  test.case("733.61×3 + 569.67×2, −10 %, +22 %", function()
    local lines = { drafts.line(73361, 3), drafts.line(56967, 2) }
    for mode, total in pairs({ ["half-up"] = 366752, ["half-even"] = 366751, ["half-down"] = 366751 }) do
      local policy = { discount_level = "line", tax_level = "line", mode = mode }
      test.equal(percent_and_tax(lines, policy, 100000, 220000).total, total, mode)
    end
  end)

  test.case("2762.71×2 + 2542.37×2, +18 %, −100 % is nothing, whatever the policy", function()
    local lines = { drafts.line(276271, 2), drafts.line(254237, 2) }
    for _, discount in ipairs({ "unit", "line", "order" }) do
      for _, tax in ipairs({ "unit", "line", "rate" }) do
        for _, mode in ipairs({ "half-up", "half-even", "half-down" }) do
          local policy = { discount_level = discount, tax_level = tax, mode = mode }
          test.equal(percent_and_tax(lines, policy, 1000000, 180000).total, 0)
        end
      end
    end
  end)

  test.case("15.00 off over 22 / 14 / 43 / 7.50 / 0", function()
    local lines = {}
    for i, list in ipairs({ 2200, 1400, 4300, 750, 0 }) do lines[i] = drafts.line(list, 1) end
    local action, rule = drafts.promotion("order", function() return { { op = "off_order", amount = 1500 } } end)
    local quote = run(lines, { discount_level = "order" }, { action }, { rule })
    local parts = {}
    for i, line in ipairs(quote.lines) do parts[i] = line.discount end
    test.equal(parts, { 381, 243, 746, 130, 0 })
  end)

  test.case("23.90 incl. 20 % ×10, −25 %: by line, and by the price of a piece", function()
    local lines, policy = { drafts.line(2390, 10) }, { discount_level = "line", tax_level = "line" }
    test.equal(percent_and_tax(lines, policy, 250000, 200000, { is_tax_included = true }).total, 17925)
    local rule = drafts.handler("price_rule", function(input)
      return { { op = "set_unit", line = input.lines[1].id, amount = 1793 } }
    end)
    test.equal(run(lines, policy, { rule, drafts.tax(200000) }, {}, { is_tax_included = true }).total, 17930)
  end)

  test.case("10.50×2 against two lines of 10.50, 8.7 % added", function()
    local one, two = { drafts.line(1050, 2) }, { drafts.line(1050, 1), drafts.line(1050, 1) }
    test.equal(run(one, { tax_level = "line" }, { drafts.tax(87000) }).tax, 183)
    test.equal(run(two, { tax_level = "line" }, { drafts.tax(87000) }).tax, 182)
    test.equal(run(one, { tax_level = "rate" }, { drafts.tax(87000) }).tax, 183)
    test.equal(run(two, { tax_level = "rate" }, { drafts.tax(87000) }).tax, 183)
  end)

  test.case("5×12.99, 3×19.99, 20 % on at most 6 pieces, dearest first", function()
    local lines = { drafts.line(1299, 5), drafts.line(1999, 3) }
    for level, expected in pairs({ order = 1979, line = 1978, unit = 1980 }) do
      local action, rule = drafts.promotion("line", function(input)
        table.sort(input.lines, function(a, b) return a.unit > b.unit end)
        local ops, left = {}, 6
        for _, line in ipairs(input.lines) do
          local pieces = math.min(left, line.qty)
          if pieces > 0 then ops[#ops + 1] = { op = "off_line", line = line.id, ppm = 200000, quantity = pieces } end
          left = left - pieces
        end
        return ops
      end)
      test.equal(run(lines, { discount_level = level }, { action }, { rule }).discount, expected, level)
    end
  end)

  test.case("71.50 incl. 10 %, −3 % on gross, fee 1.50 incl.", function()
    local fee = drafts.handler("fee_rule", function() return { { op = "fee", id = "pay", amount = 150 } } end)
    for mode, total in pairs({ ["half-up"] = 7085, ["half-down"] = 7086 }) do
      local action, rule = drafts.percent(30000)
      local quote = run({ drafts.line(7150, 1) }, { mode = mode }, { action, fee, drafts.tax(100000) }, { rule },
        { is_tax_included = true })
      test.equal(quote.total, total, mode)
    end
  end)

  test.case("1.79×50, −10 %, +22 %", function()
    local lines = { drafts.line(179, 50) }
    test.equal(percent_and_tax(lines, { discount_level = "unit", tax_level = "line" }, 100000, 220000).total, 9821)
    test.equal(percent_and_tax(lines, { discount_level = "unit", tax_level = "unit" }, 100000, 220000).total, 9800)
  end)

  test.case("0.24×400, −20 %", function()
    local lines = { drafts.line(24, 400) }
    test.equal(percent_and_tax(lines, { discount_level = "unit" }, 200000, 0).total, 7600)
    test.equal(percent_and_tax(lines, { discount_level = "line" }, 200000, 0).total, 7680)
  end)

  test.case("10.20×10 · 10.10×10 · 10.20×1000 at 23 %", function()
    for _, vector in ipairs({ { 1020, 10, 2346, 2350 }, { 1010, 10, 2323, 2320 }, { 1020, 1000, 234600, 235000 } }) do
      local lines = { drafts.line(vector[1], vector[2]) }
      test.equal(run(lines, { tax_level = "line" }, { drafts.tax(230000) }).tax, vector[3])
      test.equal(run(lines, { tax_level = "unit" }, { drafts.tax(230000) }).tax, vector[4])
    end
  end)

  test.case("149.00, −50 %, +14.975 % as one rate", function()
    test.equal(percent_and_tax({ drafts.line(14900, 1) }, {}, 500000, 149750).total, 8566)
  end)
end)
