--- Categories: all of them, and one with its products.
local catalog = require("domain.catalog")
local image = require("web.view.image")
local list = require("web.view.list")
local listings = require("domain.listings")
local page = require("web.page")
local router = require("kernel.router")
local settings = require("kernel.settings")
local template = require("kernel.template")
local text = require("kernel.text")

local POLICY <const> = { who = "anyone", csrf = "none", cache = "page" }

local function breadcrumbs(ctx, category, title)
  local crumbs = { { title = settings.get("shop.name"), url = ctx.root .. "/" } }
  for _, above in ipairs(category and catalog.category_path(category) or {}) do
    crumbs[#crumbs + 1] = { title = above.title, url = ctx.root .. "/collections/" .. above.handle }
  end
  if not category then crumbs[2] = { title = title, url = ctx.root .. "/collections/all" } end
  return crumbs
end

local function children(ctx, category)
  local views = {}
  for _, child in ipairs(category and category.children or {}) do
    views[#views + 1] = { title = child.title, url = ctx.root .. "/collections/" .. child.handle }
  end
  return views
end

router.get("/collections", POLICY, function(ctx)
  local self = page.open(ctx)
  page.send(self, { template = "list-collections", title = page.text(self, "collections.title"), cache = "page" })
end)

-- What the head says of a category; it stays with it.
local function head_of(category)
  local head = category.head
  if not head then
    head = {
      title = category.seo_title ~= "" and category.seo_title or category.title,
      description = category.seo_description ~= "" and category.seo_description or text.strip_html(category.description),
    }
    category.head = head
  end
  return head
end

local function describe(self, handle, path)
  local ctx = self.ctx
  local _, category = listings.find(ctx, handle)
  local title = category and category.title or page.text(self, "collection.all")
  return {
    title = title, handle = handle, url = path, image = category and image.of(category.image, ctx.base_url),
    description = category and category.description ~= "" and template.html(category.description) or nil,
    breadcrumbs = breadcrumbs(ctx, category, title), children = children(ctx, category),
  }
end

router.get("/collections/:handle", POLICY, function(ctx, params)
  local self, handle = page.open(ctx), params.handle
  local category_id, category = listings.find(ctx, handle)
  if not category_id then return page.message(self, 404) end
  local path = ctx.root .. "/collections/" .. handle
  local view, is_narrowed = list.view(self, "collection", category_id, path, function() return describe(self, handle, path) end)
  ctx.event = { name = "view_item_list", subject_id = category_id }
  local head = category and head_of(category)
  page.send(self, {
    template = "collection", title = head and head.title or page.text(self, "collection.all"), cache = "page",
    description = head and head.description, robots = is_narrowed and "noindex, follow" or nil, drops = { collection = view },
  })
end)

return true
