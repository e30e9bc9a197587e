-- Taxes: one rate for goods, delivery and fees. The engine works out the sums.
local M = {}

local function rate_of(target, cfg)
  return { op = "tax", target = target, rate = "flat", ppm = cfg.ppm, title = "tax" }
end

---@type merx.fn.tax_provider
function M.flat(input, cfg)
  local ops = {}
  for _, line in ipairs(input.lines) do
    if line.taxable then ops[#ops + 1] = rate_of(line.id, cfg) end
  end
  if input.delivery then ops[#ops + 1] = rate_of("delivery", cfg) end
  for _, fee in ipairs(input.fees or {}) do ops[#ops + 1] = rate_of(fee.target, cfg) end
  return ops
end

return M
