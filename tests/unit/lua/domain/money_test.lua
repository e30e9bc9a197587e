local test = require("support.test")
local money = require("domain.money")
local int = require("kernel.int")

local function sum(list)
  local total = 0
  for _, value in ipairs(list) do total = total + value end
  return total
end

test.group("money.scale", function()
  test.case("rounds a half away from zero, to even or down", function()
    test.equal(money.scale(5, 1, 2, "half-up"), 3)
    test.equal(money.scale(5, 1, 2, "half-even"), 2)
    test.equal(money.scale(7, 1, 2, "half-even"), 4)
    test.equal(money.scale(5, 1, 2, "half-down"), 2)
    test.equal(money.scale(51, 1, 20, "half-down"), 3)
  end)

  test.property("mirrors negative amounts", function(any)
    local a, b, c = any.integer(0, 1000000000), any.integer(0, 2000000), any.integer(1, 2000000)
    local mode = any.one_of({ "half-up", "half-even", "half-down" })
    test.equal(money.scale(-a, b, c, mode), -money.scale(a, b, c, mode))
  end)

  test.property("is at most half a unit off", function(any)
    local a, b, c = any.integer(0, 1000000000), any.integer(0, 2000000), any.integer(1, 2000000)
    local twice = 2 * (money.scale(a, b, c) * c - a * b)
    test.truthy(twice <= c and twice >= -c)
  end)

  test.property("is the same on either side of what 64 bits can hold", function(any)
    local a, b, c = any.integer(999999999000, 1000000001000), any.integer(8999000, 9001000), any.integer(1, 2000000)
    local whole, rest = int.mul_div(a, b, c), int.mul_mod(a, b, c)
    test.equal(money.scale(a, b, c, "half-down"), whole + (2 * rest > c and 1 or 0))
    test.equal(money.scale(a, b, c, "half-up"), whole + (2 * rest >= c and 1 or 0))
  end)

  test.case("takes whole numbers only", function()
    test.raises("integer representation", money.scale, 1.5, 2, 1)
    test.raises("integer representation", money.scale, 3, 0.5, 1)
    test.raises("integer representation", money.scale, 3, 1, 1.5)
    test.raises("integer representation", money.scale, 1e300, 1, 1)
    test.raises("zero", money.scale, 1, 1, 0)
    test.equal(math.type(money.scale(4.0, 1, 2)), "integer")
  end)

  test.case("keeps products beyond 64 bits", function()
    test.equal(money.scale(9000000000000000, 999999, 1000000), 8999991000000000)
    test.equal(money.scale(math.maxinteger, math.maxinteger, math.maxinteger), math.maxinteger)
    test.equal(int.mul_div(1 << 62, 6, 7), 3952873730080618203)
    test.equal(int.mul_mod(1 << 62, 6, 7), 3)
  end)
end)

test.group("money.split", function()
  test.property("parts add up to the whole, and none is a unit off its share", function(any)
    local amount = any.integer(-1000000000, 1000000000)
    local weights = any.list(any.integer(0, 99999), 1, 12)
    if sum(weights) == 0 then weights[1] = 1 end
    local parts, total = money.split(amount, weights), sum(weights)
    test.equal(sum(parts), amount)
    for i, part in ipairs(parts) do
      local off = part * total - amount * weights[i]
      test.truthy(off < total and off > -total)
    end
  end)

  test.property("does not depend on the order of what it splits", function(any)
    local amount, weights = any.integer(0, 1000000), any.list(any.integer(1, 50), 2, 10)
    local reversed, count = {}, #weights
    for i = 1, count do reversed[i] = weights[count + 1 - i] end
    local forward = money.split(amount, weights)
    local backward = money.split(amount, reversed, function(i, j) return i > j end)
    for i = 1, count do test.equal(backward[count + 1 - i], forward[i]) end
  end)

  test.case("gives what is left to the largest remainders", function()
    test.equal(money.split(1500, { 2200, 1400, 4300, 750, 0 }), { 381, 243, 746, 130, 0 })
  end)

  test.case("refuses to split something by nothing", function()
    test.equal(money.split(0, { 0, 0 }), { 0, 0 })
    test.raises("nothing to split", money.split, 5, { 0, 0 })
  end)
end)

test.group("money.parse", function()
  test.case("reads amounts in the exponent of the currency", function()
    test.equal({ money.parse_price("12.99", "EUR") }, { 1299, 1 })
    test.equal({ money.parse_price("1500", "JPY") }, { 1500, 1 })
    test.equal({ money.parse_price("1.5", "KWD") }, { 1500, 1 })
    test.equal({ money.parse_price("-.5", "EUR") }, { -50, 1 })
    test.equal({ money.parse_price("12.990000", "EUR") }, { 1299, 1 })
  end)

  test.case("keeps a price finer than a cent as a price of several pieces", function()
    test.equal({ money.parse_price("0.125", "EUR") }, { 125, 10 })
    test.equal(money.times(125, 10, 1000), 12500)
  end)

  test.case("says when it rounded", function()
    test.equal({ money.parse("0.125", "EUR") }, { 13, true })
    test.equal({ money.parse("0.12", "EUR") }, { 12, false })
  end)

  test.case("refuses what is no number", function()
    for _, text in ipairs({ "", "1,5", "1e3", "abc", "--1", "1.2.3", "9999999999999999" }) do
      test.equal(money.parse_price(text, "EUR"), nil, text)
    end
  end)

  test.property("reads what it writes", function(any)
    local amount, currency = any.integer(-10000000, 10000000), any.one_of({ "EUR", "JPY", "KWD", "CLF" })
    test.equal(money.parse_price(money.format_plain(amount, currency), currency), amount)
  end)
end)

test.group("money.convert", function()
  test.case("goes between currencies of different exponents", function()
    test.equal(money.convert(1299, "EUR", "JPY", { mantissa = 162345678901, exponent = -9 }), 2109)
    test.equal(money.convert(2109, "JPY", "EUR", { mantissa = 615969583210, exponent = -14 }), 1299)
  end)
end)

test.group("taxes", function()
  test.property("net to gross and back stays within a unit", function(any)
    local net, ppm = any.integer(0, 100000000), any.integer(0, 300000)
    local gross = net + money.ppm_of(net, ppm)
    local back = gross - money.included_tax(gross, ppm)
    test.truthy(back - net <= 1 and net - back <= 1)
  end)

  test.case("the whole of an amount is 100 %", function()
    test.equal(money.ppm_of(1299, 1000000), 1299)
    test.equal(money.included_tax(1190, 190000), 190)
  end)
end)

test.group("money.policy", function()
  test.case("fills in defaults and refuses what it does not know", function()
    test.equal(money.policy({ mode = "half-even" }).tax_level, "line")
    test.raises("no mode", money.policy, { mode = "up" })
    test.raises("cash_step", money.policy, { cash_step = 0 })
  end)
end)
