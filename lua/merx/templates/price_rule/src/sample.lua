-- Price rule: `from` or more pieces of a line cost `percent` less each.
local M = {}

---@type merx.fn.price_rule
function M.many(input, cfg)
  local ops = {}
  for _, line in ipairs(input.lines) do
    if line.qty >= cfg.from then
      ops[#ops + 1] = {
        op = "set_unit", line = line.id, amount = money.percent_off(line.unit, cfg.percent), pieces = line.unit_pieces,
        reason = { "reason", from = cfg.from, percent = cfg.percent },
      }
    end
  end
  return ops
end

return M
