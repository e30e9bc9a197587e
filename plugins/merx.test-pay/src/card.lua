-- Offered to every cart; that only a shop in test mode does so is the engine's affair.
local M = {}

function M.offer()
  return { { op = "offer", title = "title", description = "description" } }
end

return M
