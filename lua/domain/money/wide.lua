--- Products that pass 2^63: a * b / c and a * b % c with 128 bits inside. The engine has them in C; the
--- Lua below does the same for a bare interpreter, so that the pure rooms can be tried without the engine.
local loaded, int = pcall(require, "native.int")
if loaded then return int end

local wide = {}

-- a * b as two unsigned halves of 64 bits.
local function multiply(a, b)
  local a0, a1, b0, b1 = a & 0xffffffff, a >> 32, b & 0xffffffff, b >> 32
  local low, mid = a0 * b0, a1 * b0
  local carry = (low >> 32) + (mid & 0xffffffff) + a0 * b1
  return a1 * b1 + (mid >> 32) + (carry >> 32), (carry << 32) | (low & 0xffffffff)
end

-- Long division, one bit at a time; the quotient must be below 2^63.
local function divide(high, low, c)
  local quotient, rest = 0, high
  assert(math.ult(high, c), "the quotient does not fit")
  for bit = 63, 0, -1 do
    rest = (rest << 1) | ((low >> bit) & 1)
    quotient = quotient << 1
    if rest < 0 or rest >= c then -- rest < 2c < 2^64
      rest = rest - c
      quotient = quotient | 1
    end
  end
  assert(quotient >= 0, "the quotient does not fit")
  return quotient, rest
end

local function check(a, b, c)
  assert(math.type(a) == "integer" and math.type(b) == "integer" and math.type(c) == "integer"
    and a >= 0 and b >= 0 and c > 0, "whole numbers, not negative, and not divided by zero")
end

---@param a integer not negative
---@param b integer not negative
---@param c integer positive
---@return integer a * b // c
function wide.mul_div(a, b, c)
  check(a, b, c)
  if b == 0 or a <= math.maxinteger // b then return a * b // c end
  local high, low = multiply(a, b)
  return (divide(high, low, c))
end

---@param a integer not negative
---@param b integer not negative
---@param c integer positive
---@return integer a * b % c
function wide.mul_mod(a, b, c)
  check(a, b, c)
  if b == 0 or a <= math.maxinteger // b then return a * b % c end
  local high, low = multiply(a, b)
  local _, rest = divide(high, low, c)
  return rest
end

return wide
