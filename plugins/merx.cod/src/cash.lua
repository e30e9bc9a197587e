-- Offered when something is brought to a door and the sum is one that people have at home.
-- `largest` 0 means any sum.
local M = {}

function M.offer(input, cfg)
  if not input.needs_delivery then return {} end
  if cfg.largest > 0 and input.subtotal > cfg.largest then return {} end
  return { { op = "offer", title = "title", description = "description", fee = cfg.fee } }
end

return M
