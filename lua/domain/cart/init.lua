--- A question to the shop: what would this cost, there, that way? A cart is rows, never a session blob.
local cache = require("kernel.cache")
local customer = require("domain.customer")
local db = require("kernel.db")
local draft = require("domain.cart.draft")
local jobs = require("kernel.jobs")
local json = require("kernel.json")
local command = require("kernel.command")
local quote = require("domain.quote")
local tables = require("kernel.tables")
require("domain.cart.commands")

local cart = {}

---@class merx.Cart
---@field id integer
---@field token string
---@field state "open"|"ordered"|"merged"|"cancelled"
---@field channel_id integer
---@field customer_id? integer
---@field currency string
---@field locale string
---@field country string
---@field email? string
---@field phone? string
---@field delivery_address? merx.Address
---@field billing_address? merx.Address nil: the same
---@field delivery_choice? string
---@field payment_choice? string
---@field note string
---@field attributes table<string, string>
---@field version integer

local function open_row(row)
  if not row then return nil end
  cache.read("cart:" .. row.id)
  row.delivery_address = row.delivery_address and json.decode(row.delivery_address)
  row.billing_address = row.billing_address and json.decode(row.billing_address)
  row.attributes = json.decode(row.attributes)
  row.is_test = row.is_test == 1
  return row
end

--- The cart of a token, whatever its state.
---@param token string
---@return merx.Cart?
function cart.find(token)
  return open_row(db.one("cart_by_token", { token = token }))
end

--- The cart of an id, for what a command answered.
---@param id integer
---@return merx.Cart?
function cart.find_by_id(id)
  return open_row(db.one("cart_by_id", { id = id }))
end

--- How many pieces lie in it, for the header; 0 when there is no such cart.
---@param token string
---@return integer
function cart.count(token)
  return db.value("cart_count", { token = token }) or 0
end

-- One context for each quote: the caller's is not changed.
local function own_context(ctx, row)
  local own = tables.copy(ctx, 16)
  own.currency, own.boundary = row.currency, nil
  return own
end

--- What a cart costs now. Quotes carry `given.stamps` for order.place.
---@param ctx merx.Context
---@param row merx.Cart
---@param options? { plan?: table, assume_payment?: boolean, trace?: merx.Asked[] } assume_payment: with the first method that is offered,
---  until the shopper chose one; there is still the problem that none is chosen; trace: filled with what each handler was asked
---@return merx.Quote
function cart.quote(ctx, row, options)
  local own, plan = own_context(ctx, row), options and options.plan or quote.plan()
  local buyer = row.customer_id and customer.find(row.customer_id)
  local given = draft.build(own, row, plan, buyer)
  given.assumes_payment = options and options.assume_payment
  local found = quote.run(own, given, { plan = plan, find_variant = draft.gifts(own), trace = options and options.trace })
  found.valid_until = own.boundary
  return found
end

--- How the total came about, as text; with a name also what that plugin, handler or rule contributed.
---@param ctx merx.Context
---@param row merx.Cart
---@param name? string
---@param words? fun(message: table): string? a reason in somebody's language
---@return string
function cart.explain(ctx, row, name, words)
  local own, plan = own_context(ctx, row), quote.plan()
  local given = draft.build(own, row, plan, row.customer_id and customer.find(row.customer_id))
  local options = { plan = plan, find_variant = draft.gifts(own) }
  local text = quote.explain(quote.run(own, given, options), words)
  if not name then return text end
  local less, contributed = quote.run_without(own, given, name, options)
  return ("%s\nwithout %s: total %d, so it contributed %d"):format(text, name, less.total, contributed)
end

--- What the cart would cost without a plugin, a handler or a promotion, and what that contributed.
---@param ctx merx.Context
---@param row merx.Cart
---@param name string
---@return merx.Quote without
---@return integer contributed
function cart.quote_without(ctx, row, name)
  local own, plan = own_context(ctx, row), quote.plan()
  local given = draft.build(own, row, plan, row.customer_id and customer.find(row.customer_id))
  return quote.run_without(own, given, name, { plan = plan, find_variant = draft.gifts(own) })
end

jobs.define({
  name = "cart.sweep",
  doc = "Deletes carts that nobody touched for long.",
  every = 3600 * 1000,
  handler = function() assert(command.run("cart.sweep", {})) end,
})

return cart
