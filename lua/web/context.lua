--- Who asks for what, in which language: read from the request once, given to everything below.
local channel = require("domain.channel")
local clock = require("kernel.clock")

local context = {}

---@class merx.WebContext: merx.Context
---@field req userdata
---@field path string without the storefront's prefix and the language
---@field root string what stands before every address: "" or "/zh-CN"
---@field base_url string scheme and host
---@field scheme ""|"light"|"dark" the colours that the visitor chose
---@field cart_token string?
---@field event? { name: string, subject_id?: integer, details?: merx.ActivityDetails } what seeing the page is called by
---  GA4; else it is a page_view

-- "/zh-CN/products/x" -> "zh-CN", "/products/x". The first language has no prefix.
local function split_locale(row, path)
  local first, rest = path:match("^/([^/]+)(.*)$")
  for i, locale in ipairs(row.locales) do
    if i > 1 and first == locale then return locale, rest == "" and "/" or rest end
  end
  return row.locales[1], path
end

local SCHEMES <const> = { light = "light", dark = "dark" }

--- The context of a request, or nil when no storefront answers at its address.
---@param req userdata
---@return merx.WebContext?
function context.of(req)
  local row = channel.find_by_address(req.host:match("^[^:]*"), req.path)
  if not row then return nil end
  local path = row.path ~= "" and req.path:sub(#row.path + 1) or req.path
  if path == "" then path = "/" end
  local locale
  locale, path = split_locale(row, path)
  local ctx = channel.context(row, clock.now(), locale)
  ctx.req, ctx.path = req, path
  ctx.root = row.path .. (locale ~= row.locales[1] and "/" .. locale or "")
  ctx.base_url = req.scheme .. "://" .. req.host
  ctx.scheme = SCHEMES[req:cookie("scheme") or ""] or ""
  ctx.cart_token = req:cookie("cart")
  return ctx
end

local SLASH <const> = ("/"):byte()

local prefixes = setmetatable({}, { __mode = "k" }) -- by storefront: what stands before a path, by language

local function prefix_of(row, locale)
  local found = prefixes[row]
  if not found then
    found = {}
    for i, known in ipairs(row.locales) do found[known] = row.path .. (i > 1 and "/" .. known or "") end
    prefixes[row] = found
  end
  return found[locale]
end

--- The same page in another language of the storefront.
---@param ctx merx.WebContext
---@param locale string
---@return string
function context.path_in(ctx, locale)
  local paths = ctx.paths
  if not paths then
    paths = {}
    ctx.paths = paths
  end
  local path = paths[locale]
  if not path then
    path = prefix_of(ctx.channel, locale) .. ctx.path
    if #path > 1 and path:byte(-1) == SLASH then path = path:sub(1, -2) end
    paths[locale] = path
  end
  return path
end

return context
