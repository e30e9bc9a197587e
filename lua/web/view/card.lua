--- Product cards: what a list prints of each product. All price rules are asked once for the whole list.
local filters = require("web.filters")
local image = require("web.view.image")
local pricing = require("domain.pricing")
local quote = require("domain.quote")

local card = {}

local hundredths = filters.hundredths

local function items_of(cards)
  local items, seen = {}, {}
  for _, entry in ipairs(cards) do
    if not seen[entry.variant_id] then
      seen[entry.variant_id] = true
      items[#items + 1] = {
        variant_id = entry.variant_id, product_id = entry.product_id, amount = entry.list_amount,
        pieces = entry.list_pieces, offers = entry.offers, tax_class = entry.tax_class,
      }
    end
  end
  return items
end

local function hint_of(page, entry)
  if entry.kind == "variable" and entry.choices > 1 then
    return filters.text(page, "products.hint_options", { count = entry.choices })
  end
end

local function view(page, entry, price)
  local ctx = page.ctx
  local currency = ctx.currency
  -- The price is rounded up when it is for several pieces, as on a shelf.
  local amount = -(-price.amount // price.pieces)
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
  }
end

-- The view of a card stays the same for all requests in a language while its price does, and is kept
-- with the card.
local function view_of(page, entry, price)
  local shown = entry.shown
  if shown and shown.words == page.words and shown.root == page.ctx.root and shown.amount == price.amount and shown.pieces == price.pieces then
    return shown.view
  end
  shown = { words = page.words, root = page.ctx.root, amount = price.amount, pieces = price.pieces, view = view(page, entry, price) }
  entry.shown = shown
  return shown.view
end

--- Cards as templates see them. They are shared: who adds a field to one copies it first.
---@param page table registers of the page
---@param cards merx.Card[]
---@return table[]
function card.list(page, cards)
  local prices = pricing.page(page.ctx, items_of(cards), quote.handlers("price_rule"))
  local views = {}
  for i, entry in ipairs(cards) do views[i] = view_of(page, entry, prices[entry.variant_id]) end
  return views
end

return card
