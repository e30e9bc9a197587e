--- A small market for tests of carts and orders: products, one delivery rate, one tax, two ways to pay.
local command = require("kernel.command")
local drafts = require("support.drafts")
local db = require("kernel.db")
local points = require("kernel.points")
require("domain.transfer") -- its commands make products

local market = {}

local made = 0

--- Makes a simple product and returns the id of its variant and its own.
---@param given? { title?: string, amount?: integer, stock?: integer, ships?: boolean, tracking?: string }
---@return integer variant_id
---@return integer product_id
function market.product(given)
  given = given or {}
  made = made + 1
  local title = given.title or "Mug " .. made
  local tracking = given.tracking or given.stock and "variant" or "none"
  local result = assert(command.run("catalog.put_product", { product = {
    title = title, kind = "simple", code = "P-" .. made, tracking = tracking, stock = given.stock, state = "active",
    variants = { {
      title = "", sku = "SKU-" .. made, regular_amount = given.amount or 1299, stock = given.stock,
      ships = given.ships ~= false, tax_class = given.tax_class,
    } },
  } }))
  local variants = db.many("variants_of_product", { product_id = result.id })
  return variants[1].id, result.id
end

--- Registers handlers instead of plugins: delivery 4.90, included tax, cash at the door, a transfer
--- with a week's time and a card.
---@param more? merx.Handler[]
function market.open(more)
  local function offer() return { { op = "offer" } } end
  local list = {
    drafts.handler("delivery_method", function() return { { op = "rate", id = "std", amount = 490 } } end,
      { id = "test.plugin/parcel" }),
    drafts.tax(190000, { included = true }),
    drafts.handler("payment_method", offer, { id = "test.plugin/cash", spec = { settings = {}, flow = "offline" } }),
    drafts.handler("payment_method", offer,
      { id = "test.plugin/transfer", spec = { settings = {}, flow = "offline", hold_minutes = 10080 } }),
    drafts.handler("payment_method", offer, { id = "test.plugin/card", spec = { settings = {}, flow = "online", hold_minutes = 30 } }),
  }
  for _, handler in ipairs(more or {}) do list[#list + 1] = handler end
  assert(points.set(list))
end

--- A webhook of the card's provider, verified: kept, then applied.
---@param event table with `id` and `payment_id`
---@param event_id? string under which the message is kept
---@return table result of payment.apply_message
function market.tell(event, event_id)
  event.currency = event.currency or event.amount and "EUR" or nil
  local kept = assert(command.run("payment.receive", {
    source = "test.plugin/card", event_id = event_id or event.id, body = "{}", events = { event } }))
  return assert(command.run("payment.apply_message", { id = kept.id }))
end

market.address = {
  name = "Ada Lovelace", line1 = "Unter den Linden 1", postal_code = "10117", city = "Berlin", country = "DE",
}

return market
