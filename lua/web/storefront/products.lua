--- Product pages.
local catalog = require("domain.catalog")
local page = require("web.page")
local product = require("web.view.product")
local respond = require("web.respond")
local router = require("kernel.router")
local text = require("kernel.text")

local products = {}

local FORM <const> = { errors = {}, quantity = 1 }

local LONGEST <const> = 160 -- of what search engines show

local SIGNS <const> = { "<", "&", "  ", "\n", "\r", "\t" } -- of markup, or of blanks that it would print as one

local function is_plain(summary)
  for i = 1, #SIGNS do
    if summary:find(SIGNS[i], 1, true) then return false end
  end
  return true
end

-- The beginning of a summary as plain text. Most have no markup, and reading it is dear.
local function begin_of(summary)
  return text.sub(is_plain(summary) and summary or text.strip_html(summary), 1, LONGEST)
end

-- What the head says of a product; it stays with it.
local function head_of(found)
  local head = found.head
  if not head then
    head = {
      title = found.seo_title ~= "" and found.seo_title or found.title,
      description = found.seo_description ~= "" and found.seo_description or begin_of(found.summary),
    }
    found.head = head
  end
  return head
end

--- Sends a product's page; also when putting it into the cart did not work.
---@param ctx merx.WebContext
---@param found merx.Product
---@param fields table<string, string> what was chosen
---@param options? { status?: integer, errors?: { id?: string, message: string }[], quantity?: string }
function products.send(ctx, found, fields, options)
  options = options or {}
  local self, head = page.open(ctx), head_of(found)
  local chosen, variant = product.choose(found, fields)
  local view = product.view(self, found, chosen, variant)
  local form = FORM
  if options.errors or options.quantity then
    form = { errors = options.errors or {}, quantity = options.quantity or 1 }
  else
    self.stores.form = "untouched"
  end
  page.send(self, {
    template = "product", title = options.errors and page.text(self, "forms.error_title", { title = head.title }) or head.title,
    description = head.description, status = options.status, cache = options.errors and "private" or "page",
    drops = { product = view, page_image = product.picture(ctx, found), form = form },
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
  ctx.event = { name = "view_item", subject_id = found.id }
  products.send(ctx, found, fields)
end)

return products
