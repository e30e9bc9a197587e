--- One product with all that its page shows, in the language of the context.
local cache = require("kernel.cache")
local categories = require("domain.catalog.categories")
local db = require("kernel.db")
local json = require("kernel.json")
local prices = require("domain.catalog.prices")

local product = {}

local THIRTY_DAYS <const> = 30 * 24 * 3600 * 1000
local KEPT <const> = 128 -- whole products in each thread
local REMEMBERED <const> = KEPT -- those that were asked for once: of more, few are asked for again while they are kept

---@class merx.Product
---@field id integer
---@field handle string
---@field kind "simple"|"variable"|"grouped"|"bundle"|"external"
---@field title string
---@field summary string clean HTML
---@field description string clean HTML
---@field images merx.Media[]
---@field options merx.Option[]
---@field variants merx.Variant[]
---@field attributes { title: string, values: string[], is_visible: boolean }[]
---@field category? merx.Category where the way back up leads
---@field is_kept? boolean it will be the same one the next time, unless it is touched

---@class merx.Variant
---@field id integer
---@field title string
---@field sku? string
---@field values table<integer, integer> option id -> value id; no entry: any value
---@field available integer what can still be sold, math.maxinteger when nobody counts
---@field prices merx.PriceRow[]
---@field amount? integer of one piece now, before rules of plugins
---@field compare_amount? integer
---@field lowest_amount? integer of the last 30 days, when it is reduced

--- Whether shoppers may see it now; notes the next moment at which that changes.
---@param ctx merx.Context
---@param row table
---@return boolean
function product.is_visible(ctx, row)
  for _, boundary in ipairs({ row.publish_at or 0, row.unpublish_at or 0 }) do
    if boundary > ctx.now then cache.valid_until(boundary) end
  end
  return row.state == "active"
    and (not row.publish_at or row.publish_at <= ctx.now)
    and (not row.unpublish_at or row.unpublish_at > ctx.now)
    and not db.value("product_hidden_in_channel", { product_id = row.id, channel_id = ctx.channel.id })
end

local function translate_product(ctx, row)
  for _, text in ipairs(db.many("product_translations", { product_id = row.id, locale = ctx.locale })) do
    if row[text.field] then row[text.field] = text.value end
  end
end

local function translated(ctx, query, id)
  local found = {}
  if ctx.locale == ctx.channel.locale then return found end
  for _, text in ipairs(db.many(query, { product_id = id, locale = ctx.locale })) do
    found[text.entity .. text.entity_id .. (text.field or "")] = text.value
  end
  return found
end

local function load_options(ctx, row)
  row.options = db.many("options_of_product", { product_id = row.id })
  if #row.options == 0 then return end -- most have none: nothing else to read
  local words = translated(ctx, "option_translations", row.id)
  local by_id = {}
  for _, option in ipairs(row.options) do
    option.key = option.title -- what a form sends: the same in every language
    option.title = words["option" .. option.id] or option.title
    option.values = {}
    by_id[option.id] = option
  end
  for _, value in ipairs(db.many("option_values_of_product", { product_id = row.id })) do
    value.key = value.title
    value.title = words["value" .. value.id] or value.title
    table.insert(by_id[value.option_id].values, value)
  end
end

local function load_attributes(ctx, row)
  row.attributes = db.many("attributes_of_product", { product_id = row.id })
  if #row.attributes == 0 then return end
  local words = translated(ctx, "attribute_translations", row.id)
  local by_attribute = {}
  for _, attribute in ipairs(row.attributes) do
    attribute.is_visible = attribute.is_visible == 1
    attribute.title = words["attribute" .. attribute.id .. "title"] or attribute.title
    attribute.values = attribute.attribute_id and {} or json.decode(words["attribute" .. attribute.id .. "words"] or attribute.words)
    if attribute.attribute_id then by_attribute[attribute.attribute_id] = attribute.values end
  end
  for _, term in ipairs(next(by_attribute) and db.many("terms_of_product", { product_id = row.id }) or {}) do
    local values = by_attribute[term.attribute_id]
    if values then values[#values + 1] = words["term" .. term.id .. "title"] or term.title end
  end
end

local function by_variant(rows)
  local grouped = {}
  for _, row in ipairs(rows) do
    local list = grouped[row.variant_id]
    if not list then
      list = {}
      grouped[row.variant_id] = list
    end
    list[#list + 1] = row
  end
  return grouped
end

-- Adds what stands at one place: an account without a floor is sold without end.
local function add_account(entry, row)
  entry.on_hand = entry.on_hand + row.available
  if row.low_at then entry.low_at = math.max(row.low_at, entry.low_at or row.low_at) end
  if row.floor then
    entry.floor = math.min(row.floor, entry.floor or row.floor)
  else
    entry.is_unlimited = true
  end
  local floor = entry.floor or 0
  entry.available = entry.is_unlimited and math.maxinteger or entry.on_hand - floor
  entry.can_backorder = entry.is_unlimited or floor < 0
end

--- What can still be sold of each owner (variant, or product).
---@param id integer of the product
---@return table<integer, { on_hand: integer, available: integer, low_at?: integer, can_backorder: boolean }>
function product.stock(id)
  local stock = {}
  for _, row in ipairs(db.many("stock_of_product", { product_id = id })) do
    local entry = stock[row.owner_id]
    if not entry then
      entry = { on_hand = 0, available = 0, low_at = nil, can_backorder = false, floor = nil, is_unlimited = false }
      stock[row.owner_id] = entry
    end
    add_account(entry, row)
  end
  return stock
end

local UNCOUNTED <const> = { available = math.maxinteger, on_hand = math.maxinteger, can_backorder = false }

local function load_prices(ctx, row)
  local list = by_variant(db.many("prices_of_product", { product_id = row.id, price_list_id = ctx.channel.price_list_id }))
  local reduced = false
  for _, variant in ipairs(row.variants) do
    variant.prices = list[variant.id] or {}
    local price, until_ms = prices.choose(variant.prices, ctx.now)
    if until_ms < math.maxinteger then cache.valid_until(until_ms) end
    if price then
      variant.amount = -(-price.amount // price.pieces)
      variant.compare_amount = price.compare_amount and price.compare_amount > price.amount and price.compare_amount or nil
      reduced = reduced or variant.compare_amount ~= nil
    end
  end
  if not reduced then return end
  local lowest = {}
  for _, entry in ipairs(db.many("lowest_prices_of_product", {
    product_id = row.id, channel_id = ctx.channel.id, currency = ctx.currency, before = THIRTY_DAYS,
  })) do
    lowest[entry.variant_id] = entry.amount
  end
  for _, variant in ipairs(row.variants) do
    if variant.compare_amount then variant.lowest_amount = lowest[variant.id] end
  end
end

local function load_variants(ctx, row, query)
  row.variants = db.many(query, { product_id = row.id })
  local values = {}
  for _, entry in ipairs(#row.options > 0 and db.many("variant_values_of_product", { product_id = row.id }) or {}) do
    values[entry.variant_id] = values[entry.variant_id] or {}
    values[entry.variant_id][entry.option_id] = entry.value_id
  end
  local stock = row.tracking == "none" and {} or product.stock(row.id)
  for _, variant in ipairs(row.variants) do
    variant.values = values[variant.id] or {}
    local entry = row.tracking == "product" and stock[row.id] or row.tracking == "variant" and stock[variant.id] or UNCOUNTED
    variant.available, variant.on_hand = entry.available, entry.on_hand
    variant.low_at, variant.can_backorder = entry.low_at, entry.can_backorder
    variant.is_available = entry.available >= variant.min_quantity
  end
  load_prices(ctx, row)
end

local function load_category(ctx, row)
  local id = db.value("primary_category_of", { product_id = row.id })
  local category = id and categories.tree(ctx).by_id[id]
  row.category = category and category.is_visible and category or nil
end

local function load_relations(row)
  row.relations = { related = {}, up_sell = {}, cross_sell = {}, member = {} }
  for _, relation in ipairs(db.many("relations_of_product", { product_id = row.id })) do
    local list = row.relations[relation.kind]
    list[#list + 1] = { id = relation.target_id, quantity = relation.quantity }
  end
end

local function load_rest(ctx, row, variants_query)
  cache.read("product:" .. row.id)
  if ctx.locale ~= ctx.channel.locale then translate_product(ctx, row) end
  load_options(ctx, row)
  load_variants(ctx, row, variants_query)
  load_attributes(ctx, row)
  row.images = db.many("media_of_product", { product_id = row.id })
  load_category(ctx, row)
  load_relations(row)
  return row
end

local function load_visible(ctx, row)
  cache.read("product:" .. row.id) -- also when it is hidden: the page that says so must not be stale
  return product.is_visible(ctx, row) and load_rest(ctx, row, "variants_of_product") or nil
end

local find_kept = cache.keep(KEPT, function(ctx, handle)
  cache.read("channels") -- the language that texts were written in
  local row = db.one("product_by_handle", { handle = handle })
  return row and load_visible(ctx, row)
end, REMEMBERED)

--- A product that shoppers may see now, whole, or nil. It is kept and shared: whoever changes a part of
--- it changes it for all.
---@param ctx merx.Context
---@param handle string
---@return merx.Product?
function product.find_by_handle(ctx, handle)
  local channel = ctx.channel
  local key = channel.id .. " " .. channel.price_list_id .. " " .. ctx.locale .. " " .. ctx.currency .. " " .. handle
  local found, is_kept = find_kept(key, ctx.now, ctx, handle)
  if found then found.is_kept = is_kept end
  return found
end

---@param ctx merx.Context
---@param id integer
---@return merx.Product?
function product.find(ctx, id)
  local row = db.one("product_by_id", { id = id })
  return row and load_visible(ctx, row)
end

--- A product whole, whether shoppers may see it and its variants or not: for exports and editors.
---@param ctx merx.Context
---@param id integer
---@return merx.Product?
function product.load(ctx, id)
  local row = db.one("product_by_id", { id = id })
  return row and load_rest(ctx, row, "variants_to_edit")
end

--- The variant that has all of the chosen values. A variant without an entry for an option fits any.
---@param found merx.Product
---@param chosen table<integer, integer> option id -> value id, for every option
---@return merx.Variant?
function product.match_variant(found, chosen)
  for _, variant in ipairs(found.variants) do
    local fits = true
    for option, value in pairs(variant.values) do fits = fits and chosen[option] == value end
    if fits then return variant end
  end
end

return product
