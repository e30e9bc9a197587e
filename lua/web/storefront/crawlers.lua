--- What programs ask a site for before they read it: robots.txt, the sitemap, the icon. The sitemap is a list of lists,
--- each of some thousand products by id, so that a large catalogue costs as little at a time as a small one.
local calendar = require("kernel.calendar")
local catalog = require("domain.catalog")
local content = require("domain.content")
local page = require("web.page")
local respond = require("web.respond")
local router = require("kernel.router")
local text = require("kernel.text")
local theme = require("web.theme")

local POLICY <const> = { who = "anyone", csrf = "none", cache = "private" }
local PER_LIST <const> = 5000 -- with two languages two megabytes; the protocol allows fifty

-- Nothing to find there, or somebody's own.
local CLOSED <const> = { "/account", "/admin", "/cart", "/checkout", "/orders/", "/search" }

local function send(ctx, kind, parts)
  ctx.req:reply(200, { ["Content-Type"] = kind .. "; charset=utf-8", ["Cache-Control"] = "private, no-cache" }, table.concat(parts))
end

-- What stands before the paths of a language; the first has nothing of its own.
local function root_in(ctx, position)
  return ctx.channel.path .. (position > 1 and "/" .. ctx.channel.locales[position] or "")
end

router.get("/robots.txt", POLICY, function(ctx)
  local parts = { "User-agent: *\n" }
  for position in ipairs(ctx.channel.locales) do
    for _, path in ipairs(CLOSED) do
      if position == 1 or path ~= "/admin" then parts[#parts + 1] = "Disallow: " .. root_in(ctx, position) .. path .. "\n" end
    end
  end
  parts[#parts + 1] = "\nSitemap: " .. ctx.base_url .. ctx.channel.path .. "/sitemap.xml\n"
  send(ctx, "text/plain", parts)
end)

router.get("/favicon.ico", POLICY, function(ctx)
  local icon = theme.get(ctx.channel.theme).assets["icon.svg"]
  if not icon then return page.message(page.open(ctx), 404) end
  respond.redirect(ctx, icon.url, 302)
end)

local DAY <const> = 24 * 3600 * 1000

local function day_of(ms)
  return ("%04d-%02d-%02d"):format(calendar.date(ms // DAY))
end

-- Paths are escaped already; a host may hold what XML reads otherwise.
local function escape(address)
  return (address:gsub("&", "&amp;"):gsub("'", "&apos;"))
end

-- The same page in every language, each naming the others.
local function add_url(ctx, parts, path, changed_at)
  local addresses, others = {}, {}
  for position, locale in ipairs(ctx.channel.locales) do
    local root = root_in(ctx, position)
    addresses[position] = escape(ctx.base_url .. (path == "/" and root ~= "" and root or root .. path))
    others[position] = ('<xhtml:link rel="alternate" hreflang="%s" href="%s"/>'):format(locale, addresses[position])
  end
  local more = changed_at and "<lastmod>" .. day_of(changed_at) .. "</lastmod>" or ""
  if #others > 1 then more = more .. table.concat(others) end
  for _, address in ipairs(addresses) do parts[#parts + 1] = ("<url><loc>%s</loc>%s</url>\n"):format(address, more) end
end

local function send_urls(ctx, urls)
  table.insert(urls, 1, '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    .. 'xmlns:xhtml="http://www.w3.org/1999/xhtml">\n')
  urls[#urls + 1] = "</urlset>\n"
  send(ctx, "application/xml", urls)
end

router.get("/sitemap.xml", POLICY, function(ctx)
  local parts = {
    '<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n',
  }
  local lists = { "pages" }
  for number = 1, (catalog.last_product_id() + PER_LIST - 1) // PER_LIST do lists[number + 1] = "products-" .. number end
  for _, name in ipairs(lists) do
    local address = ctx.base_url .. ctx.channel.path .. "/sitemaps/" .. name .. ".xml"
    parts[#parts + 1] = "<sitemap><loc>" .. escape(address) .. "</loc></sitemap>\n"
  end
  parts[#parts + 1] = "</sitemapindex>\n"
  send(ctx, "application/xml", parts)
end)

local function add_categories(ctx, urls, list)
  for _, category in ipairs(list) do
    add_url(ctx, urls, "/collections/" .. text.url_encode(category.handle))
    add_categories(ctx, urls, category.children)
  end
end

router.get("/sitemaps/:name", POLICY, function(ctx, params)
  local urls = {}
  local number = math.tointeger(tonumber(params.name:match("^products%-([1-9]%d?%d?%d?%d?%d?)%.xml$")))
  if params.name == "pages.xml" then
    add_url(ctx, urls, "/")
    add_url(ctx, urls, "/collections")
    add_url(ctx, urls, "/collections/all")
    add_categories(ctx, urls, catalog.category_tree(ctx).roots)
    for _, found in ipairs(content.list_pages(ctx)) do add_url(ctx, urls, "/pages/" .. text.url_encode(found.handle), found.updated_at) end
  elseif number and (number - 1) * PER_LIST < catalog.last_product_id() then
    for _, found in ipairs(catalog.list_handles(ctx, (number - 1) * PER_LIST, number * PER_LIST)) do
      add_url(ctx, urls, "/products/" .. text.url_encode(found.handle), found.updated_at)
    end
  else
    return page.message(page.open(ctx), 404)
  end
  send_urls(ctx, urls)
end)

return true
