-- Validator: at most `most` pieces of a line in one order.
local M = {}

---@type merx.fn.cart_validator
function M.at_most(input, cfg)
  local ops = {}
  for _, line in ipairs(input.lines) do
    if line.qty > cfg.most then
      ops[#ops + 1] = { op = "block", line = line.id, message = { "too_many", most = cfg.most } }
    end
  end
  return ops
end

return M
