--- Commands of the stock room.
local command = require("kernel.command")
local db = require("kernel.db")
local failure = require("kernel.failure")
local inventory = require("domain.inventory.accounts")
local json = require("kernel.json")
local schema = require("kernel.schema")

-- Whose account a variant's stock is: its own, or its product's.
local function owner_of(variant_id)
  local row = db.one("tracking_of", { variant_id = variant_id })
  if not row then return failure.new("variant.missing", "there is no variant " .. variant_id) end
  if row.tracking == "none" then return failure.new("stock.untracked", "the stock of this product is not counted") end
  return row.tracking == "product" and row.product_id or row.id, nil, row.product_id
end

command.define({
  name = "stock.set",
  doc = "Says how many pieces of a variant lie at a place.",
  args = schema.object({
    variant_id = schema.id({ required = true }), location_id = schema.id(),
    quantity = schema.integer({ required = true, min = -1000000000, max = 1000000000 }),
    can_backorder = schema.boolean({ default = false }), low_at = schema.integer({ min = 0 }), note = schema.text({ max = 500 }),
  }),
  handler = function(tx, args)
    local owner_id, err, product_id = owner_of(args.variant_id)
    if not owner_id then return nil, err end
    local id = inventory.set_level(tx, {
      owner_id = owner_id, product_id = product_id, place_id = args.location_id, quantity = args.quantity,
      floor = args.can_backorder and inventory.UNLIMITED or 0, low_at = args.low_at, note = args.note,
    })
    tx.audit({ action = "stock.set", entity = "variant", id = args.variant_id, after = { quantity = args.quantity } })
    return { id = id }
  end,
})

command.define({
  name = "stock.adjust",
  doc = "Adds pieces that came, or takes away pieces that were lost.",
  args = schema.object({
    variant_id = schema.id({ required = true }), location_id = schema.id(),
    delta = schema.integer({ required = true, min = -1000000000, max = 1000000000 }),
    reason = schema.enum({ "received", "counted", "lost", "damaged", default = "received" }), note = schema.text({ max = 500 }),
  }),
  handler = function(tx, args)
    local owner_id, err = owner_of(args.variant_id)
    if not owner_id then return nil, err end
    local id, short = inventory.adjust(tx, {
      owner_id = owner_id, place_id = args.location_id, delta = args.delta, reason = args.reason, note = args.note,
    })
    if not id then return nil, short end
    tx.audit({ action = "stock.adjust", entity = "variant", id = args.variant_id, after = { delta = args.delta } })
    return { id = id }
  end,
})

command.define({
  name = "location.create",
  doc = "Adds a place where stock lies.",
  args = schema.object({
    handle = schema.text({ required = true, max = 100, pattern = "^[%w-]+$" }), title = schema.text({ required = true, max = 200 }),
    address = schema.map(schema.text({ max = 500 }), { max = 20, default = {} }), is_pickup = schema.boolean({ default = false }),
    position = schema.integer({ default = 0 }),
  }),
  handler = function(tx, args)
    local changes, id = db.run("location_insert", {
      handle = args.handle, title = args.title, address = json.encode(args.address), is_pickup = args.is_pickup,
      position = args.position, at = tx.now,
    })
    if not changes then return failure.new("location.taken", "there is a location called " .. args.handle) end
    tx.audit({ action = "location.create", entity = "location", id = id })
    return { id = id }
  end,
})

return true
