-- The standard rate for goods, delivery and fees; the reduced one for goods of a class called so.
local M = {}

local REDUCED = { reduced = true, ["reduced-rate"] = true }
local FREE = { zero = true, ["zero-rate"] = true }

function M.rates(input, cfg)
  local ops = {}
  local function add(target, class)
    local ppm = REDUCED[class] and cfg.reduced_ppm or cfg.rate_ppm
    if FREE[class] then ppm = 0 end
    ops[#ops + 1] = {
      op = "tax", target = target, rate = "flat-" .. ppm, title = "title", ppm = ppm, included = cfg.included,
    }
  end
  for _, line in ipairs(input.lines) do
    if line.taxable then add(line.id, line.tax_class) end
  end
  if input.delivery then add("delivery") end
  for _, fee in ipairs(input.fees or {}) do add(fee.target) end
  return ops
end

return M
