--- What a page of the checkout has just offered, so that the answer to it needs no second evaluation: the
--- deliveries to choose from, and the whole order that a quote would become. Kept beside rendered pages, for all
--- workers, while the cart stays as it is. Nothing here decides anything: the writer looks at the stamps of an
--- order, and an offer that is gone is evaluated again.
local cache = require("kernel.cache")
local points = require("kernel.points")
local value = require("kernel.value")

local offers = {}

-- Handlers may look at the clock: nobody orders at a price of long ago.
local LONGEST <const> = 60 * 1000

-- Only guests': an account may change (its group, its exemption from tax) without a stamp that says so.
local function may_keep(row)
  return row.customer_id == nil
end

local function keep(ctx, row, key, offer)
  cache.render(function()
    cache.read("cart:" .. row.id)
    points.note() -- others may offer other things
    cache.valid_until(ctx.now + LONGEST)
    return key, value.encode(offer)
  end)
end

local function find(key)
  local bytes = cache.find(key)
  return bytes and value.decode(bytes)
end

-- No key of a rendered part begins with a zero.
local function rates_key(ctx, row)
  return "\0rates:" .. row.id .. ":" .. ctx.locale
end

local function order_key(row, method, hash)
  return "\0order:" .. row.id .. ":" .. method .. ":" .. hash
end

--- Keeps which deliveries a shopper can choose now.
---@param ctx merx.Context
---@param view merx.Checkout
function offers.keep_rates(ctx, view)
  if not may_keep(view.cart) then return end
  local ids = {}
  for _, rate in ipairs(view.quote.rates) do ids[rate.id] = true end
  keep(ctx, view.cart, rates_key(ctx, view.cart), ids)
end

--- Whether a delivery was offered for this cart as it is. False does not mean that it cannot be chosen.
---@param ctx merx.Context
---@param row merx.Cart
---@param choice? string
---@return boolean
function offers.has_rate(ctx, row, choice)
  local ids = choice and find(rates_key(ctx, row))
  return ids ~= nil and ids[choice] == true
end

--- Keeps the order that the shopper is about to accept.
---@param ctx merx.Context
---@param row merx.Cart
---@param method string how it would be paid
---@param hash string of the quote
---@param order { stamps: table, document: string }
function offers.keep_order(ctx, row, method, hash, order)
  if may_keep(row) then keep(ctx, row, order_key(row, method, hash), order) end
end

--- The order that was offered, or nil.
---@param row merx.Cart
---@param method string
---@param hash string
---@return { stamps: table, document: string }?
function offers.find_order(row, method, hash)
  return find(order_key(row, method, hash))
end

return offers
