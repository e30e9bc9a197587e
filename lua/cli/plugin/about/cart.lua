--- The cart that a command names: "cart:17", "cart:TOKEN", or "order:1001" for the cart that became this order.
local cart = require("domain.cart")
local channel = require("domain.channel")
local clock = require("native.clock")
local order = require("domain.order")

local about_cart = {}

---@class merx.NamedCart
---@field row merx.Cart
---@field ctx merx.Context
---@field order? table the order that it became

local function find_cart(id)
  local number = id:find("^%d+$") and math.tointeger(tonumber(id))
  return number and cart.find_by_id(number) or cart.find(id)
end

---@param given string
---@return merx.NamedCart?
---@return { code: string, message: string }? err
function about_cart.find(given)
  local kind, id = given:match("^(%a+):(.+)$")
  if kind ~= "cart" and kind ~= "order" then
    return nil, { code = "invalid", message = "write cart:ID or order:NUMBER, not " .. given }
  end
  local found = kind == "order" and order.find_by_number(id) or nil
  if kind == "order" and not found then return nil, { code = "missing", message = "there is no order " .. id } end
  local row
  if found then row = found.cart_id and cart.find_by_id(found.cart_id) else row = find_cart(id) end
  if not row then
    local message = found and "the cart of order " .. id .. " is gone by now; merx explain order:" .. id .. " shows its ledger"
      or "there is no cart " .. id
    return nil, { code = "missing", message = message }
  end
  return { row = row, ctx = channel.context(channel.find(row.channel_id), clock.now(), row.locale), order = found }
end

return about_cart
