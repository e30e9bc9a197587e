--- Styles, scripts and drawings of the theme, under names that carry their digest.
local assets = require("web.assets")
local page = require("web.page")
local router = require("kernel.router")
local theme = require("web.theme")

router.get("/assets/*path", { who = "anyone", csrf = "none", cache = "page" }, function(ctx)
  local asset = theme.get(ctx.channel.theme).asset_by_url[ctx.path]
  if not asset then return page.message(page.open(ctx), 404) end
  assets.send(ctx, asset, not ctx.cart_token and { shared = true } or nil)
end)

return true
