--- What every template sees: shop, request, routes, menus, languages, the cart's count.
local cache = require("kernel.cache")
local catalog = require("domain.catalog")
local content = require("domain.content")
local context = require("web.context")
local image = require("web.view.image")
local lazy = require("web.view.lazy")
local settings = require("kernel.settings")

local globals = {}

local NAMES <const> = {
  en = "English", ["zh-CN"] = "简体中文", de = "Deutsch", fr = "Français", ja = "日本語",
}
local RIGHT_TO_LEFT <const> = { ar = true, fa = true, he = true, ur = true }

local STOREFRONTS <const> = 64 -- of which something is kept here, by language and host

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

-- The addresses that menus may mark as the one where the visitor is.
local menu_addresses = cache.keep(STOREFRONTS, function(ctx)
  local found = {}
  for _, category in ipairs(catalog.category_tree(ctx).all) do found[ctx.root .. "/collections/" .. category.handle] = true end
  for _, link in ipairs(content.menu_links()) do
    local url = link_url(ctx, link)
    if url then found[url] = true end
  end
  return found
end)

--- Where the visitor is, as far as menus show it: the path when a menu may have a link to it, else "".
---@param ctx merx.WebContext
---@return string
function globals.place_in_menus(ctx)
  local place = ctx.place_in_menus
  if not place then
    local path = ctx.req.path
    place = menu_addresses(ctx.channel.id .. " " .. ctx.locale .. " " .. ctx.root, ctx.now, ctx)[path] and path or ""
    ctx.place_in_menus = place
  end
  return place
end

local routes_below = {} -- by root

local function routes(ctx)
  local root = ctx.root
  local found = routes_below[root]
  if not found then
    found = {
      root_url = root .. "/", cart_url = root .. "/cart", cart_add_url = root .. "/cart/add", cart_change_url = root .. "/cart/change",
      cart_update_url = root .. "/cart/update", collections_url = root .. "/collections",
      all_products_collection_url = root .. "/collections/all", search_url = root .. "/search", account_url = root .. "/account",
      checkout_url = root .. "/checkout", scheme_url = root .. "/preferences",
    }
    routes_below[root] = found
  end
  return found
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

local function request(ctx)
  local language = ctx.locale:match("^%a+")
  return {
    locale = { iso_code = ctx.locale, direction = RIGHT_TO_LEFT[language] and "rtl" or "ltr", root_url = ctx.root .. "/" },
    path = ctx.req.path, host = ctx.req.host, scheme = ctx.scheme ~= "" and ctx.scheme or nil,
  }
end

local shop_of = cache.keep(STOREFRONTS, function(ctx)
  return {
    name = settings.get("shop.name"), description = settings.get("shop.description"), email = settings.get("shop.email"),
    currency = ctx.currency, url = ctx.base_url,
  }
end)

local function shop(ctx)
  return shop_of(ctx.currency .. " " .. ctx.base_url, ctx.now, ctx)
end

local function linklists(ctx)
  return setmetatable({}, { __index = function(self, handle)
    local found = menu(ctx, handle)
    rawset(self, handle, found)
    return found
  end })
end

local function localization(ctx)
  return lazy.table({}, { available_languages = languages, alternates = alternates }, ctx)
end

---@class merx.Global
---@field make fun(ctx: merx.WebContext, page: table): any
---@field by? "path"|"menu"|"cart"|"template" what it differs by besides storefront, language, host and colours
---@field alike? table<string, true> fields that do not differ even so
---@field is_fixed? boolean never changes for a storefront and language

-- What every page has. Each is made when a template first touches it.
---@type table<string, merx.Global>
local GLOBALS <const> = {
  shop = { make = shop },
  routes = { make = routes, is_fixed = true },
  collections = { make = collections },
  request = { make = request, by = "path", alike = { locale = true, scheme = true, host = true } },
  linklists = { make = linklists, by = "menu" },
  localization = { make = localization, by = "path" },
  canonical_url = { make = function(ctx) return ctx.base_url .. context.path_in(ctx, ctx.locale) end, by = "path" },
  template = { make = function(_, page) return { name = page.template } end, by = "template" },
  cart = { make = function(_, page) return { item_count = page.cart_count() } end, by = "cart" },
}

-- What single pages bring along.
local OWN <const> = {}
for name in ([[
  page_title page_description page_robots page_image content_for_layout content_for_header
  product collection search page cart order checkout payment form message account
]]):gmatch("%S+") do OWN[name] = true end

--- The globals that every page has.
---@param page table ctx, template, cart_count
---@return table
function globals.of(page)
  local room = { -- for what most pages touch
    shop = nil, routes = nil, request = nil, localization = nil, canonical_url = nil, cart = nil, page_title = nil, page_description = nil,
    content_for_layout = nil, product = nil, collection = nil, form = nil,
  }
  return setmetatable(room, { __index = function(self, name)
    local global = GLOBALS[name]
    if not global then return nil end
    local value = global.make(page.ctx, page)
    rawset(self, name, value)
    return value
  end })
end

--- What a global differs by from page to page; nil when it is the same on all.
---@param name string
---@return "path"|"menu"|"cart"|"template"|nil
function globals.difference(name)
  return GLOBALS[name] and GLOBALS[name].by
end

--- Those of its fields that are the same on all pages; nil when there are none.
---@param name string
---@return table<string, true>?
function globals.alike(name)
  return GLOBALS[name] and GLOBALS[name].alike
end

--- Whether only some pages have it, and say themselves what it is.
---@param name string
---@return boolean
function globals.is_own(name)
  return OWN[name] ~= nil and not GLOBALS[name]
end

--- Whether every page has it, and some bring their own.
---@param name string
---@return boolean
function globals.may_be_own(name)
  return OWN[name] ~= nil and GLOBALS[name] ~= nil
end

--- Whether it never changes for a storefront and language; what no page has never does.
---@param name string
---@return boolean
function globals.is_fixed(name)
  if GLOBALS[name] then return GLOBALS[name].is_fixed == true end
  return not OWN[name]
end

--- Whether a template may find something under this name.
---@param name string
---@return boolean
function globals.is_known(name)
  return GLOBALS[name] ~= nil or OWN[name] ~= nil
end

return globals
