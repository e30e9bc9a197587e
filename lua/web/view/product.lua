--- A product as its page sees it: what can be chosen, what is chosen, what that costs and when it comes.
local cache = require("kernel.cache")
local catalog = require("domain.catalog")
local card = require("web.view.card")
local filters = require("web.filters")
local i18n = require("kernel.i18n")
local image = require("web.view.image")
local lazy = require("web.view.lazy")
local listings = require("domain.listings")
local page = require("web.page")
local pricing = require("domain.pricing")
local quote = require("domain.quote")
local settings = require("kernel.settings")
local stores = require("web.stores")
local template = require("kernel.template")

local product = {}

local hundredths = filters.hundredths
local DAY <const> = 86400000
local RELATED <const> = 4
local PARTS <const> = 6 -- printed of one product or list: sections of its page, in each scheme of colours
local MOST_CHOICES <const> = 8 -- of one product that something printed is kept for

-- What price rules are asked about a variant; nil when it has no price.
local function line_of(ctx, found, variant)
  local _, _, base = catalog.choose_price(variant.prices, ctx.now)
  return base and pricing.line({
    variant_id = variant.id, product_id = found.id, amount = base.amount, pieces = base.pieces,
    offers = catalog.offers(variant.prices, ctx.now, base), tax_class = variant.tax_class,
  })
end

-- Lines of all variants that have a price; they stay with the product, which is kept until another price holds.
local function lines_of(ctx, found)
  local lines = found.lines
  if not lines then
    lines = {}
    for _, variant in ipairs(found.variants) do
      variant.line = line_of(ctx, found, variant)
      lines[#lines + 1] = variant.line
    end
    found.lines = lines
  end
  return lines
end

-- Asks price rules about all variants at once.
local function set_prices(ctx, found)
  pricing.ask(ctx, lines_of(ctx, found), quote.handlers("price_rule"))
  for _, variant in ipairs(found.variants) do
    local line = variant.line
    local list = line and -(-line.amount // line.pieces)
    variant.now_amount = line and -(-line.unit // line.unit_pieces)
    variant.was_amount = line and list > variant.now_amount and list or nil
  end
end

-- Where a value stands in the options: by what a form sends, or by what a person reads.
local function find_value(option, wanted)
  for _, value in ipairs(option.values) do
    if value.key == wanted or value.title == wanted then return value end
  end
end

--- Reads what was chosen: `variant` wins, then one field for each option; a single value chooses itself.
---@param found merx.Product
---@param fields table<string, string> "variant", "options[Colour]"
---@return table<integer, integer> chosen option id -> value id
---@return merx.Variant? variant
function product.choose(found, fields)
  local chosen, by_id = {}, nil
  local wanted = math.tointeger(tonumber(fields.variant or fields.id))
  for _, variant in ipairs(found.variants) do
    if variant.id == wanted then by_id = variant end
  end
  for _, option in ipairs(found.options) do
    local value = fields["options[" .. option.key .. "]"] and find_value(option, fields["options[" .. option.key .. "]"])
    if by_id and by_id.values[option.id] and not value then
      chosen[option.id] = by_id.values[option.id]
    elseif value then
      chosen[option.id] = value.id
    elseif #option.values == 1 then
      chosen[option.id] = option.values[1].id
    end
  end
  local is_whole = true
  for _, option in ipairs(found.options) do is_whole = is_whole and chosen[option.id] ~= nil end
  if #found.options == 0 then return chosen, by_id or found.variants[1] end
  return chosen, is_whole and catalog.match_variant(found, chosen) or nil
end

-- Whether some variant that has this value, and all else that is chosen, can be bought.
local function value_is_available(found, chosen, option, value)
  for _, variant in ipairs(found.variants) do
    local fits = variant.values[option.id] == nil or variant.values[option.id] == value.id
    for other_id, other_value in pairs(chosen) do
      local own = variant.values[other_id]
      if other_id ~= option.id and own and own ~= other_value then fits = false end
    end
    if fits and variant.is_available then return true end
  end
  return false
end

local function option_views(found, chosen)
  local views = {}
  for position, option in ipairs(found.options) do
    local view = { name = option.title, key = option.key, position = position, values = {} }
    for _, value in ipairs(option.values) do
      local selected = chosen[option.id] == value.id
      if selected then view.selected_label, view.selected_value = value.title, value.title end
      view.values[#view.values + 1] = {
        name = value.title, value = value.key, selected = selected, available = value_is_available(found, chosen, option, value),
      }
    end
    views[position] = view
  end
  return views
end

local function price_fields(ctx, variants)
  local low, high, lowest
  for _, variant in ipairs(variants) do
    if variant.now_amount then
      if not low or variant.now_amount < low.now_amount then low = variant end
      high = math.max(high or 0, variant.now_amount)
      lowest = variant.was_amount and variant.lowest_amount or lowest
    end
  end
  if not low then return {} end
  return {
    price = hundredths(low.now_amount, ctx.currency), compare_at_price = hundredths(low.was_amount, ctx.currency),
    lowest_price = low.was_amount and hundredths(low.lowest_amount, ctx.currency) or nil,
    price_varies = high > low.now_amount, price_min = hundredths(low.now_amount, ctx.currency), price_max = hundredths(high, ctx.currency),
  }
end

local function variant_view(ctx, found, variant)
  if not variant then return nil end
  local view = price_fields(ctx, { variant })
  view.id, view.sku, view.title, view.available = variant.id, variant.sku, variant.title, variant.is_available
  view.url = ctx.root .. "/products/" .. found.handle .. "?variant=" .. variant.id
  return view
end

local function stock_of(self, found, variant)
  if found.kind == "external" or found.kind == "grouped" then return "in", "" end
  if not variant and #found.variants > 1 then
    for _, other in ipairs(found.variants) do
      if other.is_available then return "choose", page.text(self, "products.stock.choose") end
    end
    return "sold_out", page.text(self, "products.stock.sold_out")
  end
  variant = variant or found.variants[1]
  if not variant or not variant.is_available then return "sold_out", page.text(self, "products.stock.sold_out") end
  if variant.on_hand <= 0 then return "backorder", page.text(self, "products.stock.backorder") end
  if variant.low_at and variant.on_hand <= variant.low_at then
    return "low", page.text(self, "products.stock.low", { count = variant.on_hand })
  end
  return "in", page.text(self, "products.stock.in")
end

local function weight_text(ctx, mg)
  if mg >= 1000000 then return i18n.number(ctx.locale, mg / 1000000, { max = 2 }) .. " kg" end
  return i18n.number(ctx.locale, mg // 1000) .. " g"
end

local function size_text(ctx, variant)
  local parts = {}
  for _, um in ipairs({ variant.length_um, variant.width_um, variant.height_um }) do
    if um > 0 then parts[#parts + 1] = i18n.number(ctx.locale, um / 10000, { max = 1 }) end
  end
  return #parts > 0 and table.concat(parts, " × ") .. " cm" or nil
end

local function facts_of(self, found, variant)
  local ctx, facts = self.ctx, {}
  for _, attribute in ipairs(found.attributes) do
    if attribute.is_visible and #attribute.values > 0 then
      facts[#facts + 1] = { title = attribute.title, value = i18n.list(ctx.locale, attribute.values) }
    end
  end
  local shown = variant or found.variants[1]
  if shown and shown.weight_mg > 0 then facts[#facts + 1] = { title = page.text(self, "products.weight"), value = weight_text(ctx, shown.weight_mg) } end
  local size = shown and size_text(ctx, shown)
  if size then facts[#facts + 1] = { title = page.text(self, "products.dimensions"), value = size } end
  if shown and shown.sku then facts[#facts + 1] = { title = page.text(self, "products.sku"), value = shown.sku } end
  return facts
end

local function breadcrumbs(ctx, found)
  local crumbs = { { title = settings.get("shop.name"), url = ctx.root .. "/" } }
  for _, category in ipairs(found.category and catalog.category_path(found.category) or {}) do
    crumbs[#crumbs + 1] = { title = category.title, url = ctx.root .. "/collections/" .. category.handle }
  end
  crumbs[#crumbs + 1] = { title = found.title, url = ctx.root .. "/products/" .. found.handle }
  return crumbs
end

local KEPT_CATEGORIES <const> = 64

-- What a category puts forward, and where the parts of pages stay that show it without one of them.
local put_forward = cache.keep(KEPT_CATEGORIES, function(ctx, category_id)
  local cards = listings.page(ctx, { category_id = category_id, sort = "featured", limit = RELATED + 1 })
  return { cards = cards, stores = {} }
end)

local function put_forward_in(ctx, category)
  local key = ("%d %d %s %d"):format(ctx.channel.id, ctx.channel.price_list_id, ctx.locale, category.id)
  return put_forward(key, ctx.now, ctx, category.id)
end

local RELATIONS <const> = { "up_sell", "cross_sell", "related" }

local function related_ids(found)
  local ids, seen = {}, { [found.id] = true }
  for _, kind in ipairs(RELATIONS) do
    for _, relation in ipairs(found.relations[kind]) do
      if not seen[relation.id] and #ids < RELATED then ids[#ids + 1] = relation.id end
      seen[relation.id] = true
    end
  end
  return ids, seen
end

-- Up-sells and cross-sells first, then what else stands in its category.
local function related(self, found)
  local ids, seen = related_ids(found)
  local cards = listings.cards(self.ctx, ids)
  if #cards < RELATED and found.category then
    for _, entry in ipairs(put_forward_in(self.ctx, found.category).cards) do
      if not seen[entry.product_id] and #cards < RELATED then cards[#cards + 1] = entry end
    end
  end
  return card.list(self, cards)
end

-- Where parts stay that show of a product only what goes with it: most products of a category have the
-- same. False: nowhere.
local function related_store(ctx, found, own)
  if not found.category or #related_ids(found) > 0 then return own or false end
  local forward = put_forward_in(ctx, found.category)
  local without = 0
  for _, entry in ipairs(forward.cards) do
    if entry.product_id == found.id then without = found.id end
  end
  local store = forward.stores[without]
  if not store then
    store = stores.new(PARTS)
    forward.stores[without] = store
  end
  return store
end

local function members(self, found)
  local ids = {}
  for _, relation in ipairs(found.relations.member) do ids[#ids + 1] = relation.id end
  local views = {}
  for i, shown in ipairs(card.list(self, listings.cards(self.ctx, ids))) do
    views[i] = { quantity_label = page.text(self, "cart.quantity_of", { title = shown.title }) }
    for name, value in pairs(shown) do views[i][name] = value end
  end
  return views
end

local promised = setmetatable({}, { __mode = "k" }) -- by the words of a theme: the promise of a day

-- The promised days, counted in working days from the next one on.
local function delivery_text(self, found)
  local variant = found.variants[1]
  if variant and variant.ships == 0 then
    return page.text(self, variant.is_downloadable == 1 and "products.download" or "products.stock.in")
  end
  local now = self.ctx.now
  local today = now - now % DAY
  cache.valid_until(today + DAY)
  local last = promised[self.words]
  if not last or last.day ~= today then
    last = { day = today, text = page.text(self, "products.delivery", {
      from = i18n.date(self.ctx.locale, now + 2 * DAY, "medium"), to = i18n.date(self.ctx.locale, now + 4 * DAY, "medium"),
    }) }
    promised[self.words] = last
  end
  return last.text
end

-- What stands before that text: nothing that is not sent comes by a truck.
local function delivery_icon(found)
  local variant = found.variants[1]
  if not variant or variant.ships ~= 0 then return "truck" end
  return variant.is_downloadable == 1 and "download" or "check"
end

local function images_of(ctx, found)
  local images = {}
  for i, row in ipairs(found.images) do
    images[i] = image.of(row, ctx.base_url)
    if images[i] and images[i].alt == "" then images[i].alt = found.title end
  end
  return images
end

local function fields_of(self, found, chosen, variant)
  local ctx = self.ctx
  local view = price_fields(ctx, found.variants)
  local any, ships = false, found.kind == "grouped"
  for _, entry in ipairs(found.variants) do
    any, ships = any or entry.is_available, ships or entry.ships ~= 0
  end
  view.id, view.handle, view.title, view.vendor = found.id, found.handle, found.title, found.brand
  view.url = ctx.root .. "/products/" .. found.handle
  view.description = found.description ~= "" and template.html(found.description) or nil
  view.short_description = found.summary ~= "" and template.html(found.summary) or nil
  view.images = images_of(ctx, found)
  view.featured_image = view.images[1]
  view.type_of_sale = found.kind
  view.available = any or found.kind == "grouped"
  view.has_only_default_variant = #found.options == 0
  view.options_with_values = option_views(found, chosen)
  view.selected_variant = variant_view(ctx, found, variant)
  view.stock_state, view.stock_text = stock_of(self, found, variant)
  view.external_url, view.external_text = found.external_url, found.external_label ~= "" and found.external_label or found.title
  view.requires_shipping = ships
  view.tax_text = page.text(self, ships and "products.tax_included" or "products.tax_included_only")
  return view
end

-- Where parts stay that show a product with this choice at these prices: with the product, which is kept
-- as long as nothing of it was touched.
local function store_of(found, chosen, variant)
  local parts = { variant and variant.id or "" }
  for _, option in ipairs(found.options) do parts[#parts + 1] = chosen[option.id] or "" end
  for _, line in ipairs(found.lines) do parts[#parts + 1], parts[#parts + 2] = line.unit, line.unit_pieces end
  local key = table.concat(parts, " ")
  local shown = found.shown
  if not shown or shown.count >= MOST_CHOICES then
    shown = { count = 0, by_key = {} }
    found.shown = shown
  end
  local store = shown.by_key[key]
  if not store then
    store = stores.new(PARTS)
    shown.by_key[key], shown.count = store, shown.count + 1
  end
  return store
end

-- Fields of a product that are worked out by themselves.
local PARTS_OF <const> = { related = true }

--- A product as its page's template sees it, made when it is first touched, with the stores for what is
--- printed of it. Its price rules are asked at once.
---@param self table page
---@param found merx.Product
---@param chosen table<integer, integer>
---@param variant? merx.Variant
---@return table view
function product.view(self, found, chosen, variant)
  local ctx = self.ctx
  set_prices(ctx, found)
  local store = found.is_kept and store_of(found, chosen, variant) or nil
  self.stores.product, self.address_store, self.parts.product = store, store or false, PARTS_OF
  self.stores["product.related"] = function() return related_store(ctx, found, store) end
  return lazy.drop(function() return fields_of(self, found, chosen, variant) end, {
    breadcrumbs = function() return breadcrumbs(ctx, found) end,
    delivery_icon = function() return delivery_icon(found) end,
    delivery_text = function() return delivery_text(self, found) end,
    facts = function() return facts_of(self, found, variant) end,
    related = function() return related(self, found) end,
    members = function() return members(self, found) end,
  }, ctx.now)
end

--- The picture that stands for a product.
---@param ctx merx.WebContext
---@param found merx.Product
---@return table?
function product.picture(ctx, found)
  return image.of(found.images[1], ctx.base_url)
end

return product
