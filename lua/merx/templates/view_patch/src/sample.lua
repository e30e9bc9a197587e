-- View patch: cards of products that cost less than `below` get a badge. It may add to the paths under `writes`, and to no
-- other.
local M = {}

---@type merx.fn.view_patch
function M.bargain(input, cfg)
  local patches = {}
  for _, item in ipairs(input.items) do
    if item.price < cfg.below then patches[#patches + 1] = { id = item.id, badges = { "bargain" } } end
  end
  return patches
end

return M
