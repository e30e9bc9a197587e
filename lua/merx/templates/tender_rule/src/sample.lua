-- Tender: customers of `group` pay up to `amount` of each order from their allowance, an account of this plugin. What the
-- account does not hold, the order cannot take: then it is refused, and nobody has paid.
local M = {}

---@type merx.fn.tender_rule
function M.allowance(input, cfg)
  local customer = input.customer or {}
  if not customer.id or customer.group ~= cfg.group or input.due == 0 then return {} end
  local amount = math.min(input.due, cfg.amount)
  return { {
    op = "tender", account = { kind = "acme.sample.allowance", owner_id = customer.id }, amount = amount, title = "title",
    reason = "reason",
  } }
end

return M
