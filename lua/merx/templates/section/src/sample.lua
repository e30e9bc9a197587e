-- Section: what its template prints. A view may look at the clock; it never changes anything.
local M = {}

local HOUR <const> = 3600000
local EVENING <const> = 17

---@type merx.fn.section
function M.greeting(input, cfg)
  local hour = shop.now() // HOUR % 24
  return {
    title_key = hour < EVENING and "acme.sample.day" or "acme.sample.evening",
    name = (input.settings or {}).name or cfg.name,
  }
end

return M
