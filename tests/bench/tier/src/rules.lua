local M = {}

-- Price rule: `min_qty` or more pieces of a product with the tag cost `percent` less each.
function M.qty_tier(input, cfg)
  local ops = {}
  for _, line in ipairs(input.lines) do
    if line.qty >= cfg.min_qty and std.has(line.tags, cfg.tag) then
      ops[#ops + 1] = {
        op = "set_unit", line = line.id, amount = money.percent_off(line.unit, cfg.percent),
        reason = { "reason", min = cfg.min_qty, percent = cfg.percent },
      }
    end
  end
  return ops
end

return M
