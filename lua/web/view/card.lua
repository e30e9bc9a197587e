--- Product cards: what a list prints of each product. All price rules are asked once for the whole list.
local filters = require("web.filters")
local fragments = require("web.fragments")
local image = require("web.view.image")
local pricing = require("domain.pricing")
local quote = require("domain.quote")

local card = {}

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

local function view(page, entry, line)
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

--- Cards as templates see them. They are shared: who adds a field to one copies it first.
---@param page table registers of the page
---@param cards merx.Card[]
---@return table[]
function card.list(page, cards)
  local lines, by_variant, views = {}, {}, {}
  for _, entry in ipairs(cards) do
    if not by_variant[entry.variant_id] then -- a set shows the variant of one of its members
      local line = line_of(entry)
      lines[#lines + 1], by_variant[entry.variant_id] = line, line
    end
  end
  pricing.ask(page.ctx, lines, quote.handlers("price_rule"))
  for i, entry in ipairs(cards) do views[i] = view_of(page, entry, by_variant[entry.variant_id]) end
  return views
end

return card
