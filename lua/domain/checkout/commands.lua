--- order.place, the one command that sees both the question and the agreement.
local command = require("kernel.command")
local db = require("kernel.db")
local failure = require("kernel.failure")
local order = require("domain.order")
local schema = require("kernel.schema")
local value = require("kernel.value")

local function stale(what)
  return failure.new("order.stale", what .. " changed since the quote was made")
end

-- Whether all that the quote was made of is still as it was. Stock, coupon uses and balances are not
-- looked at here: holds decide about them.
local function check_stamps(tx, cart, stamps)
  if cart.version ~= stamps.cart_version then return stale("the cart") end
  if stamps.until_ms and tx.now >= stamps.until_ms then return stale("a price or rule with a window") end
  for _, row in ipairs(db.many("order_place_versions", { cart_id = cart.id })) do
    if stamps.variants[tostring(row.id)] ~= row.version then return stale("a variant") end
    if stamps.products[tostring(row.product_id)] ~= row.product_version then return stale("a product") end
  end
  for _, row in ipairs(db.many("revisions_all")) do
    if stamps.revisions[row.name] ~= row.value then return stale(row.name) end
  end
  return true
end

command.define({
  name = "order.place",
  doc = "Turns a cart into an order, once. Sent only by checkout.complete, with the quote that was accepted.",
  args = schema.object({
    cart = schema.text({ required = true, max = 100 }), stamps = schema.any({ required = true }),
    document = schema.any({ required = true }), -- of order.document(), as bytes of kernel.value
    address = schema.text({ max = 100, default = "" }),
    payment = schema.text({ max = 200 }), -- the method that the quote was made with
    base_url = schema.text({ max = 500, default = "" }), -- where the shopper is, for the way back from a provider
  }),
  handler = function(tx, args)
    local cart = db.one("order_place_cart", { token = args.cart })
    if not cart then return failure.new("cart.missing", "there is no such cart") end
    -- Also of an open cart: an order that had failed lives again when its money came after all.
    local first = db.one("order_of_cart", { cart_id = cart.id })
    if first then
      db.run("cart_set_ordered", { id = cart.id, at = tx.now })
      return { id = first.id, token = first.token, number = first.number, is_again = true }
    end
    if cart.state ~= "open" then return failure.new("cart.closed", "this cart is " .. cart.state) end
    local fresh, err = check_stamps(tx, cart, args.stamps)
    if not fresh then return nil, err end
    cart.address, cart.base_url = args.address, args.base_url
    local placed, problem = order.write(tx, value.decode(args.document), cart)
    if not placed then return nil, problem end
    db.run("cart_set_ordered", { id = cart.id, payment = args.payment, at = tx.now })
    tx.touch("cart:" .. cart.id)
    return placed
  end,
})

command.define({
  name = "cart.reopen",
  doc = "An order was not paid: its cart is the buyer's again, as it was.",
  args = schema.object({ order_id = schema.id({ required = true }) }),
  handler = function(tx, args)
    local cart_id = db.value("cart_of_cancelled_order", { order_id = args.order_id })
    if cart_id and db.run("cart_reopen", { id = cart_id, at = tx.now }) == 1 then tx.touch("cart:" .. cart_id) end
    return { id = args.order_id }
  end,
})

command.define({
  name = "cart.close",
  doc = "The order of a cart that was open again has been paid after all.",
  args = schema.object({ order_id = schema.id({ required = true }) }),
  handler = function(tx, args)
    local cart_id = db.value("cart_of_live_order", { order_id = args.order_id })
    if cart_id and db.run("cart_set_ordered", { id = cart_id, at = tx.now }) == 1 then tx.touch("cart:" .. cart_id) end
    return { id = args.order_id }
  end,
})

return true
