-- Rows are looked at from the top; of each service the first that fits counts. `country` is "*" or codes like "DE AT", `up_to`
-- is grams of all that ships (0: any weight), `from` the sum of the goods from which the row holds.
local M = {}

local KNOWN = { standard = true, express = true }

local function goes_to(codes, country)
  if codes == "*" then return true end
  for code in codes:gmatch("%a%a") do
    if code:upper() == country then return true end
  end
  return false
end

local function fits(row, input)
  return (row.up_to == 0 or input.total_weight <= row.up_to) and input.subtotal >= row.from
    and goes_to(row.country, input.destination and input.destination.country)
end

function M.rates(input, cfg)
  local ops, seen = {}, {}
  for _, row in ipairs(cfg.rows or {}) do
    if not seen[row.service] and fits(row, input) then
      seen[row.service] = true
      ops[#ops + 1] = {
        op = "rate", id = row.service, amount = row.price, title = KNOWN[row.service] and row.service or { "service", name = row.service },
        min_days = cfg.min_days, max_days = cfg.max_days,
      }
    end
  end
  return ops
end

return M
