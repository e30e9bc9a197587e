--- The rounding policy: data, copied onto every order.
local policy = {}

---@class merx.Policy
---@field discount_level "unit"|"line"|"order" where a percentage is rounded
---@field tax_level "unit"|"line"|"rate" where a tax is rounded
---@field mode merx.Rounding
---@field cash_step integer totals are rounded to this many minor units; 1: not at all
---@field foreign_price "keep_gross"|"keep_net" what stays when another country's tax applies
---@field delivery_tax "fixed"|"highest"|"proportional" the tax of delivery and fees
---@field delivery_tax_class string of "fixed"

local choices = {
  discount_level = { "line", "unit", "order" },
  tax_level = { "line", "unit", "rate" },
  mode = { "half-up", "half-even", "half-down" },
  foreign_price = { "keep_gross", "keep_net" },
  delivery_tax = { "fixed", "highest", "proportional" },
}

local function fill(given)
  local filled = {
    cash_step = given.cash_step or 1,
    delivery_tax_class = given.delivery_tax_class or "standard",
  }
  for name, values in pairs(choices) do
    local value, is_known = given[name] or values[1], false
    for _, choice in ipairs(values) do is_known = is_known or choice == value end
    assert(is_known, "the policy has no " .. name .. " called " .. tostring(value))
    filled[name] = value
  end
  assert(math.type(filled.cash_step) == "integer" and filled.cash_step > 0, "cash_step must be a positive integer")
  return filled
end

local filled_of = setmetatable({}, { __mode = "k" }) -- the settings of a shop are one table until they change
local NOTHING <const> = {}

--- A whole policy; the first choice of each kind stands in for what is absent.
---@param given? table not changed afterwards
---@return merx.Policy not to be changed
function policy.fill(given)
  given = given or NOTHING
  local filled = filled_of[given]
  if not filled then
    filled = fill(given)
    filled_of[given] = filled
  end
  return filled
end

return policy
