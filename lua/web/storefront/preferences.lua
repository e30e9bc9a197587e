--- What a visitor prefers: the colour scheme, kept in a cookie that says nothing about the person.
local respond = require("web.respond")
local router = require("kernel.router")

local YEAR <const> = 365 * 24 * 3600
local SCHEMES <const> = { light = true, dark = true }

router.post("/preferences", { who = "anyone", csrf = "origin", cache = "none" }, function(ctx)
  local scheme, return_to
  for _, field in ipairs(ctx.req:form() or {}) do
    if field.name == "scheme" then scheme = field.value end
    if field.name == "return_to" then return_to = field.value end
  end
  if scheme then
    ctx.req:set_cookie("scheme", SCHEMES[scheme] and scheme or "", { max_age = SCHEMES[scheme] and YEAR or 0 })
  end
  respond.back(ctx, return_to)
end)

return true
