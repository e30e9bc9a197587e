--- What a visitor agrees to. Without it nobody has a cookie `visitor`, and what they do is only counted.
local activity = require("domain.activity")
local command = require("kernel.command")
local crypto = require("kernel.crypto")
local page = require("web.page")
local respond = require("web.respond")
local router = require("kernel.router")

local KEPT <const> = 395 * 24 * 3600 -- thirteen months, then the question is asked again
local LETTERS <const> = { analytics = "a", marketing = "m" }

-- Giving and taking back are the same form with another choice: analytics, marketing or none.
router.post("/consent", { who = "anyone", csrf = "origin", cache = "none" }, function(ctx)
  local choice, return_to
  for _, field in ipairs(ctx.req:form() or {}) do
    if field.name == "choice" then choice = field.value end
    if field.name == "return_to" then return_to = field.value end
  end
  local _, visitor = activity.visitor(ctx.req:cookie("visitor"))
  local letter = LETTERS[choice]
  visitor = visitor or letter and crypto.token():sub(1, 22)
  if visitor then
    local kept = command.run("consent.record", {
      visitor = visitor, purpose = letter and choice or "analytics", is_given = letter ~= nil, source = "storefront",
    })
    if not kept then return page.message(page.open(ctx), 503) end -- what cannot be proved was not agreed to
    ctx.req:set_cookie("visitor", letter and letter .. "." .. visitor or "", {
      max_age = letter and KEPT or 0, http_only = true, same_site = "Lax",
    })
  end
  respond.back(ctx, return_to)
end)

return true
