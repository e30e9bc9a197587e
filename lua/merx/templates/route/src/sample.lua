-- Route: answers at /apps/acme.sample/hello/NAME. A view reads and never changes anything; a POST names a command for that.
local M = {}

---@type merx.fn.route
function M.hello(request, cfg)
  local name = request.params.name
  if not name then return { status = 404, json = { error = "whom?" } } end
  return { json = { greeting = cfg.greeting, name = name } }
end

return M
