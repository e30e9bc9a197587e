-- Fee: orders whose goods are worth less than `below` cost `amount` more.
local M = {}

---@type merx.fn.fee_rule
function M.small(input, cfg)
  if input.item_count == 0 or input.subtotal >= cfg.below then return {} end
  return { { op = "fee", id = "small", amount = cfg.amount, title = "title", reason = { "reason", below = cfg.below } } }
end

return M
