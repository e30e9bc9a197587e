--- What those who run the shop look at: figures, lists of orders, stock and products across rooms. It
--- reads and changes nothing. Figures count orders that were placed in a span of time and are not
--- cancelled, without test orders, at what the buyers agreed to pay.
local db = require("kernel.db")
local explain = require("domain.report.explain")
local search = require("domain.search")
local text = require("kernel.text")

local report = {}

local DAY <const> = 24 * 3600 * 1000
local LAST <const> = "\u{10FFFF}" -- comes after every letter

-- ---------------------------------------------------------------------------------------- figures

---@class merx.Sales
---@field orders integer
---@field amount integer minor units

---@param currency string
---@param from integer
---@param until_ms integer
---@return merx.Sales
function report.sales(currency, from, until_ms)
  return db.one("report_sales", { currency = currency, from = from, ["until"] = until_ms })
end

--- Sales of each day of a span that begins at midnight.
---@param currency string
---@param from integer
---@param days integer
---@return merx.Sales[]
function report.sales_by_day(currency, from, days)
  local list = {}
  for i = 1, days do list[i] = { orders = 0, amount = 0 } end
  for _, row in ipairs(db.many("report_sales_by_day", { currency = currency, from = from, ["until"] = from + days * DAY })) do
    list[row.day + 1] = { orders = row.orders, amount = row.amount }
  end
  return list
end

--- Whether orders in other currencies are left out of the figures of a span.
---@param currency string
---@param from integer
---@param until_ms integer
---@return boolean
function report.has_other_currencies(currency, from, until_ms)
  return db.value("report_other_currencies", { currency = currency, from = from, ["until"] = until_ms }) ~= nil
end

-- ---------------------------------------------------------------------------------------- orders

--- How many orders wait for a parcel; at most `limit`.
---@param limit integer
---@return integer
function report.count_to_ship(limit)
  return db.value("report_to_ship_count", { limit = limit })
end

--- Orders that wait for a parcel, the longest waiting first.
---@param limit integer
---@return table[]
function report.list_oldest_to_ship(limit)
  return db.many("report_orders_oldest_to_ship", { limit = limit })
end

local STATES <const> = { placed = true, confirmed = true, completed = true, cancelled = true }

--- Orders, newest first.
---@param filter { state?: string, typed?: string } state: of the order, or "to_ship"; typed: a number, or an e-mail's beginning
---@param limit integer
---@param before? integer id of the last one of the page before
---@return table[]
function report.list_orders(filter, limit, before)
  before = before or math.maxinteger
  local typed = filter.typed and text.fold(text.nfkc(filter.typed)):match("^%s*#?%s*(.-)%s*$") or ""
  if typed:find("^%d+$") then
    local rows = db.many("report_orders_by_number", { number = typed })
    if #rows > 0 then return before == math.maxinteger and rows or {} end
  end
  if typed ~= "" then return db.many("report_orders_by_email", { first = typed, last = typed .. LAST, limit = limit, before = before }) end
  if filter.state == "to_ship" then return db.many("report_orders_to_ship", { limit = limit, before = before }) end
  if STATES[filter.state] then return db.many("report_orders_in_state", { state = filter.state, limit = limit, before = before }) end
  return db.many("report_orders_recent", { limit = limit, before = before })
end

--- What an order is called, and in which money it is.
---@param id integer
---@return { number: string, currency: string }?
function report.find_order_name(id)
  return db.one("report_order_name", { id = id })
end

--- How the total of an order came about.
report.explain = explain.steps

-- ---------------------------------------------------------------------------------------- products

--- What runs out, the emptiest first.
---@param limit integer
---@return { owner_id: integer, product_id: integer, title: string, variant_title?: string, sku?: string, available: integer }[]
function report.list_low_stock(limit)
  return db.many("report_stock_low", { limit = limit })
end

local function stock_of(owner_id)
  local sum = { on_hand = 0, held = 0, places = {} }
  for _, row in ipairs(db.many("report_stock_of", { owner_id = owner_id })) do
    sum.on_hand, sum.held = sum.on_hand + row.balance, sum.held + row.held
    sum.is_unlimited = sum.is_unlimited or row.floor == nil
    sum.low_at = sum.low_at or row.low_at
    sum.places[#sum.places + 1] = row
  end
  sum.available = sum.on_hand - sum.held
  return sum
end

-- Variants with price and stock; those of a product that is counted as a whole share one account.
local function load(ctx, row)
  row.variants = db.many("report_variants", { product_id = row.id, price_list_id = ctx.channel.price_list_id, now = ctx.now })
  row.picture = db.one("report_picture", { product_id = row.id })
  local shared = row.tracking == "product" and stock_of(row.id) or nil
  for _, variant in ipairs(row.variants) do
    variant.is_enabled = variant.is_enabled == 1
    if row.tracking ~= "none" then variant.stock = shared or stock_of(variant.id) end
  end
  row.shared_stock = shared
  return row
end

--- A product with its variants, hidden ones too.
---@param ctx merx.Context
---@param id integer
---@return table?
function report.find_product(ctx, id)
  local row = db.one("report_product", { id = id })
  return row and load(ctx, row)
end

--- Products, the newest first; or those that match what was typed, the best first. What is not shown in
--- the shop is found by its article number.
---@param ctx merx.Context
---@param filter { typed?: string }
---@param limit integer
---@param before? integer id of the last one of the page before
---@return table[]
function report.list_products(ctx, filter, limit, before)
  local rows = {}
  local typed = (filter.typed or ""):match("^%s*(.-)%s*$")
  if typed == "" then
    rows = db.many("report_products_recent", { limit = limit, before = before or math.maxinteger })
  else
    local ids = search.find(ctx, typed, { limit = limit })
    local by_sku = db.value("report_product_by_sku", { sku_key = text.fold(typed) })
    if by_sku and #ids == 0 then ids = { by_sku } end
    for i, id in ipairs(ids) do rows[i] = db.one("report_product", { id = id }) end
  end
  for _, row in ipairs(rows) do load(ctx, row) end
  return rows
end

--- Why the stock of a variant, or of a product counted as a whole, changed; newest first.
---@param owner_id integer
---@param limit integer
---@return table[]
function report.list_movements(owner_id, limit)
  return db.many("report_movements_of", { owner_id = owner_id, limit = limit })
end

--- Who stands behind the actor of a journal entry, when it is a person of the shop.
---@param actor string "staff:3"
---@return { name: string, email: string }?
function report.find_actor(actor)
  local id = actor:match("^staff:(%d+)$")
  return id and db.one("report_actor", { id = math.tointeger(tonumber(id)) })
end

return report
