--- The session that turns a cart into an order: address, delivery, payment, confirm. Pages, API and
--- agents share it; what each step needs is asked of the quote, never kept twice.
local cart = require("domain.cart")
local command = require("kernel.command")
local events = require("kernel.events")
local failure = require("kernel.failure")
local i18n = require("kernel.i18n")
local offers = require("domain.checkout.offers")
local order = require("domain.order")
local customer = require("domain.customer")
local value = require("kernel.value")
require("domain.checkout.commands")

local checkout = {}

checkout.country_format = customer.country_format
checkout.countries = customer.countries

local TRIES <const> = 3

--- The steps, and which problems each of them solves.
checkout.steps = { "address", "delivery", "payment", "confirm" }

local STEP_OF <const> = {
  ["contact.missing"] = "address", ["address.missing"] = "address", ["delivery.none"] = "delivery",
  ["delivery.choose"] = "delivery", ["delivery.choose_again"] = "delivery", ["payment.choose"] = "payment",
  ["payment.choose_again"] = "payment", ["payment.none"] = "payment",
}

---@class merx.Checkout
---@field cart merx.Cart
---@field quote merx.Quote
---@field step "cart"|"address"|"delivery"|"payment"|"confirm" the first that is not done
---@field problems table[] all that stands between this and an order, each with code and step

local function find_problems(row, quote)
  local problems = {}
  local function add(problem)
    local copy = { step = STEP_OF[problem.code] or "cart" }
    for name, field in pairs(problem) do copy[name] = field end
    problems[#problems + 1] = copy
  end
  if not row.email then add({ code = "contact.missing" }) end
  if quote.needs_delivery and not row.delivery_address then add({ code = "address.missing" }) end
  for _, problem in ipairs(quote.problems) do add(problem) end
  return problems
end

local function first_step(problems)
  local rank, first = { cart = 0, address = 1, delivery = 2, payment = 3 }, "confirm"
  for _, problem in ipairs(problems) do
    if not problem.is_minor and (first == "confirm" or rank[problem.step] < rank[first]) then first = problem.step end
  end
  return first
end

--- How far a checkout has come, and what it costs so far.
---@param ctx merx.Context
---@param row merx.Cart
---@param options? { assume_payment?: boolean } see cart.quote
---@return merx.Checkout
function checkout.view(ctx, row, options)
  local quote = cart.quote(ctx, row, options)
  local problems = find_problems(row, quote)
  return { cart = row, quote = quote, problems = problems, step = first_step(problems) }
end

--- A title of a handler in a language: the plugin's own message, a shared one, or the text itself.
---@param locale string
---@param message? { key: string, args: table, plugin?: string }
---@return string
function checkout.words(locale, message)
  if not message then return "" end
  local key, plugin = message.key, message.plugin
  local is_own = plugin and key:find(plugin .. ".", 1, true) ~= 1 -- its answers carry its name already
  return is_own and i18n.find(locale, plugin .. "." .. key, message.args) or i18n.find(locale, key, message.args) or key
end

local function totals(quote)
  return {
    hash = quote.hash, total = quote.total, due = quote.due, subtotal = quote.subtotal, tax = quote.tax,
    delivery = quote.delivery_total, discount = quote.discount, currency = quote.currency,
  }
end

-- What the writer needs of a quote. It only stores the document, so that it travels as bytes.
local function order_of(ctx, row, quote)
  local function words(message) return checkout.words(row.locale, message) end
  return { stamps = quote.stamps, document = value.encode(order.document(quote, row, ctx.channel.currency, words)) }
end

local function place(row, offer, options)
  return command.run("order.place", {
    cart = row.token, stamps = offer.stamps, document = offer.document, address = options.address, payment = row.payment_choice,
    base_url = options.base_url,
  }, { actor = options.actor })
end

-- Nothing is missing but the word which payment it is.
local function is_complete_with(view, method)
  local payment = view.quote.payment
  if not payment or payment.id ~= method then return false end
  for _, problem in ipairs(view.problems) do
    if not problem.is_minor and problem.code ~= "payment.choose" then return false end
  end
  return true
end

--- Tells that a page offers the deliveries of a view, so that choosing one costs less. See checkout.is_offered().
---@param ctx merx.Context
---@param view merx.Checkout
function checkout.offer_rates(ctx, view)
  offers.keep_rates(ctx, view)
end

--- Whether a delivery has been offered for this cart as it is. False: look at a new view.
---@param ctx merx.Context
---@param row merx.Cart
---@param choice? string
---@return boolean
function checkout.is_offered(ctx, row, choice)
  return offers.has_rate(ctx, row, choice)
end

--- Tells that a page offers to place the order of a view with a method of payment, so that accepting it costs less.
---@param ctx merx.Context
---@param view merx.Checkout
---@param method string
function checkout.offer_order(ctx, view, method)
  if not is_complete_with(view, method) then return end
  offers.keep_order(ctx, view.cart, method, view.quote.hash, order_of(ctx, view.cart, view.quote))
end

-- Places what was offered on the page. Nothing at all when that is gone.
local function place_offered(row, accepted, options)
  if row.state ~= "open" or type(options.payment) ~= "string" or type(accepted) ~= "string" then return nil end
  local offer = offers.find_order(row, options.payment, accepted)
  if not offer then return nil end
  row.payment_choice = options.payment
  local placed, err = place(row, offer, options)
  if placed or err.code ~= "order.stale" then return placed, err end
end

--- Places the order that the shopper accepted. Answers the same order when asked again. Codes:
--- cart.missing, cart.closed, checkout.incomplete (data.problems), quote_changed (data: new totals),
--- stock.short, coupon.short, busy.
---@param ctx merx.Context
---@param token string of the cart
---@param accepted string hash of the quote that was shown
---@param options? { payment?: string, address?: string, actor?: string, base_url?: string } payment: a method that is chosen
---  with the order, instead of the one that the cart says; address: where the request came from; base_url: where the
---  shopper is, for the way back from a provider
---@return { id: integer, token: string, number: string, is_again?: boolean }? order
---@return merx.Error? err
function checkout.complete(ctx, token, accepted, options)
  options = options or {}
  for try = 1, TRIES do
    local row = cart.find(token)
    if not row then return failure.new("cart.missing", "there is no such cart") end
    if try == 1 then
      local placed, err = place_offered(row, accepted, options)
      if placed or err then return placed, err end
    end
    if row.state == "ordered" then
      local first = order.find_of_cart(row.id)
      if first then return { id = first.id, token = first.token, number = first.number, is_again = true } end
    end
    if row.state ~= "open" then return failure.new("cart.closed", "this cart is " .. row.state) end
    row.payment_choice = options.payment or row.payment_choice
    local view = checkout.view(ctx, row)
    if view.step ~= "confirm" then
      return failure.new("checkout.incomplete", "something is missing", nil, { step = view.step, problems = view.problems })
    end
    if view.quote.hash ~= accepted then
      return failure.new("quote_changed", "the total is not the one that was shown", nil, totals(view.quote))
    end
    local placed, err = place(row, order_of(ctx, row, view.quote), options)
    if placed or err.code ~= "order.stale" then return placed, err end
  end
  return failure.new("busy", "the shop is being changed just now: try again in a moment")
end

--- Gives the buyer the cart of an order back that was not paid. Does nothing when another order was made of it.
---@param order_id integer
function checkout.reopen(order_id)
  assert(command.run("cart.reopen", { order_id = order_id }))
end

local UNPAID <const> = { payment = true, expiry = true }

events.on("order.cancelled", "merx.checkout/reopen", function(event)
  if UNPAID[event.body.by] then checkout.reopen(event.body.id) end
end)

events.on("order.revived", "merx.checkout/close", function(event)
  assert(command.run("cart.close", { order_id = event.body.id }))
end)

return checkout
