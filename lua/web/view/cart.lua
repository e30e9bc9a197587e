--- The cart: as templates see it, and in JSON as programs of storefronts know it, money in hundredths.
local cart = require("domain.cart")
local filters = require("web.filters")
local json = require("kernel.json")
local lines = require("web.view.lines")
local money = require("domain.money")
local page = require("web.page")

local cart_view = {}

-- Why a code does not work, in words: `code` is that of the failure.
local CODES <const> = {
  ["code.unknown"] = "cart.errors.code_unknown", ["code.expired"] = "cart.errors.code_expired", ["code.used_up"] = "cart.errors.code_used_up",
  ["code.too_many"] = "cart.errors.code_too_many", ["code.empty"] = "cart.errors.code_unknown",
}

--- What stands between a code and what it promises, for shoppers; nil for failures of another kind.
---@param self table page
---@param problem string
---@param code string
---@return string?
function cart_view.code_problem(self, problem, code)
  return CODES[problem] and page.text(self, CODES[problem], { code = code })
end

-- The codes of the cart, each with what keeps it from taking something off.
local function codes_of(self, quote)
  local codes = {}
  for i, code in ipairs(quote.codes) do
    local message = code.problem and cart_view.code_problem(self, code.problem, code.code)
    if not message and not code.is_used then message = page.text(self, "cart.code_idle", { code = code.code }) end
    codes[i] = { code = code.code, message = message, applicable = code.is_used == true }
  end
  return codes
end

--- The cart as templates see it.
---@param self table page
---@param row merx.Cart
---@return table view
---@return merx.Quote quote
function cart_view.of(self, row)
  local quote = cart.quote(self.ctx, row)
  local view = { items = {}, item_count = 0, totals = lines.totals(self, quote), note = row.note, currency = row.currency, token = row.token }
  view.codes = codes_of(self, quote)
  for i, line in ipairs(quote.lines) do
    view.items[i] = lines.of_quote(self, line)
    view.item_count = view.item_count + line.qty
  end
  return view, quote
end

local function or_null(value)
  if value == nil or value == "" then return json.null end
  return value
end

local function picture(image)
  if not image then return json.null end
  return { url = image.url, alt = image.alt, width = image.width, height = image.height, aspect_ratio = image.width / image.height }
end

local function options_of(line)
  local named, values = json.array({}), json.array({})
  for i, option in ipairs(line.options or {}) do named[i], values[i] = { name = option.name, value = option.value }, option.value end
  return named, values
end

local MILLIGRAMS <const> = 1000

local function grams_of(line)
  return (line.weight_mg or 0) // MILLIGRAMS
end

-- `item` is what templates see of `line`.
local function line_json(ctx, item, line)
  local function hundredths(amount) return filters.hundredths(amount, ctx.currency) end
  local final, discount = hundredths(money.times(line.total, line.qty, 1)), hundredths(line.discount)
  local options, values = options_of(line)
  return {
    key = item.key, id = item.id, variant_id = item.variant_id, product_id = item.product_id, quantity = item.quantity,
    title = item.variant_title == "" and item.title or item.title .. " - " .. item.variant_title, product_title = item.product_title,
    variant_title = or_null(item.variant_title), variant_options = values, options_with_values = options,
    handle = line.handle, url = item.url, sku = or_null(line.sku), vendor = or_null(line.brand), product_type = line.type or "",
    image = item.image and item.image.url or json.null, featured_image = picture(item.image),
    price = item.price, original_price = item.price, discounted_price = final, final_price = final,
    line_price = item.original_line_price, original_line_price = item.original_line_price, final_line_price = item.final_line_price,
    total_discount = discount, line_level_total_discount = discount, grams = grams_of(line), gift_card = line.is_gift_card,
    properties = item.properties, requires_shipping = line.ships, taxable = item.taxable,
    error_message = or_null(item.message),
  }
end

local function empty_json(ctx)
  return {
    token = "", note = json.null, attributes = {}, items = json.array({}), item_count = 0, currency = ctx.currency, total_weight = 0,
    total_price = 0, original_total_price = 0, items_subtotal_price = 0, total_discount = 0, requires_shipping = false,
    discount_codes = json.array({}),
  }
end

--- The cart as programs know it.
---@param self table page
---@param row? merx.Cart
---@return table
function cart_view.json(self, row)
  local ctx = self.ctx
  local found = empty_json(ctx)
  if not row then return found end
  local view, quote = cart_view.of(self, row)
  for i, line in ipairs(quote.lines) do
    local item = line_json(ctx, view.items[i], line)
    found.items[i] = item
    found.original_total_price = found.original_total_price + item.original_line_price
    found.total_weight = found.total_weight + grams_of(line) * line.qty
  end
  found.token, found.note, found.attributes, found.item_count = row.token, or_null(row.note), row.attributes, view.item_count
  found.total_price = filters.hundredths(quote.subtotal, row.currency)
  found.items_subtotal_price = found.total_price
  found.total_discount = filters.hundredths(quote.discount, row.currency)
  for i, code in ipairs(view.codes) do found.discount_codes[i] = { code = code.code, applicable = code.applicable } end
  found.requires_shipping = quote.needs_delivery or false
  return found
end

--- Some lines of it, each once and in the order in which they are named.
---@param cart_json table of cart_view.json()
---@param keys string[] of lines
---@return table[]
function cart_view.pick(cart_json, keys)
  local by_key, picked = {}, json.array({})
  for _, item in ipairs(cart_json.items) do by_key[item.key] = item end
  for _, key in ipairs(keys) do
    picked[#picked + 1], by_key[key] = by_key[key], nil
  end
  return picked
end

return cart_view
