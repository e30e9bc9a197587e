-- A section says which list it wants to show; the engine reads the list and makes cards of it.
local M = {}

local LISTS = {
  newest = { sort = "created_desc", title_key = "home.newest", url = "/collections/all?sort_by=created-descending" },
  featured = { sort = "featured", title_key = "home.featured", url = "/collections/all" },
  sale = { sort = "featured", is_on_sale = true, title_key = "home.sale", url = "/collections/all?filter.sale=1" },
}

function M.featured_products(input, cfg)
  local wanted = input.settings or {}
  local list = LISTS[wanted.choice or cfg.choice] or LISTS.newest
  return {
    products = { sort = list.sort, is_on_sale = list.is_on_sale, limit = wanted.limit or cfg.limit },
    title_key = list.title_key, url = list.url,
  }
end

return M
