-- Guard: a change of a cart is refused after which it holds more than `most` pieces. It runs in the writer, before the
-- change is final, and can do nothing but refuse. When it fails, the change is refused, too.
local M = {}

---@type merx.fn.guard
function M.at_most(input, cfg)
  if input.item_count > cfg.most then return { message = { "too_many", most = cfg.most } } end
end

return M
