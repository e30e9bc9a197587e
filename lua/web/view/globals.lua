--- What every template sees: shop, request, routes, menus, languages, the cart's count.
local catalog = require("domain.catalog")
local content = require("domain.content")
local context = require("web.context")
local image = require("web.view.image")
local lazy = require("web.view.lazy")
local schema = require("kernel.schema")
local settings = require("kernel.settings")

local globals = {}

settings.define({ key = "shop.name", spec = schema.text({ max = 100, default = "Merx" }), doc = "Name of the shop." })
settings.define({ key = "shop.description", spec = schema.text({ max = 300, default = "" }), doc = "One sentence about the shop." })
settings.define({ key = "shop.email", spec = schema.email({ default = "" }), doc = "Where shoppers write to." })

local NAMES <const> = {
  en = "English", ["zh-CN"] = "简体中文", de = "Deutsch", fr = "Français", ja = "日本語",
}
local RIGHT_TO_LEFT <const> = { ar = true, fa = true, he = true, ur = true }

local function languages(ctx)
  local list = {}
  for _, locale in ipairs(ctx.channel.locales) do
    list[#list + 1] = {
      iso_code = locale, endonym_name = NAMES[locale] or locale, url = context.path_in(ctx, locale),
      primary = locale == ctx.channel.locales[1],
    }
  end
  return list
end

local function alternates(ctx)
  local list = {}
  if #ctx.channel.locales < 2 then return list end
  for _, locale in ipairs(ctx.channel.locales) do
    list[#list + 1] = { iso_code = locale, url = ctx.base_url .. context.path_in(ctx, locale) }
  end
  return list
end

local function category_links(ctx, categories)
  local links = {}
  for _, category in ipairs(categories) do
    local url = ctx.root .. "/collections/" .. category.handle
    links[#links + 1] = {
      title = category.title, url = url, active = ctx.req.path == url, links = category_links(ctx, category.children),
    }
  end
  return links
end

local function link_url(ctx, link)
  if link.kind == "home" then return ctx.root .. "/" end
  if link.kind == "all" then return ctx.root .. "/collections/all" end
  if link.kind == "search" then return ctx.root .. "/search" end
  if link.kind == "category" then
    local category = catalog.category_tree(ctx).by_id[link.target_id]
    return category and ctx.root .. "/collections/" .. category.handle
  end
  return link.url:find("^/") and ctx.root .. link.url or link.url
end

local function menu_links(ctx, links)
  local views = {}
  for _, link in ipairs(links) do
    local url = link_url(ctx, link)
    if url and url ~= "" then
      views[#views + 1] = { title = link.title, url = url, active = ctx.req.path == url, links = menu_links(ctx, link.children) }
    end
  end
  return views
end

-- A menu that the merchant has not made shows the categories; the footer shows all pages.
local function menu(ctx, handle)
  local links = content.menu(ctx, handle)
  if #links > 0 then return { links = menu_links(ctx, links) } end
  if handle == "main-menu" then return { links = category_links(ctx, catalog.category_tree(ctx).roots) } end
  local views = {}
  if handle == "footer" then
    for _, row in ipairs(content.list_pages(ctx)) do
      views[#views + 1] = { title = row.title, url = ctx.root .. "/pages/" .. row.handle, links = {} }
    end
  end
  return { links = views }
end

local function routes(ctx)
  local root = ctx.root
  return {
    root_url = root .. "/", cart_url = root .. "/cart", cart_add_url = root .. "/cart/add", cart_change_url = root .. "/cart/change",
    cart_update_url = root .. "/cart/update", collections_url = root .. "/collections",
    all_products_collection_url = root .. "/collections/all", search_url = root .. "/search", account_url = root .. "/account",
    checkout_url = root .. "/checkout", scheme_url = root .. "/preferences",
  }
end

local function collections(ctx)
  local list = {}
  for _, category in ipairs(catalog.category_tree(ctx).roots) do
    list[#list + 1] = {
      title = category.title, handle = category.handle, url = ctx.root .. "/collections/" .. category.handle,
      image = image.of(category.image, ctx.base_url),
    }
  end
  return list
end

--- The globals of one page.
---@param ctx merx.WebContext
---@param cart_count fun(): integer
---@return table
function globals.of(ctx, cart_count)
  local language = ctx.locale:match("^%a+")
  return lazy.table({
    request = {
      locale = { iso_code = ctx.locale, direction = RIGHT_TO_LEFT[language] and "rtl" or "ltr", root_url = ctx.root .. "/" },
      path = ctx.req.path, host = ctx.req.host, scheme = ctx.scheme ~= "" and ctx.scheme or nil,
    },
  }, {
    shop = function()
      return {
        name = settings.get("shop.name"), description = settings.get("shop.description"), email = settings.get("shop.email"),
        currency = ctx.currency, url = ctx.base_url,
      }
    end,
    routes = function() return routes(ctx) end,
    linklists = function()
      return setmetatable({}, { __index = function(self, handle)
        local found = menu(ctx, handle)
        rawset(self, handle, found)
        return found
      end })
    end,
    localization = function()
      return lazy.table({ available_languages = languages(ctx) }, { alternates = function() return alternates(ctx) end })
    end,
    collections = function() return collections(ctx) end,
    cart = function() return { item_count = cart_count() } end,
    canonical_url = function() return ctx.base_url .. context.path_in(ctx, ctx.locale) end,
  })
end

return globals
