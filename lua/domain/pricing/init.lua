--- What a piece costs before promotions: the price list, then price rules. Carts ask for their lines,
--- list pages once for all their cards.
local draft = require("domain.draft")
local money = require("domain.money")
local rules = require("domain.pricing.rules")

local pricing = {}

pricing.apply = rules.apply

---@class merx.PriceItem
---@field variant_id integer
---@field product_id? integer
---@field amount integer price of the list for `pieces` pieces
---@field pieces? integer
---@field offers? merx.PriceRow[] other rows of the price list that hold now: sales, tiers
---@field tags? string[]
---@field categories? string[]
---@field tax_class? string

local NOTHING <const> = {}

-- What a price rule may ask of an item, as of a line of a cart with one piece. Only what its manifest
-- names is ever worked out.
local LINE <const> = {
  list = function(item) return item.amount end,
  list_pieces = function(item) return item.pieces end,
  worth = function(item) return money.times(item.unit, item.unit_pieces, 1) end,
  list_worth = function(item) return money.times(item.amount, item.pieces, 1) end,
  discount = function() return 0 end,
  taxable = function() return true end,
  tax_class = function() return "standard" end,
  tags = function() return NOTHING end,
  categories = function() return NOTHING end,
}

local line_meta = { __index = function(item, name)
  local find = LINE[name]
  return find and find(item)
end }

local function sum(lines, name)
  local total = 0
  for _, line in ipairs(lines) do total = total + line[name] end
  return total
end

local PAGE <const> = {
  subtotal = function(work) return sum(work.lines, "worth") end,
  list = function(work) return sum(work.lines, "list_worth") end,
  customer = function() return NOTHING end,
  codes = function() return NOTHING end,
  fees = function() return NOTHING end,
}

local page_meta = { __index = function(work, name)
  local find = PAGE[name]
  return find and find(work)
end }

--- What price rules are asked about an item. It may be kept and asked again.
---@param item merx.PriceItem
---@return table line `unit` for `unit_pieces` is its price once pricing.ask() was asked
function pricing.line(item)
  local pieces = item.pieces or 1
  local offers = item.offers and #item.offers > 0 and item.offers or nil
  return setmetatable({
    id = tostring(item.variant_id), qty = 1, variant_id = item.variant_id, product_id = item.product_id, amount = item.amount,
    pieces = pieces, unit = item.amount, unit_pieces = pieces, offers = offers, tags = item.tags,
    categories = item.categories, tax_class = item.tax_class,
  }, line_meta)
end

-- Lines by id, found out when the first rule wants to change one.
local index_meta = { __index = function(by_id, id)
  for _, line in ipairs(by_id.lines or NOTHING) do by_id[line.id] = line end
  by_id.lines = nil
  return rawget(by_id, id)
end }

-- The working paper of a page: nothing is noted in a ledger.
local function open_page(ctx, lines)
  return setmetatable({
    lines = lines, by_id = setmetatable({ lines = lines }, index_meta), now = ctx.now, currency = ctx.currency,
    locale = ctx.locale, country = ctx.country, issues = {}, blocks = {},
  }, page_meta)
end

--- Sets the prices of many lines at once: each price rule is asked one time for all of them. A rule that
--- fails is skipped, and the list price stands.
---@param ctx merx.Context
---@param lines table[] of pricing.line(), at most one for each variant
---@param handlers merx.Handler[] price rules, in order
function pricing.ask(ctx, lines, handlers)
  for _, line in ipairs(lines) do line.unit, line.unit_pieces = line.amount, line.pieces end
  if #handlers == 0 or #lines == 0 then return end
  local work = open_page(ctx, lines)
  for _, handler in ipairs(handlers) do
    for _, op in ipairs(draft.ask(work, handler) or NOTHING) do
      local line = work.by_id[op.line]
      line.unit, line.unit_pieces = op.amount, op.pieces or 1
    end
  end
end

--- The same for items that nobody keeps.
---@param ctx merx.Context
---@param items merx.PriceItem[]
---@param handlers merx.Handler[]
---@return table<integer, { amount: integer, pieces: integer }> by variant id
function pricing.page(ctx, items, handlers)
  local lines, prices = {}, {}
  for i, item in ipairs(items) do lines[i] = pricing.line(item) end
  pricing.ask(ctx, lines, handlers)
  for _, line in ipairs(lines) do prices[line.variant_id] = { amount = line.unit, pieces = line.unit_pieces } end
  return prices
end

return pricing
