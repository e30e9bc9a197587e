-- Job: asks another service every hour, and logs what it says. A job may run twice; it must not matter.
local M = {}

---@type merx.fn.job
function M.ask(input)
  local address = shop.settings.endpoint
  if not address then return end
  local reply, err = shop.http.get(address)
  if not reply then error(err.message) end -- tried again later
  shop.log("the service answered", { status = reply.status, asked_at = input.now })
end

return M
