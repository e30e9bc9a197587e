--- `money` as plugins see it: whole minor units in integers, never a float.
local int = require("native.int")

local money = {}

local MILLION <const> = 1000000

-- a * b / c, rounded half away from zero, with 128 bits inside; -x mirrors x.
local function scale(a, b, c)
  local sign = a < 0 and -1 or 1
  local size = a * sign
  local whole, rest = int.mul_div(size, b, c), int.mul_mod(size, b, c)
  if rest >= c - rest then whole = whole + 1 end
  return sign * whole
end

--- `percent` of an amount, rounded half up.
---@param amount integer
---@param percent integer
---@return integer
function money.percent_of(amount, percent) return scale(amount, percent, 100) end

--- An amount less `percent` of it.
---@param amount integer
---@param percent integer
---@return integer
function money.percent_off(amount, percent) return amount - scale(amount, percent, 100) end

--- `ppm` parts per million of an amount, rounded half up.
---@param amount integer
---@param ppm integer
---@return integer
function money.ppm_of(amount, ppm) return scale(amount, ppm, MILLION) end

--- The tax inside a gross amount: gross * ppm / (1,000,000 + ppm).
---@param gross integer
---@param ppm integer
---@return integer
function money.included(gross, ppm) return scale(gross, ppm, MILLION + ppm) end

--- Splits an amount by weights so that the parts add up to it: what rounding leaves goes to the
--- largest remainders, first part first.
---@param amount integer
---@param weights integer[]
---@return integer[]
function money.split(amount, weights)
  local sum = 0
  for _, weight in ipairs(weights) do sum = sum + weight end
  local parts, rests, order = {}, {}, {}
  if sum == 0 then
    for i in ipairs(weights) do parts[i] = 0 end
    return parts
  end
  local sign = amount < 0 and -1 or 1
  local left = amount * sign
  for i, weight in ipairs(weights) do
    parts[i] = int.mul_div(amount * sign, weight, sum)
    rests[i] = int.mul_mod(amount * sign, weight, sum)
    order[i] = i
    left = left - parts[i]
  end
  table.sort(order, function(a, b)
    if rests[a] ~= rests[b] then return rests[a] > rests[b] end
    return a < b
  end)
  for i = 1, left do parts[order[i]] = parts[order[i]] + 1 end
  for i, part in ipairs(parts) do parts[i] = sign * part end
  return parts
end

return money
