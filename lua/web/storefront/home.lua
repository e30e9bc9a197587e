--- The home page.
local page = require("web.page")
local router = require("kernel.router")
local settings = require("kernel.settings")

router.get("/", { who = "anyone", csrf = "none", cache = "page" }, function(ctx)
  local self = page.open(ctx)
  page.send(self, {
    template = "index", title = settings.get("shop.name"), description = settings.get("shop.description"), cache = "page",
  })
end)

return true
