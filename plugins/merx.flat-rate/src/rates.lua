-- A flat rate, free from `free_from` on (0: never free), and an express one (0: none). `countries` is
-- a list of codes as "DE AT FR"; empty means everywhere.
local M = {}

local function goes_to(countries, country)
  if countries == "" or not country then return true end
  for code in countries:gmatch("%a%a") do
    if code:upper() == country then return true end
  end
  return false
end

function M.parcel(input, cfg)
  local country = input.destination and input.destination.country
  if not goes_to(cfg.countries, country) then return {} end
  local is_free = cfg.free_from > 0 and input.subtotal >= cfg.free_from
  local ops = { {
    op = "rate", id = "standard", title = is_free and "parcel_free" or "parcel", amount = is_free and 0 or cfg.amount,
    min_days = cfg.min_days, max_days = cfg.max_days, reason = is_free and { "free_from", sum = cfg.free_from } or nil,
  } }
  if cfg.express > 0 then
    ops[2] = { op = "rate", id = "express", title = "express", amount = cfg.express, min_days = 1, max_days = 1 }
  end
  return ops
end

return M
