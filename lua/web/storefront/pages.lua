--- Pages of text.
local content = require("domain.content")
local page = require("web.page")
local router = require("kernel.router")
local template = require("kernel.template")

router.get("/pages/:handle", { who = "anyone", csrf = "none", cache = "page" }, function(ctx, params)
  local self = page.open(ctx)
  local found = content.find_page(ctx, params.handle)
  if not found then return page.message(self, 404) end
  page.send(self, {
    template = "page", cache = "page", title = found.seo_title ~= "" and found.seo_title or found.title,
    description = found.seo_description,
    drops = { page = { title = found.title, handle = found.handle, content = template.html(found.body), url = ctx.root .. "/pages/" .. found.handle } },
  })
end)

return true
