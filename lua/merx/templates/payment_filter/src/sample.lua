-- Payment filter: an order above a sum cannot be paid by `method`.
local M = {}

---@type merx.fn.payment_filter
function M.large(input, cfg)
  if input.total <= cfg.above then return {} end
  local ops = {}
  for _, method in ipairs(input.methods or {}) do
    if method.id == cfg.method then ops[#ops + 1] = { op = "remove", method = method.id } end
  end
  return ops
end

return M
