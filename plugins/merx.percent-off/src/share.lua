-- What promotions of the merchant take off, and when. Codes and how often they may be used belong to the promotion: the engine
-- counts the uses when an order is placed.
local M = {}

local PPM = 10000 -- of one percent

local function is_meant(line, cfg)
  if line.is_gift_card then return false end
  return (not cfg.tag or std.has(line.tags, cfg.tag)) and (not cfg.category or std.has(line.categories, cfg.category))
end

-- `percent` off the goods that are meant, `most` at most (0: without a limit).
function M.goods(input, cfg)
  local meant = std.filter(input.lines, function(line) return is_meant(line, cfg) end)
  local reason = { "reason", percent = cfg.percent }
  local sum = std.sum(meant, function(line) return line.worth - line.discount end)
  if cfg.most > 0 and money.percent_of(sum, cfg.percent) > cfg.most then
    local ids = std.map(meant, function(line) return line.id end)
    return { { op = "off_order", amount = cfg.most, lines = ids, reason = reason } }
  end
  return std.map(meant, function(line)
    return { op = "off_line", line = line.id, ppm = cfg.percent * PPM, reason = reason }
  end)
end

-- `percent` off the delivery.
function M.delivery(_, cfg)
  return { { op = "off_delivery", ppm = cfg.percent * PPM, reason = { "delivery_reason", percent = cfg.percent } } }
end

-- Whether the goods cost `sum` or more, after what was taken off already.
function M.is_from(input, cfg)
  return input.subtotal >= cfg.sum
end

-- Whether the shopper belongs to a group.
function M.is_of_group(input, cfg)
  return cfg.group ~= nil and input.customer ~= nil and input.customer.group == cfg.group
end

return M
