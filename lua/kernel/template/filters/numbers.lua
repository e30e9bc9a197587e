--- Filters on numbers. Text is read as a number, what is none counts as 0. Decimals behave like
--- decimals: 0.1 plus 0.2 is 0.3.
local failure = require("kernel.template.failure")
local values = require("kernel.template.values")

local to_number = values.to_number

-- Two roundings of a double away from the decimal that was meant.
local NEAR <const> = 4.5e-16

--- The decimal of at most 15 digits that `value` is, up to rounding; else `value`.
local function decimal(value)
  if math.type(value) == "integer" or value ~= value or math.abs(value) == math.huge then
    return value
  end
  local short = tonumber(("%.15g"):format(value)) + 0.0
  return math.abs(short - value) <= math.abs(value) * NEAR and short or value
end

local function plus(a, b)
  return decimal(to_number(a) + to_number(b))
end

local function minus(a, b)
  return decimal(to_number(a) - to_number(b))
end

local function times(a, b)
  return decimal(to_number(a) * to_number(b))
end

--- Whole numbers divide to whole numbers, rounded down.
local function divided_by(a, b)
  a, b = to_number(a), to_number(b)
  if math.type(b) == "integer" then
    if b == 0 then failure.render("divided by 0") end
    if math.type(a) == "integer" then return a // b end
  end
  return decimal(a / b)
end

local function modulo(a, b)
  a, b = to_number(a), to_number(b)
  if b == 0 then failure.render("divided by 0") end
  return decimal(a % b)
end

--- A float that is whole, as an integer; what is infinite or no number cannot be.
local function whole(value)
  local integer = math.tointeger(value)
  if not integer then failure.render(values.text(value)) end
  return integer
end

--- Half goes away from zero. The digits as printed decide, not the bits behind them.
local function round(value, digits)
  value, digits = to_number(value), digits == nil and 0 or math.tointeger(to_number(digits) // 1)
  if math.type(value) == "integer" and digits >= 0 then return value end
  local scale = 10.0 ^ digits
  local scaled = decimal(math.abs(value) * scale)
  local rounded = math.floor(scaled + 0.5) * (value < 0 and -1 or 1)
  if digits <= 0 then return whole(decimal(rounded / scale)) end
  return decimal(rounded / scale) + 0.0
end

local function ceil(value)
  value = to_number(value)
  return math.type(value) == "integer" and value or whole(-(-value // 1))
end

local function floor(value)
  value = to_number(value)
  return math.type(value) == "integer" and value or whole(value // 1)
end

local function abs(value)
  value = to_number(value)
  return value < 0 and -value or value
end

local function at_least(a, b)
  a, b = to_number(a), to_number(b)
  return a < b and b or a
end

local function at_most(a, b)
  a, b = to_number(a), to_number(b)
  return a > b and b or a
end

return {
  abs = { abs, max = 0 },
  at_least = { at_least, min = 1 },
  at_most = { at_most, min = 1 },
  ceil = { ceil, max = 0 },
  divided_by = { divided_by, min = 1 },
  floor = { floor, max = 0 },
  minus = { minus, min = 1 },
  modulo = { modulo, min = 1 },
  plus = { plus, min = 1 },
  round = { round, max = 1 },
  times = { times, min = 1 },
}
