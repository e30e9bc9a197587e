--- What changes people, their addresses and what they agreed to.
local addresses = require("domain.customer.addresses")
local command = require("kernel.command")
local crypto = require("kernel.crypto")
local db = require("kernel.db")
local events = require("kernel.events")
local failure = require("kernel.failure")
local schema = require("kernel.schema")
local text = require("kernel.text")

events.define("customer.registered", { doc = "Somebody made an account.", body = { id = "integer: id of the customer" } })

local names = {
  name = schema.text({ max = 200 }), given_name = schema.text({ max = 100 }), family_name = schema.text({ max = 100 }),
  phone = schema.text({ max = 50 }), locale = schema.text({ max = 20 }),
}

local function with_names(fields)
  for name, spec in pairs(names) do fields[name] = spec end
  return schema.object(fields)
end

command.define({
  name = "customer.register",
  doc = "Makes an account. The password comes hashed: hashing is slow and not for the writer.",
  args = with_names({ email = schema.email({ required = true }), password_hash = schema.text({ max = 300 }) }),
  handler = function(tx, args)
    local changes, id = db.run("customer_insert", {
      email = args.email, email_key = text.fold(args.email), password_hash = args.password_hash, name = args.name or "",
      given_name = args.given_name, family_name = args.family_name, phone = args.phone, locale = args.locale, at = tx.now,
    })
    if not changes then return failure.new("customer.taken", "this e-mail has an account", { email = "customer.taken" }) end
    tx.emit("customer.registered", "customer:" .. id, { id = id })
    tx.audit({ action = "customer.register", entity = "customer", id = id })
    return { id = id }
  end,
})

command.define({
  name = "customer.update",
  doc = "Changes names, phone, language; what is not given stays.",
  args = with_names({ id = schema.id({ required = true }), version = schema.integer() }),
  handler = function(tx, args)
    args.at = tx.now
    if db.run("customer_update", args) == 0 then
      return failure.new("customer.conflict", "there is no such customer, or somebody else changed it")
    end
    tx.audit({ action = "customer.update", entity = "customer", id = args.id, after = { name = args.name } })
    return { id = args.id }
  end,
})

command.define({
  name = "customer.verify",
  doc = "The e-mail is proven: earlier orders of the guest belong to the account now.",
  args = schema.object({ id = schema.id({ required = true }) }),
  handler = function(tx, args)
    local row = db.one("customer_by_id", { id = args.id })
    if not row then return failure.new("customer.missing", "there is no such customer") end
    db.run("customer_verify", { id = args.id, at = tx.now })
    local attached = db.run("customer_orders_attach", { customer_id = args.id, email_key = text.fold(row.email), at = tx.now })
    tx.audit({ action = "customer.verify", entity = "customer", id = args.id })
    return { id = args.id, orders = attached }
  end,
})

command.define({
  name = "customer.add_address",
  doc = "Puts an address into the book.",
  args = schema.object({
    customer_id = schema.id({ required = true }), address = schema.object(addresses.fields, { required = true }),
    is_delivery = schema.boolean({ default = false }), is_billing = schema.boolean({ default = false }),
  }),
  handler = function(tx, args)
    local address, err = addresses.check(args.address, "address")
    if not address then return nil, err end
    address.customer_id, address.is_delivery, address.is_billing, address.at = args.customer_id, args.is_delivery, args.is_billing, tx.now
    if args.is_delivery or args.is_billing then db.run("addresses_undefault", address) end
    local changes, id = db.run("address_insert", address)
    if not changes then return failure.new("customer.missing", "there is no such customer") end
    return { id = id }
  end,
})

command.define({
  name = "customer.remove_address",
  doc = "Takes an address out of the book.",
  args = schema.object({ customer_id = schema.id({ required = true }), id = schema.id({ required = true }) }),
  handler = function(_, args)
    if db.run("address_delete", args) == 0 then return failure.new("address.missing", "there is no such address") end
    return { id = args.id }
  end,
})

command.define({
  name = "customer.note_guest",
  doc = "Remembers that a guest ordered, by a digest of the e-mail.",
  args = schema.object({ email = schema.email({ required = true }) }),
  handler = function(tx, args)
    db.run("guest_put", { email_digest = text.hex(crypto.sha256("guest:" .. text.fold(args.email))), at = tx.now })
    return { noted = true }
  end,
})

command.define({
  name = "consent.record",
  doc = "Keeps what somebody agreed to, or took back.",
  args = schema.object({
    customer_id = schema.id(), email = schema.email(), visitor = schema.text({ max = 100 }),
    purpose = schema.enum({ "marketing", "analytics", "terms", "age", required = true }),
    is_given = schema.boolean({ required = true }), text = schema.text({ max = 10000, multiline = true }),
    source = schema.text({ required = true, max = 100 }),
  }),
  handler = function(tx, args)
    local _, id = db.run("consent_insert", {
      customer_id = args.customer_id, email_key = args.email and text.fold(args.email) or "", visitor = args.visitor or "",
      purpose = args.purpose, is_given = args.is_given, text_digest = args.text and text.hex(crypto.sha256(args.text)) or "",
      source = args.source, at = tx.now,
    })
    return { id = id }
  end,
})

return true
