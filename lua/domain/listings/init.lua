--- Lists of products: pages that are sorted, filtered and walked by cursor, from derived rows.
local cache = require("kernel.cache")
local categories = require("domain.catalog.categories")
local db = require("kernel.db")
local inventory = require("domain.inventory")
local json = require("kernel.json")
local prices = require("domain.catalog.prices")
local refresh = require("domain.listings.refresh")

local listings = {}

local KEPT_CARDS <const> = 512 -- in each thread, for each storefront and language
local KEPT_SHELVES <const> = 48 -- pages of lists, the same

---@class merx.Card kept and shared: read it, never change it
---@field product_id integer
---@field variant_id integer the lead variant, the cheapest one
---@field kind string
---@field handle string
---@field title string
---@field brand string
---@field choices integer variants that can be chosen
---@field list_amount integer of the lead variant, for list_pieces
---@field list_pieces integer
---@field offers merx.PriceRow[] its other price rows that hold now
---@field price_amount integer lowest price of its variants, before rules of plugins
---@field price_max integer
---@field is_available boolean
---@field line? table what price rules are asked about it, kept with it
---@field shown? table what views keep with it

---@class merx.Facet
---@field attribute_id integer
---@field title string
---@field handle string
---@field terms { id: integer, title: string, count: integer }[]

---@class merx.ListQuery
---@field category_id integer 0 for all products
---@field sort string one of listings.sorts
---@field after? table cursor of the last card of the page before
---@field limit integer
---@field terms? table<integer, integer[]> attribute id -> term ids: OR within, AND across
---@field min_amount? integer
---@field max_amount? integer
---@field is_available? boolean
---@field is_on_sale? boolean

-- How each order walks: the key, its direction, and the SQL name of the key.
local SORTS <const> = {
  position = { key = "l.position" },
  featured = { key = "l.featured" },
  price = { key = "l.price_amount" },
  price_desc = { key = "l.price_amount", descending = true },
  created_desc = { key = "l.created_at", descending = true },
  created = { key = "l.created_at" },
  title = { key = "t.title_key", by_title = true },
  title_desc = { key = "t.title_key", by_title = true, descending = true },
}
listings.sorts = SORTS

local FROM_LISTINGS <const> = [[
  FROM listings AS l
 WHERE l.channel_id = :channel_id AND l.price_list_id = :price_list_id AND l.category_id = :category_id]]

local FROM_TITLES <const> = [[
  FROM listing_titles AS t
  JOIN listings AS l ON l.channel_id = t.channel_id AND l.price_list_id = :price_list_id
   AND l.category_id = t.category_id AND l.product_id = t.product_id
 WHERE t.channel_id = :channel_id AND t.locale = :locale AND t.category_id = :category_id]]

-- One condition for each attribute. Which terms is bound as a list, so that visitors cannot make
-- statements without end.
local function term_filter(terms)
  local parts = {}
  for _ in pairs(terms) do
    parts[#parts + 1] = "\n   AND EXISTS (SELECT 1 FROM product_terms AS pt WHERE pt.product_id = l.product_id"
      .. " AND pt.term_id IN (SELECT value FROM json_each(:terms_" .. #parts + 1 .. ")))"
  end
  return table.concat(parts)
end

local function params_of(ctx, query, limit)
  local params = {
    channel_id = ctx.channel.id, price_list_id = ctx.channel.price_list_id, category_id = query.category_id,
    locale = ctx.locale, limit = limit, min_amount = query.min_amount, max_amount = query.max_amount,
    after_key = query.after and query.after.key, after_id = query.after and query.after.id,
  }
  local count = 0
  for _, ids in pairs(query.terms or {}) do
    count = count + 1
    params["terms_" .. count] = json.encode(json.array(ids))
  end
  return params
end

local function filters_of(query)
  local parts = {}
  if query.min_amount then parts[#parts + 1] = "\n   AND l.price_amount >= :min_amount" end
  if query.max_amount then parts[#parts + 1] = "\n   AND l.price_amount <= :max_amount" end
  if query.is_available then parts[#parts + 1] = "\n   AND l.is_available = 1" end
  if query.is_on_sale then parts[#parts + 1] = "\n   AND l.is_on_sale = 1" end
  if query.terms then parts[#parts + 1] = term_filter(query.terms) end
  return table.concat(parts)
end

local statements = {} -- by shape of the query; the SQL is the same, so is the prepared statement

local function sql_of(query, sort)
  local shape = query.sort .. (query.after and "+" or "") .. filters_of(query)
  local found = statements[shape]
  if found then return found end
  local compare = sort.descending and "<" or ">"
  local order = sort.descending and " DESC" or ""
  local after = ""
  if query.after then
    after = ("\n   AND (%s, l.product_id) %s (:after_key, :after_id)"):format(sort.key, compare)
  end
  local id = sort.by_title and "t.product_id" or "l.product_id"
  found = db.built("SELECT l.product_id, " .. sort.key .. " AS sort_key" .. (sort.by_title and FROM_TITLES or FROM_LISTINGS)
    .. filters_of(query) .. after:gsub("l%.product_id", id)
    .. "\n ORDER BY " .. sort.key .. order .. ", " .. id .. order .. "\n LIMIT :limit")
  statements[shape] = found
  return found
end

local NO_OFFERS <const> = {}

-- What a card depends on by the clock: publish windows now, price windows of its offers.
local function note_boundaries(ctx, card, offers)
  if card.valid_until < math.maxinteger then cache.valid_until(card.valid_until) end
  for _, offer in ipairs(offers) do
    if offer.starts_at and offer.starts_at > ctx.now then cache.valid_until(offer.starts_at) end
    if offer.ends_at and offer.ends_at > ctx.now then cache.valid_until(offer.ends_at) end
  end
end

-- The card of a product, false when it is not shown now.
local function load_card(ctx, id)
  cache.read("product:" .. id)
  local card = db.one("listing_card_get", {
    channel_id = ctx.channel.id, price_list_id = ctx.channel.price_list_id, locale = ctx.locale, product_id = id,
  })
  if not card or card.valid_until <= ctx.now then return false end
  if card.valid_from > ctx.now then
    cache.valid_until(card.valid_from) -- it appears by the clock
    return false
  end
  local offers = card.offers == "[]" and NO_OFFERS or json.decode(card.offers)
  card.offers = offers == NO_OFFERS and NO_OFFERS or prices.offers(offers, ctx.now)
  card.is_available = card.is_available == 1
  note_boundaries(ctx, card, offers)
  return card
end

local function cards_by(find, ctx, ids, count)
  local cards = {}
  for i = 1, count do cards[#cards + 1] = find(ids[i], ctx.now, ctx, ids[i]) or nil end
  return cards
end

---@class merx.Shelves what is kept of a storefront, price list and language
---@field card fun(id: integer, now: integer, ctx: merx.Context, id: integer): merx.Card|false until its product is touched
---@field shelf fun(key: integer, now: integer, ctx: merx.Context, ids: integer[], count: integer): table cards in a row,
--- while all of them hold

local shelves = {} ---@type table<string, merx.Shelves>

local function open_shelves()
  local self = { card = cache.keep(KEPT_CARDS, load_card) }
  self.shelf = cache.keep(KEPT_SHELVES, function(ctx, ids, count)
    return { ids = ids, count = count, cards = cards_by(self.card, ctx, ids, count) }
  end)
  return self
end

local function shelves_of(ctx)
  local key = ctx.channel.id .. " " .. ctx.channel.price_list_id .. " " .. ctx.locale
  local found = shelves[key]
  if not found then
    found = open_shelves()
    shelves[key] = found
  end
  return found
end

local function holds_these(shelf, ids, count)
  if shelf.count ~= count then return false end
  local known = shelf.ids
  for i = 1, count do
    if known[i] ~= ids[i] then return false end
  end
  return true
end

local MIX <const> = -0x61c8864680b583eb -- odd; spreads ids over 64 bits

-- The cards of these products: the same array as long as all of them hold, so that views may keep with it
-- what they make of it.
local function cards_in_row(ctx, ids, count)
  local from, key = shelves_of(ctx), count
  for i = 1, count do key = (key ~ ids[i]) * MIX end
  local shelf = from.shelf(key, ctx.now, ctx, ids, count)
  if holds_these(shelf, ids, count) then return shelf.cards end
  return cards_by(from.card, ctx, ids, count) -- others have the same key
end

--- One page of a list.
---@param ctx merx.Context
---@param query merx.ListQuery
---@return merx.Card[] cards kept and shared, as long as they are the same: read it, never change it
---@return boolean has_more
---@return table? cursor of the place behind the last card
function listings.page(ctx, query)
  local sort = assert(SORTS[query.sort], "there is no sort " .. tostring(query.sort))
  cache.read("category:" .. query.category_id)
  local ids, keys = sql_of(query, sort):arrays(params_of(ctx, query, query.limit + 1))
  local count = math.min(#ids, query.limit)
  return cards_in_row(ctx, ids, count), #ids > query.limit, count > 0 and { key = keys[count], id = ids[count] } or nil
end

local counters = {}

--- How many products a filtered list has, counted up to `bound`.
---@param ctx merx.Context
---@param query merx.ListQuery
---@param bound integer
---@return integer
function listings.count_filtered(ctx, query, bound)
  local shape = filters_of(query)
  counters[shape] = counters[shape] or db.built("SELECT count(*) AS total FROM (SELECT 1" .. FROM_LISTINGS .. shape .. "\n LIMIT :limit)")
  return counters[shape]:one(params_of(ctx, query, bound)).total
end

--- Cards of given products, in that order and each once, without those that are not shown.
---@param ctx merx.Context
---@param ids integer[]
---@return merx.Card[]
function listings.cards(ctx, ids)
  local cards, find, seen = {}, shelves_of(ctx).card, {}
  for _, id in ipairs(ids) do
    cards[#cards + 1] = not seen[id] and find(id, ctx.now, ctx, id) or nil
    seen[id] = true
  end
  return cards
end

--- How many products a list has, without filters.
---@param ctx merx.Context
---@param category_id integer
---@return integer
function listings.count(ctx, category_id)
  cache.read("category:" .. category_id)
  return db.value("listing_count", {
    channel_id = ctx.channel.id, price_list_id = ctx.channel.price_list_id, category_id = category_id,
  }) or 0
end

local function translate_facets(ctx, facets)
  if ctx.locale == ctx.channel.locale then return end
  for entity, field in pairs({ attribute = "attribute_id", attribute_term = "term_id" }) do
    local words = {}
    for _, row in ipairs(db.many("translations_of_entity", { entity = entity, locale = ctx.locale })) do
      if row.field == "title" then words[row.entity_id] = row.value end
    end
    for _, facet in ipairs(facets) do
      if entity == "attribute" then
        facet.title = words[facet[field]] or facet.title
      else
        for _, term in ipairs(facet.terms) do term.title = words[term.id] or term.title end
      end
    end
  end
end

local facets_of = cache.memo(function(key) return "category:" .. key:match("%d+$") end, function(_, ctx, category_id)
  local facets, current = {}, nil
  for _, row in ipairs(db.many("listing_facets_of", { channel_id = ctx.channel.id, category_id = category_id })) do
    if not current or current.attribute_id ~= row.attribute_id then
      current = { attribute_id = row.attribute_id, title = row.attribute, handle = row.attribute_handle, terms = {} }
      facets[#facets + 1] = current
    end
    current.terms[#current.terms + 1] = { id = row.term_id, title = row.title, color = row.color, count = row.total }
  end
  translate_facets(ctx, facets)
  local range = db.one("listing_price_range", {
    channel_id = ctx.channel.id, price_list_id = ctx.channel.price_list_id, category_id = category_id,
  })
  return { attributes = facets, low = range.low, high = range.high }
end)

--- What a list can be filtered by, with counts of the list without filters. Kept until it is touched.
---@param ctx merx.Context
---@param category_id integer
---@return { attributes: merx.Facet[], low?: integer, high?: integer }
function listings.facets(ctx, category_id)
  return facets_of(ctx.locale .. ":" .. ctx.channel.locale .. ":" .. ctx.channel.id .. ":" .. category_id, ctx, category_id)
end

--- Which list a category's handle means: "all" is every product.
---@param ctx merx.Context
---@param handle string
---@return integer? category_id
---@return merx.Category?
function listings.find(ctx, handle)
  local category = categories.find(ctx, handle)
  if category then return category.id, category end
  if handle == "all" then return 0 end
end

listings.refresh = refresh.product
listings.refresh_all = refresh.all
listings.groups_of = refresh.groups_of
listings.terms = refresh.terms
listings.differences = refresh.differences

inventory.changed_with(refresh.product) -- what is sold out leaves the lists in the same transaction

require("domain.listings.schedule")

return listings
