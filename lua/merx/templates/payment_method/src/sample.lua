-- Payment: on invoice, while the goods are worth at most `up_to`. Nothing is paid online, so no adapter is needed.
local M = {}

---@type merx.fn.payment_method
function M.offer(input, cfg)
  if input.subtotal > cfg.up_to then return {} end
  return { { op = "offer", title = "title", description = "description" } }
end

return M
