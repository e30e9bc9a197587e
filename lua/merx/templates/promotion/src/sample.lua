-- Promotions: the merchant joins conditions and actions of any plugins; here is one of each.
local M = {}

-- Condition: whether there are `least` pieces in the cart.
---@type merx.fn.promotion_condition
function M.has_pieces(input, cfg)
  return input.item_count >= cfg.least
end

-- Action: `percent` off every line.
---@type merx.fn.promotion_action
function M.percent(input, cfg)
  return std.map(input.lines, function(line)
    return { op = "off_line", line = line.id, ppm = cfg.percent * 10000, reason = { "reason", percent = cfg.percent } }
  end)
end

return M
