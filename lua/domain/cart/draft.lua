--- From the rows of a cart to the draft that is quoted, with stamps of all that it was made of.
local cache = require("kernel.cache")
local db = require("kernel.db")
local json = require("kernel.json")
local prices = require("domain.catalog.prices")
local promotion = require("domain.promotion")

local draft = {}

local UNIT_OF_WEIGHT <const> = 1000 -- plugins see grams

local function names(plan, path)
  for _, handlers in pairs(plan) do
    for _, handler in ipairs(handlers) do
      for _, input in ipairs(handler.input) do
        if input:find(path, 1, true) then return true end
      end
    end
  end
  return false
end

local wanted = setmetatable({}, { __mode = "k" })

-- Which fields of lines some handler reads: what nobody reads is not fetched.
local function wants_of(plan)
  local wants = wanted[plan]
  if not wants then
    wants = { tags = names(plan, "lines[].tags"), categories = names(plan, "lines[].categories") }
    wanted[plan] = wants
  end
  return wants
end

-- The lists that a price is looked for in, the most particular first.
local function price_lists(ctx, customer)
  local lists = {}
  if customer and customer.customer_group_id then
    lists[1] = db.one("price_list_of_group", { customer_group_id = customer.customer_group_id, currency = ctx.currency })
  end
  lists[#lists + 1] = ctx.channel.price_list_id and db.one("price_list_by_id", { id = ctx.channel.price_list_id })
  local last = lists[#lists]
  while last and last.parent_id and #lists < 4 do
    last = db.one("price_list_by_id", { id = last.parent_id })
    lists[#lists + 1] = last
  end
  return lists
end

-- Price rows of each variant, from the first list that has any.
local function read_prices(cart, lists)
  local found = {}
  for _, list in ipairs(lists) do
    local here = {}
    for _, row in ipairs(db.many("draft_prices", { cart_id = cart.id, price_list_id = list.id })) do
      here[row.variant_id] = here[row.variant_id] or {}
      table.insert(here[row.variant_id], row)
    end
    for variant_id, rows in pairs(here) do found[variant_id] = found[variant_id] or rows end
  end
  return found
end

-- Sorted and grouped here and not by the query: few rows do not repay a table of SQLite's own.
local function handles_by_product(rows)
  local grouped = {}
  for _, row in ipairs(rows) do
    local list = grouped[row.product_id] or {}
    grouped[row.product_id] = list
    if not list[row.handle] then
      list[row.handle] = true
      list[#list + 1] = row.handle
    end
  end
  for id, list in pairs(grouped) do
    local plain = table.move(list, 1, #list, 1, {})
    table.sort(plain)
    grouped[id] = plain
  end
  return grouped
end

local function comes_after(a, b)
  if a.position ~= b.position then return a.position > b.position end
  return a.id > b.id
end

local function options_by_variant(rows)
  local grouped = {}
  for _, row in ipairs(rows) do
    local list = grouped[row.variant_id] or {}
    grouped[row.variant_id] = list
    local at = #list
    while at > 0 and comes_after(list[at], row) do at = at - 1 end
    if at == 0 or list[at].id ~= row.id then table.insert(list, at + 1, row) end
  end
  for _, list in pairs(grouped) do
    for i, row in ipairs(list) do list[i] = { name = row.name, value = row.value } end
  end
  return grouped
end

local function bound(ctx, boundary)
  if boundary and boundary > ctx.now then ctx.boundary = math.min(ctx.boundary or boundary, boundary) end
end

local function is_published(ctx, row)
  bound(ctx, row.publish_at)
  bound(ctx, row.unpublish_at)
  return (not row.publish_at or row.publish_at <= ctx.now) and (not row.unpublish_at or row.unpublish_at > ctx.now)
end

-- Why a line cannot be ordered as it is.
local function problem_of(ctx, row, price)
  if row.is_sold ~= 1 or not is_published(ctx, row) then return "line.not_sold" end
  if not price then return "line.no_price" end
  if row.qty < row.min_quantity then return "quantity.too_small" end
  if row.max_quantity and row.qty > row.max_quantity then return "quantity.too_large" end
  if row.qty % row.step_quantity ~= 0 then return "quantity.step" end
  if row.available and row.qty > row.available then return "stock.short" end
  return nil
end

local function finish_line(ctx, row, price_rows, options)
  local best, until_ms, base = prices.choose(price_rows or {}, ctx.now)
  local price = base or best
  if until_ms < math.maxinteger then bound(ctx, until_ms) end
  row.list, row.list_pieces = price and price.amount or 0, price and price.pieces or 1
  row.compare, row.offers = price and price.compare_amount, prices.offers(price_rows or {}, ctx.now, price)
  row.properties = json.decode(row.properties)
  row.options = options or {}
  row.ships, row.taxable = row.ships == 1, row.is_taxable == 1
  row.is_gift_card, row.is_downloadable = row.is_gift_card == 1, row.is_downloadable == 1
  row.weight = row.weight_mg // UNIT_OF_WEIGHT
  row.stock_owner = row.tracking == "variant" and row.variant_id or row.tracking == "product" and row.product_id or nil
  row.problem = problem_of(ctx, row, price)
  return row
end

local function read_codes(ctx, cart, customer)
  local codes = {}
  for i, row in ipairs(db.many("cart_codes_of", { cart_id = cart.id })) do
    codes[i] = promotion.resolve(ctx, row.code, customer, cart.email)
  end
  return codes
end

local function stamps_of(cart, rows)
  local stamps = { cart_version = cart.version, variants = {}, products = {}, revisions = {} }
  for _, row in ipairs(rows) do
    stamps.variants[tostring(row.variant_id)] = row.variant_version
    stamps.products[tostring(row.product_id)] = row.product_version
  end
  for _, row in ipairs(db.many("revisions_all")) do stamps.revisions[row.name] = row.value end
  return stamps
end

--- Builds the draft of a cart.
---@param ctx merx.Context `boundary` becomes the next moment at which the answer may change
---@param cart merx.Cart
---@param plan table<string, merx.Handler[]>
---@param customer? { id: integer, customer_group_id?: integer, is_tax_exempt: boolean, tax_number?: string, group?: string }
---@return table draft
function draft.build(ctx, cart, plan, customer)
  cache.read("cart:" .. cart.id)
  local rows = db.many("draft_lines", { cart_id = cart.id, locale = ctx.locale })
  local lists = price_lists(ctx, customer)
  local found = read_prices(cart, lists)
  local options = #rows > 0 and options_by_variant(db.many("draft_options", { cart_id = cart.id, locale = ctx.locale })) or {}
  local wants = wants_of(plan)
  local tags = wants.tags and handles_by_product(db.many("draft_tags", { cart_id = cart.id })) or {}
  local categories = wants.categories and handles_by_product(db.many("draft_categories", { cart_id = cart.id })) or {}
  local count, weight = 0, 0
  for _, row in ipairs(rows) do
    finish_line(ctx, row, found[row.variant_id], options[row.variant_id])
    row.tags, row.categories = tags[row.product_id], categories[row.product_id]
    count, weight = count + row.qty, weight + (row.ships and row.weight * row.qty or 0)
  end
  local address = cart.delivery_address
  local given = {
    cart_id = cart.id, currency = cart.currency, locale = ctx.locale, channel = ctx.channel.handle, lines = rows,
    is_tax_included = lists[1] == nil or lists[1].is_tax_included == 1, item_count = count, total_weight = weight,
    destination = address or { country = cart.country ~= "" and cart.country or ctx.channel.country },
    home = { country = ctx.channel.country }, has_address = address ~= nil,
    customer = customer and {
      id = customer.id, group = customer.group, is_tax_exempt = customer.is_tax_exempt, tax_number = customer.tax_number,
    } or {},
    codes = read_codes(ctx, cart, customer), delivery_choice = cart.delivery_choice, payment_choice = cart.payment_choice,
    attributes = cart.attributes, stamps = stamps_of(cart, rows),
  }
  given.stamps.until_ms = ctx.boundary
  if ctx.boundary then cache.valid_until(ctx.boundary) end
  return given
end

--- What a rule may give away: a line without a price.
---@param ctx merx.Context
---@return fun(id: integer): table?
function draft.gifts(ctx)
  return function(id)
    local row = db.one("draft_gift", { variant_id = id, locale = ctx.locale })
    if not row then return nil end
    row.ships, row.is_downloadable, row.taxable, row.options, row.properties = row.ships == 1, row.is_downloadable == 1, false, {}, {}
    row.weight = row.weight_mg // UNIT_OF_WEIGHT
    row.stock_owner = row.tracking == "variant" and row.variant_id or row.tracking == "product" and row.product_id or nil
    return row
  end
end

return draft
