--- Styles and script of the back office, under names that carry their digest.
local assets = require("web.assets")
local page = require("web.admin.page")
local route = require("web.admin.route")

route.get("/assets/*path", nil, function(ctx)
  local asset = page.assets().by_url[ctx.path]
  if not asset then return page.message(page.open(ctx), 404) end
  assets.send(ctx, asset)
end)

return true
