-- Delivery: a base price and something for every kilogram begun, to the countries of a list.
local M = {}

local GRAMS <const> = 1000 -- of a kilogram

---@type merx.fn.delivery_method
function M.parcel(input, cfg)
  local country = input.destination and input.destination.country
  if not input.needs_delivery or not std.has(cfg.countries, country) then return {} end
  local kilos = ((input.total_weight or 0) + GRAMS - 1) // GRAMS
  return { { op = "rate", id = "parcel", title = "parcel", amount = cfg.base + kilos * cfg.per_kilo, min_days = 2, max_days = 4 } }
end

return M
