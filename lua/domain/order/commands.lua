--- What merchants and buyers do to an order after it was placed.
local command = require("kernel.command")
local db = require("kernel.db")
local failure = require("kernel.failure")
local inventory = require("domain.inventory")
local payment = require("domain.payment")
local schema = require("kernel.schema")
local settle = require("domain.order.settle")

local id = schema.id({ required = true })
local note = schema.text({ max = 1000, multiline = true, default = "" })
local version = schema.integer({ min = 0 })

-- `seen` is the version of the order which somebody looked at: what changed since is not changed blindly.
local function get(order_id, seen)
  local order = db.one("order_state_row", { id = order_id })
  if not order then return failure.new("order.missing", "there is no order " .. order_id) end
  if seen and seen ~= order.version then
    return failure.new("order.stale", "the order changed since it was looked at", nil, { version = order.version })
  end
  return order
end

-- Goods lines by id.
local function goods_of(order_id)
  local by_id, list = {}, {}
  for _, line in ipairs(db.many("order_lines_of", { order_id = order_id })) do
    if line.kind == "goods" then
      by_id[line.id] = line
      list[#list + 1] = line
    end
  end
  return by_id, list
end

command.define({
  name = "order.cancel",
  doc = "Ends an order that is not shipped: stock goes back, and so does money.",
  args = schema.object({ id = id, version = version, by = schema.enum({ "merchant", "customer", required = true }), reason = note }),
  handler = function(tx, args)
    local order, err = get(args.id, args.version)
    if not order then return nil, err end
    if order.state == "cancelled" then return { id = order.id } end
    if order.state == "completed" or order.delivery_state ~= "unfulfilled" and order.delivery_state ~= "not_required" then
      return failure.new("order.shipped", "this order is on its way: take it back instead")
    end
    if args.by == "customer" and payment.has_open_operations(order.id) then
      return failure.new("order.busy", "a payment is under way: try again in a moment")
    end
    local was = order.state
    settle.cancel(tx, order, args.by, args.reason)
    settle.run(tx, order.id, args.reason, was)
    tx.audit({ action = "order.cancel", entity = "order", id = order.id, before = { state = was }, after = { reason = args.reason } })
    return { id = order.id }
  end,
})

local parts = schema.list(schema.object({ line_id = id, quantity = schema.integer({ required = true, min = 1 }) }, { required = true }), { max = 500 })

-- All that is left to ship, when nobody names lines.
local function rest_of(list)
  local rest = {}
  for _, line in ipairs(list) do
    local left = line.quantity - line.returned_quantity - line.shipped_quantity
    if line.ships == 1 and left > 0 then rest[#rest + 1] = { line_id = line.id, quantity = left } end
  end
  return rest
end

command.define({
  name = "order.fulfil",
  doc = "Notes a parcel, or goods that wait to be picked up. Without lines: all that is left.",
  args = schema.object({
    id = id, version = version, lines = parts, location_id = schema.id(), is_pickup = schema.boolean({ default = false }),
    carrier = schema.text({ max = 100, default = "" }), tracking_number = schema.text({ max = 100, default = "" }),
    tracking_url = schema.text({ max = 500, default = "", pattern = "^https?://", message = "order.tracking_url" }),
  }),
  handler = function(tx, args)
    local order, err = get(args.id, args.version)
    if not order then return nil, err end
    if order.state ~= "confirmed" then return failure.new("order.not_confirmed", "only a confirmed order is shipped") end
    local reason = db.value("order_is_held", { order_id = order.id })
    if reason then return failure.new("order.held", "the order waits: " .. reason, nil, { reason = reason }) end
    local _, list = goods_of(order.id)
    local lines = args.lines or rest_of(list)
    if #lines == 0 then return failure.new("order.shipped", "nothing is left to ship") end
    local _, fulfilment_id = db.run("fulfilment_insert", {
      order_id = order.id, location_id = args.location_id, state = args.is_pickup and "ready_for_pickup" or "shipped",
      carrier = args.carrier, tracking_number = args.tracking_number, tracking_url = args.tracking_url, at = tx.now,
    })
    for _, part in ipairs(lines) do
      if db.run("order_line_ship", { id = part.line_id, order_id = order.id, quantity = part.quantity }) ~= 1 then
        return failure.new("order.too_many", "more than was ordered", { lines = "order.too_many" })
      end
      db.run("fulfilment_line_insert", { fulfilment_id = fulfilment_id, line_id = part.line_id, quantity = part.quantity })
    end
    settle.refresh(tx, order, order.state)
    tx.audit({ action = "order.fulfil", entity = "order", id = order.id, after = { fulfilment_id = fulfilment_id } })
    return { id = order.id, fulfilment_id = fulfilment_id }
  end,
})

command.define({
  name = "order.deliver",
  doc = "The parcel arrived, or was picked up.",
  args = schema.object({ id = id, version = version, fulfilment_id = id }),
  handler = function(tx, args)
    local order, err = get(args.id, args.version)
    if not order then return nil, err end
    if db.run("fulfilment_set_state", { id = args.fulfilment_id, order_id = order.id, state = "delivered", at = tx.now }) == 0 then
      return failure.new("fulfilment.missing", "the order has no such parcel")
    end
    settle.refresh(tx, order, order.state)
    return { id = order.id }
  end,
})

command.define({
  name = "order.take_back",
  doc = "Goods came back; they may go on the shelf again.",
  args = schema.object({
    id = id, version = version, is_restocked = schema.boolean({ default = true }),
    lines = schema.list(schema.object({ line_id = id, quantity = schema.integer({ required = true, min = 1 }) }, { required = true }),
      { required = true, min = 1, max = 500 }),
  }),
  handler = function(tx, args)
    local order, err = get(args.id, args.version)
    if not order then return nil, err end
    for _, part in ipairs(args.lines) do
      if db.run("order_line_return", { id = part.line_id, order_id = order.id, quantity = part.quantity }) ~= 1 then
        return failure.new("order.too_many", "more than was ordered", { lines = "order.too_many" })
      end
      if args.is_restocked then inventory.restock(tx, order.id, part.line_id, part.quantity) end
    end
    settle.refresh(tx, order, order.state, "taken back")
    tx.audit({ action = "order.take_back", entity = "order", id = order.id, after = { lines = args.lines } })
    return { id = order.id }
  end,
})

command.define({
  name = "order.hold",
  doc = "Stops capture and shipping until somebody looked.",
  args = schema.object({ id = id, version = version, reason = schema.enum({ "risk", "review", "stock", "payment", required = true }), note = note }),
  handler = function(tx, args)
    local order, err = get(args.id, args.version)
    if not order then return nil, err end
    local _, hold_id = db.run("order_hold_insert", {
      order_id = order.id, reason = args.reason, actor = tx.actor, note = args.note, at = tx.now,
    })
    tx.touch("order:" .. order.id)
    tx.audit({ action = "order.hold", entity = "order", id = order.id, after = { reason = args.reason } })
    return { id = hold_id }
  end,
})

command.define({
  name = "order.release_hold",
  doc = "Somebody looked: the order goes on.",
  args = schema.object({ id = id, version = version, hold_id = id }),
  handler = function(tx, args)
    local order, err = get(args.id, args.version)
    if not order then return nil, err end
    if db.run("order_hold_release", { id = args.hold_id, order_id = args.id, actor = tx.actor, at = tx.now }) == 0 then
      return failure.new("hold.missing", "the order has no such open hold")
    end
    tx.touch("order:" .. args.id)
    tx.audit({ action = "order.release_hold", entity = "order", id = args.id })
    return { id = args.id }
  end,
})

command.define({
  name = "order.note",
  doc = "Writes a note; the customer reads it only when it is visible.",
  args = schema.object({ id = id, body = schema.text({ required = true, max = 5000, multiline = true }),
    is_visible = schema.boolean({ default = false }) }),
  handler = function(tx, args)
    local order, err = get(args.id)
    if not order then return nil, err end
    local _, note_id = db.run("order_note_insert", {
      order_id = order.id, actor = tx.actor, body = args.body, is_visible = args.is_visible, at = tx.now,
    })
    tx.touch("order:" .. order.id)
    return { id = note_id }
  end,
})

return true
