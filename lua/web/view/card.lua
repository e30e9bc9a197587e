--- Product cards: what a list prints of each product. All price rules are asked once for the whole list.
local cache = require("kernel.cache")
local filters = require("web.filters")
local fragments = require("web.fragments")
local image = require("web.view.image")
local patch = require("web.view.patch")
local pricing = require("domain.pricing")
local quote = require("domain.quote")
local stores = require("web.stores")

local card = {}

local PARTS <const> = 6 -- printed of one row of cards

local hundredths = filters.hundredths

-- What price rules are asked about a card; it stays with the card.
local function line_of(entry)
  local line = entry.line
  if not line then
    line = pricing.line({
      variant_id = entry.variant_id, product_id = entry.product_id, amount = entry.list_amount, pieces = entry.list_pieces,
      offers = entry.offers, tax_class = entry.tax_class,
    })
    entry.line = line
  end
  return line
end

local function hint_of(page, entry)
  if entry.kind == "variable" and entry.choices > 1 then
    return filters.text(page, "products.hint_options", { count = entry.choices })
  end
end

-- What a plugin may know of a card.
local function item_of(entry, line)
  return {
    id = entry.product_id, variant_id = entry.variant_id, handle = entry.handle, title = entry.title, vendor = entry.brand, kind = entry.kind,
    price = -(-line.unit // line.unit_pieces), list_price = -(-entry.list_amount // entry.list_pieces), available = entry.is_available,
  }
end

local function view(page, entry, line, addition)
  local ctx = page.ctx
  local currency = ctx.currency
  -- The price is rounded up when it is for several pieces, as on a shelf.
  local amount = -(-line.unit // line.unit_pieces)
  local list = -(-entry.list_amount // entry.list_pieces)
  local compare = list > amount and list or nil
  local first = image.of({ path = entry.image_path, width = entry.image_width, height = entry.image_height, alt = entry.image_alt })
  local second = entry.second_path ~= "" and image.of({ path = entry.second_path }) or nil
  return {
    id = entry.product_id, handle = entry.handle, title = entry.title, vendor = entry.brand,
    url = ctx.root .. "/products/" .. entry.handle, featured_image = first, images = { first, second },
    price = hundredths(amount, currency), compare_at_price = compare and hundredths(compare, currency),
    lowest_price = compare and hundredths(entry.lowest_amount, currency) or nil, on_sale = compare ~= nil,
    price_varies = entry.price_max > entry.price_amount, available = entry.is_available,
    hint = hint_of(page, entry), type_of_sale = entry.kind,
    -- A product without a choice can be put into the cart from here.
    variant_id = entry.variant_id, buyable = entry.kind == "simple" and entry.is_available,
    badges = addition and addition.badges, ext = addition and addition.ext,
  }
end

-- The view of a card is the same for all requests in a language while its price is, and is kept with the
-- card.
local function view_of(page, entry, line)
  local shown = entry.shown
  if not shown or shown.words ~= page.words or shown.root ~= page.ctx.root or shown.unit ~= line.unit
    or shown.unit_pieces ~= line.unit_pieces then
    shown = {
      words = page.words, root = page.ctx.root, unit = line.unit, unit_pieces = line.unit_pieces,
      view = fragments.hold(view(page, entry, line)),
    }
    entry.shown = shown
  end
  return shown.view
end

local function prices_of(lines)
  local prices = { units = {}, pieces = {} }
  for i, line in ipairs(lines) do prices.units[i], prices.pieces[i] = line.unit, line.unit_pieces end
  return prices
end

local function has_prices(prices, lines)
  local units, pieces = prices.units, prices.pieces
  for i = 1, #lines do
    local line = lines[i]
    if units[i] ~= line.unit or pieces[i] ~= line.unit_pieces then return false end
  end
  return true
end

-- What plugins add, kept with the array of cards while everything that it was made of holds.
local function additions_of(page, cards, shelf)
  if not patch.is_asked("product_card") then return nil end
  local kept = shelf.additions
  if kept and kept.words == page.words and kept.has_prices(shelf.lines) and cache.holds(kept.deps, page.ctx.now) then return kept.by_id end
  local deps, by_id = cache.note(function()
    local items = {}
    for i, entry in ipairs(cards) do items[i] = item_of(entry, shelf.by_variant[entry.variant_id]) end
    return patch.ask(page, "product_card", items)
  end)
  local prices = prices_of(shelf.lines)
  shelf.additions = { words = page.words, deps = deps, by_id = by_id, has_prices = function(lines) return has_prices(prices, lines) end }
  return by_id
end

---@class merx.Shelf what is kept with an array of cards that is itself kept
---@field lines table[] what price rules are asked: one for each variant
---@field by_variant table<integer, table>
---@field shown table[] views in a language, at the prices that they print; the last ones

local MOST_SHOWN <const> = 4

local function shelf_of(cards)
  local shelf = cards.shelf
  if not shelf then
    shelf = { lines = {}, by_variant = {}, shown = {} }
    for _, entry in ipairs(cards) do
      if not shelf.by_variant[entry.variant_id] then -- a set shows the variant of one of its members
        local line = line_of(entry)
        shelf.lines[#shelf.lines + 1], shelf.by_variant[entry.variant_id] = line, line
      end
    end
    cards.shelf = shelf
  end
  return shelf
end

local function show(page, cards, shelf, additions)
  local shown = {
    words = page.words, root = page.ctx.root, prices = prices_of(shelf.lines), views = {}, store = stores.new(PARTS), additions = additions,
  }
  for i, entry in ipairs(cards) do
    local line = shelf.by_variant[entry.variant_id]
    shown.views[i] = additions and fragments.hold(view(page, entry, line, additions[entry.product_id])) or view_of(page, entry, line)
  end
  return shown
end

-- The views at the present prices: those that were made before, when they print the same.
local function shown_of(page, cards, shelf)
  local list, additions = shelf.shown, additions_of(page, cards, shelf)
  for i = 1, #list do
    local shown = list[i]
    if shown.words == page.words and shown.root == page.ctx.root and shown.additions == additions and has_prices(shown.prices, shelf.lines) then
      return shown
    end
  end
  local shown = show(page, cards, shelf, additions)
  table.insert(list, 1, shown)
  list[MOST_SHOWN + 1] = nil
  return shown
end

--- Cards as templates see them. They are shared: who adds a field to one copies it first.
---@param page table registers of the page
---@param cards merx.Card[]
---@return table[] views
---@return merx.Store store where parts of pages stay that show these cards at these prices
function card.list(page, cards)
  local shelf = shelf_of(cards)
  pricing.ask(page.ctx, shelf.lines, quote.handlers("price_rule"))
  local shown = shown_of(page, cards, shelf)
  return shown.views, shown.store
end

return card
