--- How much of a line comes back for so many pieces. Stored tax is shared, never worked out again; any
--- sequence of parts ends exactly at what was paid. Pure.
local failure = require("kernel.failure")
local money = require("domain.money")

local refunds = {}

---@class merx.RefundLine
---@field quantity integer pieces that were bought
---@field gross integer what was paid, tax included
---@field tax integer

--- The part of `quantity` more pieces, after `done` has gone back.
---@param line merx.RefundLine
---@param done { quantity: integer, amount: integer, tax_amount: integer }
---@param quantity integer
---@return { amount: integer, tax_amount: integer }? part
---@return merx.Error? err "refund.too_many"
function refunds.pieces(line, done, quantity)
  local pieces = done.quantity + quantity
  if quantity < 1 or pieces > line.quantity then
    return failure.new("refund.too_many", "only " .. line.quantity - done.quantity .. " pieces are left to refund")
  end
  local amount = money.share(line.gross, pieces, line.quantity) - done.amount
  local tax = money.share(line.tax, pieces, line.quantity) - done.tax_amount
  return { amount = math.max(0, amount), tax_amount = math.max(0, tax) }
end

--- A sum of the merchant's own, not bound to pieces.
---@param line merx.RefundLine
---@param done { quantity: integer, amount: integer, tax_amount: integer }
---@param amount integer
---@return { amount: integer, tax_amount: integer }? part
---@return merx.Error? err "refund.too_much"
function refunds.amount(line, done, amount)
  if amount < 1 or done.amount + amount > line.gross then
    return failure.new("refund.too_much", "only " .. line.gross - done.amount .. " is left to refund")
  end
  local tax = money.share(line.tax, done.amount + amount, line.gross) - done.tax_amount
  return { amount = amount, tax_amount = math.max(0, tax) }
end

--- Which payments give a sum back: those that kept money, the newest first.
---@param payments table[] with `refundable`
---@param amount integer
---@return { payment: table, amount: integer }[]? parts
---@return merx.Error? err "refund.too_much"
function refunds.spread(payments, amount)
  local parts, left = {}, amount
  for i = #payments, 1, -1 do
    local part = math.min(left, payments[i].refundable)
    if part > 0 then
      parts[#parts + 1] = { payment = payments[i], amount = part }
      left = left - part
    end
  end
  if left > 0 then return failure.new("refund.too_much", "that is " .. left .. " more than was kept") end
  return parts
end

return refunds
