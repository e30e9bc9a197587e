--- Lines of a cart: their stable keys, and what quantities are allowed. Pure.
local crypto = require("kernel.crypto")
local failure = require("kernel.failure")
local json = require("kernel.json")
local text = require("kernel.text")

local lines = {}

lines.MOST_LINES = 200
lines.MOST_PIECES = 9999

--- The key of a line: equal wishes have equal keys, and a plain variant is its own key.
---@param wish { variant_id: integer, properties?: table<string, string>, selling_plan_id?: integer, parent_key?: string }
---@return string
function lines.key(wish)
  local plain = (not wish.properties or next(wish.properties) == nil) and not wish.selling_plan_id and not wish.parent_key
  if plain then return tostring(wish.variant_id) end
  local parts = json.encode({
    properties = wish.properties or {}, plan = wish.selling_plan_id or 0, parent = wish.parent_key or "",
  })
  return wish.variant_id .. "-" .. text.hex(crypto.blake2b(parts)):sub(1, 16)
end

--- Judges a quantity of a variant in a cart.
---@param variant table row of cart_variant
---@param quantity integer wanted in the line
---@param others integer pieces of the same variant in other lines
---@return integer? quantity what the line may have: less when stock ends
---@return merx.Error|integer|nil err_or_available
function lines.judge(variant, quantity, others)
  if variant.is_sold ~= 1 or variant.kind == "external" or variant.kind == "grouped" then
    return failure.new("variant.not_sold", "this variant is not for sale", { quantity = "variant.not_sold" })
  end
  if quantity < variant.min_quantity then
    return failure.new("quantity.too_small", "at least " .. variant.min_quantity .. " pieces",
      { quantity = "quantity.too_small" }, { min = variant.min_quantity })
  end
  local most = math.min(variant.max_quantity or lines.MOST_PIECES, lines.MOST_PIECES)
  if quantity > most then
    return failure.new("quantity.too_large", "at most " .. most .. " pieces", { quantity = "quantity.too_large" }, { max = most })
  end
  if quantity % variant.step_quantity ~= 0 then
    return failure.new("quantity.step", "only in steps of " .. variant.step_quantity, { quantity = "quantity.step" },
      { step = variant.step_quantity })
  end
  if not variant.available or quantity + others <= variant.available then return quantity end
  local left = variant.available - others
  left = left - left % variant.step_quantity
  if left < variant.min_quantity then
    return failure.new("stock.short", "only " .. math.max(0, variant.available) .. " left", { quantity = "stock.short" },
      { available = math.max(0, variant.available), in_cart = others })
  end
  return left
end

return lines
