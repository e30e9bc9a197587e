--- Amounts of money: whole minor units in integers, never a float. Every product that could pass 2^63
--- goes through 128 bits. Rounding acts on the magnitude, so that -x mirrors x.
local exponents = require("domain.money.currencies")
local int = require("kernel.int")
local policy = require("domain.money.policy")

local money = {}

local MILLION <const> = 1000000
local SMALL_AMOUNT <const>, SMALL_FACTOR <const> = 1000000000000, 9000000 -- multiplied they stay inside 64 bits

---@alias merx.Rounding "half-up"|"half-even"|"half-down"

-- Whether `rest` of `divisor` rounds away from zero; `whole` is what was divided out.
local rounds_up = {
  ["half-up"] = function(rest, divisor) return rest >= divisor - rest end,
  ["half-down"] = function(rest, divisor) return rest > divisor - rest end,
  ["half-even"] = function(rest, divisor, whole)
    if rest == divisor - rest then return whole % 2 == 1 end
    return rest > divisor - rest
  end,
}

--- a * b / c, rounded.
---@param a integer
---@param b integer not negative
---@param c integer positive
---@param mode? merx.Rounding half-up when absent
---@return integer
function money.scale(a, b, c, mode)
  local size = a < 0 and -a or a
  local whole, rest
  if size >= 0 and size < SMALL_AMOUNT and b >= 0 and b < SMALL_FACTOR and c > 0 then -- as most are
    local product, divisor = (size | 0) * (b | 0), c | 0 -- fractions are refused here, too
    whole = product // divisor
    rest = product - whole * divisor
  else
    whole, rest = int.mul_div(size, b, c), int.mul_mod(size, b, c)
  end
  if rest > 0 and rounds_up[mode or "half-up"](rest, c, whole) then whole = whole + 1 end
  return a < 0 and -whole or whole
end

--- `ppm` parts per million of an amount.
---@param amount integer
---@param ppm integer
---@param mode? merx.Rounding
---@return integer
function money.ppm_of(amount, ppm, mode)
  return money.scale(amount, ppm, MILLION, mode)
end

--- The tax inside a gross amount: gross * ppm / (1,000,000 + ppm).
---@param gross integer
---@param ppm integer
---@param mode? merx.Rounding
---@return integer
function money.included_tax(gross, ppm, mode)
  return money.scale(gross, ppm, MILLION + ppm, mode)
end

--- What `quantity` pieces cost when `amount` is the price of `pieces`.
---@param amount integer
---@param pieces integer
---@param quantity integer
---@param mode? merx.Rounding
---@return integer
function money.times(amount, pieces, quantity, mode)
  if pieces == 1 and quantity < 1000000 and amount < 1000000000000 and amount > -1000000000000 then
    return amount * quantity
  end
  return money.scale(amount, quantity, pieces, mode)
end

--- Splits an amount by weights so that the parts add up to it: what rounding leaves goes to the
--- largest remainders. This is the only function that divides money.
---@param amount integer
---@param weights integer[] none negative; when all are zero, so are the parts of zero
---@param before? fun(i: integer, j: integer): boolean who comes first among equal remainders; by index when absent
---@return integer[] parts one for each weight
function money.split(amount, weights, before)
  local sum, parts = 0, {}
  for _, weight in ipairs(weights) do
    assert(weight >= 0, "a weight must not be negative")
    sum = sum + weight
  end
  if sum == 0 then
    assert(amount == 0, "nothing to split an amount by")
    for i in ipairs(weights) do parts[i] = 0 end
    return parts
  end
  local sign = amount < 0 and -1 or 1
  local left, rests, order = amount * sign, {}, {}
  for i, weight in ipairs(weights) do
    parts[i] = int.mul_div(amount * sign, weight, sum)
    rests[i] = int.mul_mod(amount * sign, weight, sum)
    order[i] = i
    left = left - parts[i]
  end
  if left > 0 then
    table.sort(order, function(i, j)
      if rests[i] ~= rests[j] then return rests[i] > rests[j] end
      if before and before(i, j) then return true end
      if before and before(j, i) then return false end
      return i < j
    end)
    for i = 1, left do parts[order[i]] = parts[order[i]] + 1 end
  end
  if sign < 0 then
    for i, part in ipairs(parts) do parts[i] = -part end
  end
  return parts
end

--- The part of `total` that the first `done` of `quantity` pieces carry. Differences of it are shares
--- that end exactly at the total, in any sequence.
---@param total integer
---@param done integer
---@param quantity integer
---@return integer
function money.share(total, done, quantity)
  return money.scale(total, done, quantity)
end

--- Digits after the point.
---@param currency string ISO 4217
---@return integer
function money.exponent(currency)
  return exponents[currency] or 2
end

---@param currency any
---@return boolean
function money.is_currency(currency)
  return exponents[currency] ~= nil
end

local function split_decimal(text)
  local sign, whole, fraction = text:match("^([+-]?)(%d+)%.?(%d*)$")
  if not whole then
    sign, fraction = text:match("^([+-]?)%.(%d+)$")
    whole = "0"
  end
  return sign, whole, fraction
end

--- Reads a decimal number with a point, as "12.99". A price finer than a minor unit comes back as an
--- amount for 10, 100 … pieces.
---@param text string
---@param currency string
---@return integer? amount minor units, nil when it is not a number or has more than 15 digits
---@return integer? pieces
function money.parse_price(text, currency)
  local sign, whole, fraction = split_decimal(text)
  if not sign then return nil end
  local exponent = money.exponent(currency)
  fraction = fraction:gsub("0+$", "")
  local pieces = 1
  for _ = 1, #fraction - exponent do pieces = pieces * 10 end
  local digits = whole .. fraction .. ("0"):rep(exponent - #fraction)
  digits = digits:gsub("^0+(%d)", "%1")
  if #digits > 15 or pieces > 1000000 then return nil end
  local amount = math.tointeger(tonumber(digits))
  return sign == "-" and -amount or amount, pieces
end

--- Reads a decimal number and rounds it to minor units; says whether it had to.
---@param text string
---@param currency string
---@param mode? merx.Rounding
---@return integer? amount
---@return boolean? was_rounded
function money.parse(text, currency, mode)
  local amount, pieces = money.parse_price(text, currency)
  if not amount then return nil end
  return money.scale(amount, 1, pieces, mode), pieces > 1
end

--- An amount with a point, as "-12.99": for files and APIs; people get kernel.i18n's.
---@param amount integer
---@param currency string
---@return string
function money.format_plain(amount, currency)
  local exponent = money.exponent(currency)
  if exponent == 0 then return tostring(amount) end
  local digits = tostring(amount < 0 and -amount or amount)
  digits = ("0"):rep(exponent + 1 - #digits) .. digits
  return (amount < 0 and "-" or "") .. digits:sub(1, -exponent - 1) .. "." .. digits:sub(-exponent)
end

local POWERS = { [0] = 1 }
for i = 1, 18 do POWERS[i] = POWERS[i - 1] * 10 end

--- Another currency: 1 unit of `from` is mantissa * 10^exponent units of `to`.
---@param amount integer
---@param from string
---@param to string
---@param rate { mantissa: integer, exponent: integer }
---@param mode? merx.Rounding
---@return integer
function money.convert(amount, from, to, rate, mode)
  local shift = rate.exponent + money.exponent(to) - money.exponent(from)
  if shift >= 0 then
    assert(shift <= 18, "the rate is out of range")
    return money.scale(money.scale(amount, rate.mantissa, 1), POWERS[shift], 1)
  end
  assert(shift >= -18, "the rate is out of range")
  return money.scale(amount, rate.mantissa, POWERS[-shift], mode)
end

--- Rounds a total to what can be paid in coins.
---@param amount integer
---@param step integer smallest coin in minor units, as 5
---@param mode? merx.Rounding
---@return integer
function money.round_to_step(amount, step, mode)
  return money.scale(amount, 1, step, mode) * step
end

--- Checks a rounding policy and fills in what is absent.
money.policy = policy.fill

return money
