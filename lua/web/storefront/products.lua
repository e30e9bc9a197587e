--- Product pages.
local catalog = require("domain.catalog")
local page = require("web.page")
local product = require("web.view.product")
local respond = require("web.respond")
local router = require("kernel.router")
local text = require("kernel.text")

local products = {}

--- Sends a product's page; also when putting it into the cart did not work.
---@param ctx merx.WebContext
---@param found merx.Product
---@param fields table<string, string> what was chosen
---@param options? { status?: integer, errors?: { id?: string, message: string }[], quantity?: string }
function products.send(ctx, found, fields, options)
  options = options or {}
  local self = page.open(ctx)
  local chosen, variant = product.choose(found, fields)
  local view = product.view(self, found, chosen, variant)
  local title = found.seo_title ~= "" and found.seo_title or found.title
  if options.errors then title = page.text(self, "forms.error_title", { title = title }) end
  page.send(self, {
    template = "product", title = title, status = options.status, cache = options.errors and "private" or "page",
    description = found.seo_description ~= "" and found.seo_description or text.sub(text.strip_html(found.summary), 1, 160),
    drops = {
      product = view, page_image = view.featured_image,
      form = { errors = options.errors or {}, quantity = options.quantity or 1 },
    },
  })
end

router.get("/products/:handle", { who = "anyone", csrf = "none", cache = "page" }, function(ctx, params)
  local found = catalog.find_product_by_handle(ctx, params.handle)
  if not found then
    local moved = catalog.find_redirect("/products/" .. params.handle)
    if moved and moved.status ~= 410 then return respond.redirect(ctx, ctx.root .. moved.target, moved.status) end
    return page.message(page.open(ctx), moved and 410 or 404)
  end
  local fields = {}
  for _, arg in ipairs(ctx.req:args()) do fields[arg.name] = arg.value end
  products.send(ctx, found, fields)
end)

return products
