--- Declares routes of the back office: each names the permission that it needs; each form carries a
--- token; nothing is kept in any cache.
local permissions = require("domain.staff").permissions
local router = require("kernel.router")

local route = {}

local function policy(permission, csrf)
  assert(permission == nil or permissions.is_known(permission), "there is no permission " .. tostring(permission))
  return { who = permission and "staff:" .. permission or "anyone", csrf = csrf, cache = "none" }
end

--- A page.
---@param path string below /admin
---@param permission string? nil: also for those who are not signed in
---@param handler fun(ctx: merx.AdminContext, params: table<string, string>)
function route.get(path, permission, handler)
  router.get("/admin" .. path, policy(permission, "none"), handler)
end

--- What a form is sent to.
---@param path string
---@param permission string?
---@param handler fun(ctx: merx.AdminContext, params: table<string, string>)
function route.post(path, permission, handler)
  router.post("/admin" .. path, policy(permission, "token"), handler)
end

return route
