--- What a piece costs before promotions: the price list, then price rules. Carts ask for their lines,
--- list pages once for all their cards.
local draft = require("domain.draft")
local rules = require("domain.pricing.rules")

local pricing = {}

pricing.apply = rules.apply

---@class merx.PriceItem
---@field variant_id integer
---@field product_id? integer
---@field amount integer price of the list for `pieces` pieces
---@field pieces? integer
---@field offers? merx.PriceRow[] other rows of the price list: sales, tiers
---@field tags? string[]
---@field categories? string[]
---@field tax_class? string

--- The prices of many variants at once: each price rule is asked one time for the whole page. A rule
--- that fails is skipped, and the list price stands.
---@param ctx merx.Context
---@param items merx.PriceItem[] at most one for each variant
---@param handlers merx.Handler[] price rules, in order
---@return table<integer, { amount: integer, pieces: integer }> by variant id
function pricing.page(ctx, items, handlers)
  local prices = {}
  if #handlers == 0 then
    for _, item in ipairs(items) do prices[item.variant_id] = { amount = item.amount, pieces = item.pieces or 1 } end
    return prices
  end
  local lines = {}
  for i, item in ipairs(items) do
    lines[i] = {
      id = tostring(item.variant_id), variant_id = item.variant_id, product_id = item.product_id, qty = 1,
      list = item.amount, list_pieces = item.pieces, offers = item.offers, tags = item.tags, categories = item.categories, tax_class = item.tax_class,
    }
  end
  local work = draft.open({ lines = lines, currency = ctx.currency, locale = ctx.locale, country = ctx.country }, ctx)
  rules.apply(work, handlers)
  for _, line in ipairs(work.lines) do prices[line.variant_id] = { amount = line.unit, pieces = line.unit_pieces } end
  return prices
end

return pricing
