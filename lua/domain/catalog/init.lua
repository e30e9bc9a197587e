--- What is sold: products, their variants, the tree of categories.
local cache = require("kernel.cache")
local categories = require("domain.catalog.categories")
local db = require("kernel.db")
local prices = require("domain.catalog.prices")
local product = require("domain.catalog.product")

local catalog = {
  find_product = product.find,
  load_product = product.load,
  find_product_by_handle = product.find_by_handle,
  match_variant = product.match_variant,
  choose_price = prices.choose,
  offers = prices.offers,
  category_tree = categories.tree,
  find_category = categories.find,
  category_path = categories.path,
}

--- Where an old address leads now.
---@param path string
---@return { target: string, status: integer }?
function catalog.find_redirect(path)
  cache.read("redirects")
  return db.one("redirect_of", { path = path })
end

--- The highest id that a product has, seen or not; 0 without any.
---@return integer
function catalog.last_product_id()
  return db.value("product_last_id") or 0
end

--- Handles of the products that anybody may find now, for a sitemap.
---@param ctx merx.Context
---@param after integer only those with a higher id
---@param last integer and none above this
---@return { handle: string, updated_at: integer }[]
function catalog.list_handles(ctx, after, last)
  return db.many("product_handles", { after = after, last = last, channel_id = ctx.channel.id, now = ctx.now })
end

return catalog
