--- Orders as shoppers place them: products of the catalogue, a cart, an address, the first way to deliver and to pay that is
--- offered, all by the shop's own commands.
local clock = require("native.clock")

local orders = {}

local ADDRESS <const> = { name = "Ada Lovelace", line1 = "Unter den Linden 1", postal_code = "10117", city = "Berlin", country = "DE" }
local EMAIL <const> = "ada@example.com"

local function run(name, args)
  local result, err = require("kernel.command").run(name, args)
  if not result then error(("%s: %s"):format(name, err.message), 0) end
  return result
end

local made_products = 0

--- Makes a product of one variant, which is always there unless `stock` is told.
---@param line { price: integer, title?: string, sku?: string, stock?: integer, ships?: boolean }
---@return integer id
---@return integer variant_id
function orders.product(line)
  made_products = made_products + 1
  local i = made_products
  local title = line.title or "Thing " .. i
  local made = run("catalog.put_product", { product = {
    title = title, kind = "simple", code = "T-" .. i, tracking = line.stock and "variant" or "none", stock = line.stock, state = "active",
    variants = { { title = "", sku = line.sku or "SKU-" .. i, regular_amount = line.price, stock = line.stock, ships = line.ships ~= false } },
  } })
  return made.id, require("kernel.db").many("variants_of_product", { product_id = made.id })[1].id
end

local function fill_cart(ctx, lines)
  local cart, token = require("domain.cart"), nil
  for _, line in ipairs(lines) do
    local _, variant_id = orders.product(line)
    local result = run("cart.add", {
      cart = token, channel_id = ctx.channel.id, currency = ctx.currency, locale = ctx.locale, variant_id = variant_id,
      quantity = line.qty or 1,
    })
    token = token or cart.find_by_id(result.id).token
  end
  return token
end

local function first(list, what)
  local found = list[1]
  if not found then
    error(("nobody offers %s: say t.with(\"merx.flat-rate\", \"merx.flat-tax\", \"merx.cod\") at the top of the file"):format(what), 0)
  end
  return found.id
end

local function make_choices(ctx, token, more)
  local cart = require("domain.cart")
  run("cart.set_address", { cart = token, delivery = more.destination or ADDRESS, email = more.email or EMAIL })
  local quote = cart.quote(ctx, cart.find(token))
  run("cart.choose_delivery", { cart = token, choice = more.delivery or first(quote.rates, "a way to deliver") })
  quote = cart.quote(ctx, cart.find(token))
  run("cart.choose_payment", { cart = token, choice = more.payment or first(quote.methods, "a way to pay") })
  return cart.quote(ctx, cart.find(token))
end

--- Places an order.
---@param lines { price: integer, qty?: integer, title?: string, sku?: string, stock?: integer }[]
---@param more? { destination?: table, email?: string, delivery?: string, payment?: string, locale?: string }
---@return table result of the checkout: id, number and token of the order
---@return merx.Quote quote
function orders.place(lines, more)
  more = more or {}
  local channel = require("domain.channel")
  require("kernel.jobs").tick(clock.now()) -- whoever listens does so from now on
  local ctx = channel.context(channel.list()[1], clock.now(), more.locale)
  local token = fill_cart(ctx, lines)
  local quote = make_choices(ctx, token, more)
  local result, err = require("domain.checkout").complete(ctx, token, quote.hash)
  if not result then error("the order was not placed: " .. err.message, 0) end
  return result, quote
end

return orders
