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

return catalog
