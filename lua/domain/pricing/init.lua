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
---@field offers? merx.PriceRow[] other rows of the price list: sales, tiers
---@field tags? string[]
---@field categories? string[]
---@field tax_class? string

local NOTHING <const> = {}

-- What a price rule may ask of an item, as of a line of a cart with one piece. Only what its manifest
-- names is ever worked out.
local LINE <const> = {
  id = function(item) return tostring(item.variant_id) end,
  qty = function() return 1 end,
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

-- The working paper of a page: its items are the lines, and nothing is noted in a ledger.
local function open_page(ctx, items)
  local lines, by_id = {}, {}
  for i, item in ipairs(items) do
    local id, pieces = tostring(item.variant_id), item.pieces or 1
    local line = setmetatable({
      id = id, variant_id = item.variant_id, product_id = item.product_id, amount = item.amount, pieces = pieces,
      unit = item.amount, unit_pieces = pieces, offers = item.offers, tags = item.tags, categories = item.categories,
      tax_class = item.tax_class,
    }, line_meta)
    lines[i], by_id[id] = line, line
  end
  return setmetatable({
    lines = lines, by_id = by_id, now = ctx.now, currency = ctx.currency, locale = ctx.locale, country = ctx.country,
    issues = {}, blocks = {},
  }, page_meta)
end

--- The prices of many variants at once: each price rule is asked one time for the whole page. A rule
--- that fails is skipped, and the list price stands.
---@param ctx merx.Context
---@param items merx.PriceItem[] at most one for each variant
---@param handlers merx.Handler[] price rules, in order
---@return table<integer, { amount: integer, pieces: integer }> by variant id
function pricing.page(ctx, items, handlers)
  local prices = {}
  for _, item in ipairs(items) do prices[item.variant_id] = { amount = item.amount, pieces = item.pieces or 1 } end
  if #handlers == 0 or #items == 0 then return prices end
  local work = open_page(ctx, items)
  for _, handler in ipairs(handlers) do
    for _, op in ipairs(draft.ask(work, handler) or NOTHING) do
      local line = work.by_id[op.line]
      line.unit, line.unit_pieces = op.amount, op.pieces or 1
      prices[line.variant_id] = { amount = line.unit, pieces = line.unit_pieces }
    end
  end
  return prices
end

return pricing
