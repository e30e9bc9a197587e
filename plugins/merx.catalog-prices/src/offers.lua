-- The price of a piece from the rows of the price list that hold now: a sale, a tier from so many pieces on. A sale counts
-- before a tier, then the highest tier, then the lowest price.
local M = {}

local function is_better(offer, best)
  if not best then return true end
  local windowed = offer.starts_at ~= nil or offer.ends_at ~= nil
  local best_windowed = best.starts_at ~= nil or best.ends_at ~= nil
  if windowed ~= best_windowed then return windowed end
  if offer.min_quantity ~= best.min_quantity then return offer.min_quantity > best.min_quantity end
  return offer.amount < best.amount
end

local function best_offer(line)
  local best
  for _, offer in ipairs(line.offers) do
    if offer.min_quantity <= line.qty and is_better(offer, best) then best = offer end
  end
  return best
end

function M.choose(input)
  local ops = {}
  for _, line in ipairs(input.lines) do
    local best = line.offers and best_offer(line)
    if best then
      ops[#ops + 1] = {
        op = "set_unit", line = line.id, amount = best.amount, pieces = best.pieces,
        reason = best.min_quantity > 1 and { "tier", quantity = best.min_quantity } or "sale",
      }
    end
  end
  return ops
end

return M
