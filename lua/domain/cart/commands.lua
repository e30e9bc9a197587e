--- What shoppers do to a cart. The client names a variant and a quantity, never a price.
local addresses = require("domain.customer.addresses")
local command = require("kernel.command")
local db = require("kernel.db")
local failure = require("kernel.failure")
local json = require("kernel.json")
local lines = require("domain.cart.lines")
local promotion = require("domain.promotion")
local schema = require("kernel.schema")
local text = require("kernel.text")

local token = schema.text({ required = true, min = 20, max = 100, pattern = "^[%w_-]+$" })
local key = schema.text({ required = true, max = 100 })
local choice = schema.text({ max = 300 })
local properties = schema.map(schema.text({ max = 500, multiline = true }), { max = 20, key_max = 100, default = {} })
local MOST_CODES <const> = 10

local function find_open(cart_token)
  local cart = db.one("cart_open", { token = cart_token })
  if not cart then return failure.new("cart.missing", "there is no such cart") end
  if cart.state ~= "open" then return failure.new("cart.closed", "this cart is " .. cart.state, nil, { state = cart.state }) end
  return cart
end

local function touch(tx, cart)
  db.run("cart_touch", { id = cart.id, at = tx.now })
  tx.touch("cart:" .. cart.id)
end

local home = {
  channel_id = schema.id(), currency = schema.text({ pattern = "^%u%u%u$" }), locale = schema.text({ max = 20 }),
  country = schema.text({ pattern = "^%u%u$" }), customer_id = schema.id(), source = schema.text({ max = 20 }),
  is_test = schema.boolean(),
}

local function with_home(fields)
  for name, spec in pairs(home) do fields[name] = spec end
  return schema.object(fields)
end

local function create(tx, args)
  if not args.channel_id or not args.currency or not args.locale then
    return failure.new("cart.missing", "a new cart needs channel_id, currency and locale")
  end
  local _, id = db.run("cart_insert", {
    token = tx.token(), channel_id = args.channel_id, customer_id = args.customer_id, currency = args.currency,
    locale = args.locale, country = args.country or "", source = args.source or "web", is_test = args.is_test == true, at = tx.now,
  })
  return { id = id, state = "open", currency = args.currency }
end

command.define({
  name = "cart.create",
  doc = "Opens a cart. Its token is read from the row by id.",
  args = with_home({}),
  handler = function(tx, args)
    local cart, err = create(tx, args)
    if not cart then return nil, err end
    return { id = cart.id }
  end,
})

local function variant_of(args)
  if args.variant_id then return args.variant_id end
  return args.sku and db.value("variant_by_sku", { sku_key = text.fold(args.sku) }) or 0
end

-- Puts `quantity` more of a wish into a cart.
local function add(tx, cart, wish, quantity)
  wish.key = lines.key(wish)
  local variant = db.one("cart_variant", { variant_id = wish.variant_id, cart_id = cart.id, key = wish.key, at = tx.now })
  if not variant then return failure.new("variant.missing", "there is no such variant", { variant_id = "variant.missing" }) end
  local in_line = variant.in_line or 0
  if in_line == 0 and variant.lines >= lines.MOST_LINES then
    return failure.new("cart.full", "a cart has at most " .. lines.MOST_LINES .. " lines")
  end
  if variant.max_per_order then
    local count = db.value("cart_product_count", { cart_id = cart.id, product_id = variant.product_id })
    if count + quantity > variant.max_per_order then
      return failure.new("quantity.too_large", "at most " .. variant.max_per_order .. " of this product in an order",
        { quantity = "quantity.too_large" }, { max = variant.max_per_order })
    end
  end
  local allowed, err = lines.judge(variant, in_line + quantity, variant.in_cart - in_line)
  if not allowed then return nil, err end
  if allowed == in_line then
    return failure.new("stock.short", "all that is left is in the cart already", { quantity = "stock.short" },
      { available = variant.available, in_cart = variant.in_cart })
  end
  db.run("cart_line_put", {
    cart_id = cart.id, key = wish.key, variant_id = wish.variant_id, quantity = allowed,
    properties = next(wish.properties) and json.encode(wish.properties) or "{}",
    selling_plan_id = wish.selling_plan_id, parent_key = wish.parent_key, at = tx.now,
  })
  return { id = cart.id, key = wish.key, quantity = allowed, added = allowed - in_line, is_capped = allowed < in_line + quantity }
end

-- The open cart of a token, else a new one. An ordered cart is left alone: a new one begins.
local function open_or_create(tx, args)
  local cart = args.cart and db.one("cart_open", { token = args.cart })
  if cart and cart.state == "open" then return cart, false end
  local err
  cart, err = create(tx, args)
  if not cart then return nil, err end
  return cart, true
end

-- What guards may look at: the cart as the command left it.
local guard = {
  name = "cart.change", doc = "Lines came into a cart or changed.",
  input = {
    cart_id = "integer", currency = "string", customer_id = "integer?", item_count = "integer: pieces of all lines",
    lines = "list: { variant_id, product_id, sku, handle, title, quantity }",
  },
  project = function(_, _, result)
    local cart, found, count = db.one("cart_by_id", { id = result.id }), db.many("cart_lines_for_guards", { cart_id = result.id }), 0
    for _, line in ipairs(found) do count = count + line.quantity end
    return { cart_id = cart.id, currency = cart.currency, customer_id = cart.customer_id, item_count = count, lines = found }
  end,
}

command.define({
  name = "cart.add",
  doc = "Puts pieces of a variant into a cart, and opens one when there is none.",
  args = with_home({
    cart = schema.text({ max = 100, pattern = "^[%w_-]+$" }), variant_id = schema.id(), sku = schema.text({ max = 200 }),
    quantity = schema.integer({ min = 1, max = lines.MOST_PIECES, default = 1 }), properties = properties,
    selling_plan_id = schema.id(), parent_key = schema.text({ max = 100 }),
  }),
  guard = guard,
  handler = function(tx, args)
    local cart, is_new = open_or_create(tx, args)
    if not cart then return nil, is_new end
    local result, problem = add(tx, cart, {
      variant_id = variant_of(args), properties = args.properties, selling_plan_id = args.selling_plan_id, parent_key = args.parent_key,
    }, args.quantity)
    if not result then return nil, problem end
    result.is_new = is_new
    touch(tx, cart)
    return result
  end,
})

command.define({
  name = "cart.add_many",
  doc = "Puts pieces of several variants into a cart, all or nothing, and opens one when there is none.",
  args = with_home({
    cart = schema.text({ max = 100, pattern = "^[%w_-]+$" }),
    items = schema.list(schema.object({
      variant_id = schema.id({ required = true }), quantity = schema.integer({ min = 1, max = lines.MOST_PIECES, default = 1 }),
      properties = properties,
    }), { required = true, min = 1, max = lines.MOST_LINES }),
  }),
  guard = guard,
  handler = function(tx, args)
    local cart, is_new = open_or_create(tx, args)
    if not cart then return nil, is_new end
    local added = {}
    for i, item in ipairs(args.items) do
      local result, problem = add(tx, cart, { variant_id = item.variant_id, properties = item.properties }, item.quantity)
      if not result then return nil, problem end
      added[i] = result
    end
    touch(tx, cart)
    return { id = cart.id, is_new = is_new, lines = added }
  end,
})

-- The quantity of a line becomes this one; 0 takes the line out.
local function set_quantity(tx, cart, line_key, quantity)
  local line = db.one("cart_line_find", { cart_id = cart.id, key = line_key })
  if not line then return failure.new("line.missing", "there is no such line in the cart") end
  if quantity == 0 then
    db.run("cart_line_delete", { cart_id = cart.id, key = line_key })
    return { key = line_key, quantity = 0 }
  end
  local variant = db.one("cart_variant", { variant_id = line.variant_id, cart_id = cart.id, key = line_key, at = tx.now })
  if variant.max_per_order then
    local count = db.value("cart_product_count", { cart_id = cart.id, product_id = variant.product_id })
    if count - line.quantity + quantity > variant.max_per_order then
      return failure.new("quantity.too_large", "at most " .. variant.max_per_order .. " of this product in an order",
        { quantity = "quantity.too_large" }, { max = variant.max_per_order })
    end
  end
  local allowed, err = lines.judge(variant, quantity, variant.in_cart - line.quantity)
  if not allowed then return nil, err end
  db.run("cart_line_set", { cart_id = cart.id, key = line_key, quantity = allowed })
  return { key = line_key, quantity = allowed, is_capped = allowed < quantity }
end

command.define({
  name = "cart.set_quantity",
  doc = "Changes how many pieces a line has; 0 removes it.",
  args = schema.object({ cart = token, key = key, quantity = schema.integer({ required = true, min = 0, max = lines.MOST_PIECES }) }),
  guard = guard,
  handler = function(tx, args)
    local cart, err = find_open(args.cart)
    if not cart then return nil, err end
    local result, problem = set_quantity(tx, cart, args.key, args.quantity)
    if not result then return nil, problem end
    touch(tx, cart)
    result.id = cart.id
    return result
  end,
})

command.define({
  name = "cart.remove",
  doc = "Takes a line out, with the lines that hang on it.",
  args = schema.object({ cart = token, key = key }),
  handler = function(tx, args)
    local cart, err = find_open(args.cart)
    if not cart then return nil, err end
    if db.run("cart_line_delete", { cart_id = cart.id, key = args.key }) == 0 then
      return failure.new("line.missing", "there is no such line in the cart")
    end
    touch(tx, cart)
    return { id = cart.id }
  end,
})

command.define({
  name = "cart.clear",
  doc = "Takes all lines out.",
  args = schema.object({ cart = token }),
  handler = function(tx, args)
    local cart, err = find_open(args.cart)
    if not cart then return nil, err end
    db.run("cart_lines_clear", { cart_id = cart.id })
    touch(tx, cart)
    return { id = cart.id }
  end,
})

command.define({
  name = "cart.update",
  doc = "Changes quantities of many lines at once, the note, attributes, country, e-mail. All or nothing.",
  args = schema.object({
    cart = token, quantities = schema.map(schema.integer({ min = 0, max = lines.MOST_PIECES }), { max = lines.MOST_LINES, default = {} }),
    note = schema.text({ max = 2000, multiline = true }), attributes = schema.map(schema.text({ max = 500 }), { max = 50, key_max = 100 }),
    country = schema.text({ pattern = "^%u%u$" }), locale = schema.text({ max = 20 }), email = schema.email(),
    phone = schema.text({ max = 50 }),
  }),
  guard = guard,
  handler = function(tx, args)
    local cart, err = find_open(args.cart)
    if not cart then return nil, err end
    local keys, changed = {}, {}
    for line_key in pairs(args.quantities) do keys[#keys + 1] = line_key end
    table.sort(keys)
    for _, line_key in ipairs(keys) do
      local result, problem = set_quantity(tx, cart, line_key, args.quantities[line_key])
      if not result then
        problem.data = problem.data or {}
        problem.data.key = line_key
        return nil, problem
      end
      changed[#changed + 1] = result
    end
    db.run("cart_set_details", {
      id = cart.id, note = args.note, attributes = args.attributes and json.encode(args.attributes), country = args.country,
      locale = args.locale, email = args.email, phone = args.phone, at = tx.now,
    })
    tx.touch("cart:" .. cart.id)
    return { id = cart.id, lines = changed }
  end,
})

command.define({
  name = "cart.apply_code",
  doc = "Keeps a code with the cart, when it stands for something.",
  args = schema.object({ cart = token, code = schema.text({ required = true, max = 100 }) }),
  handler = function(tx, args)
    local cart, err = find_open(args.cart)
    if not cart then return nil, err end
    local code_key = promotion.code_key(args.code)
    local found = promotion.resolve({ now = tx.now }, args.code, { id = cart.customer_id })
    if found.problem then
      return failure.new(found.problem, "the code cannot be used", { code = found.problem })
    end
    if db.value("cart_codes_count", { cart_id = cart.id }) >= MOST_CODES then
      return failure.new("code.too_many", "at most " .. MOST_CODES .. " codes", { code = "code.too_many" })
    end
    db.run("cart_code_put", { cart_id = cart.id, code_key = code_key, code = found.code, at = tx.now })
    touch(tx, cart)
    return { id = cart.id, code = found.code }
  end,
})

command.define({
  name = "cart.remove_code",
  doc = "Takes a code off the cart.",
  args = schema.object({ cart = token, code = schema.text({ required = true, max = 100 }) }),
  handler = function(tx, args)
    local cart, err = find_open(args.cart)
    if not cart then return nil, err end
    if db.run("cart_code_delete", { cart_id = cart.id, code_key = promotion.code_key(args.code) }) == 0 then
      return failure.new("code.missing", "the cart has no such code")
    end
    touch(tx, cart)
    return { id = cart.id }
  end,
})

command.define({
  name = "cart.set_address",
  doc = "Says where it goes and who pays. A billing address that is absent is the same.",
  args = schema.object({
    cart = token, delivery = schema.object(addresses.fields, { required = true }), billing = schema.object(addresses.fields),
    email = schema.email(), phone = schema.text({ max = 50 }),
  }),
  handler = function(tx, args)
    local cart, err = find_open(args.cart)
    if not cart then return nil, err end
    local delivery, wrong = addresses.check(args.delivery, "delivery")
    if not delivery then return nil, wrong end
    local billing
    if args.billing then
      billing, wrong = addresses.check(args.billing, "billing")
      if not billing then return nil, wrong end
    end
    db.run("cart_set_addresses", {
      id = cart.id, delivery = json.encode(delivery), billing = billing and json.encode(billing), country = delivery.country,
      email = args.email, phone = args.phone or delivery.phone, at = tx.now,
    })
    tx.touch("cart:" .. cart.id)
    return { id = cart.id }
  end,
})

local function define_choice(name, query, doc)
  command.define({
    name = name,
    doc = doc,
    args = schema.object({ cart = token, choice = choice }),
    handler = function(tx, args)
      local cart, err = find_open(args.cart)
      if not cart then return nil, err end
      db.run(query, { id = cart.id, choice = args.choice, at = tx.now })
      tx.touch("cart:" .. cart.id)
      return { id = cart.id }
    end,
  })
end

define_choice("cart.choose_delivery", "cart_set_delivery", "Chooses a rate by its id; the quote says whether it is offered.")
define_choice("cart.choose_payment", "cart_set_payment", "Chooses a payment method by its id; the quote says whether it is offered.")

-- Lines of the other cart join by key; what rules and stock do not allow stays behind.
local function merge(tx, cart, other)
  for _, line in ipairs(db.many("cart_lines_of", { cart_id = other.id })) do
    add(tx, cart, {
      variant_id = line.variant_id, properties = json.decode(line.properties), selling_plan_id = line.selling_plan_id,
      parent_key = line.parent_key,
    }, line.quantity)
  end
  db.run("cart_set_state", { id = other.id, state = "merged", at = tx.now })
  tx.touch("cart:" .. other.id)
end

command.define({
  name = "cart.claim",
  doc = "The shopper logged in: the cart is theirs, and the one that they left earlier joins it.",
  args = schema.object({ cart = token, customer_id = schema.id({ required = true }), email = schema.email() }),
  handler = function(tx, args)
    local cart, err = find_open(args.cart)
    if not cart then return nil, err end
    local other = db.one("cart_of_customer", { customer_id = args.customer_id })
    if other and other.id ~= cart.id then merge(tx, cart, other) end
    db.run("cart_set_customer", { id = cart.id, customer_id = args.customer_id, email = args.email, at = tx.now })
    tx.touch("cart:" .. cart.id)
    return { id = cart.id }
  end,
})

command.define({
  name = "cart.cancel",
  doc = "Ends a checkout session without an order.",
  args = schema.object({ cart = token }),
  handler = function(tx, args)
    local cart, err = find_open(args.cart)
    if not cart then return nil, err end
    db.run("cart_set_state", { id = cart.id, state = "cancelled", at = tx.now })
    tx.touch("cart:" .. cart.id)
    return { id = cart.id }
  end,
})

command.define({
  name = "cart.record",
  doc = "Keeps a quoted cart without the person in it, to try new rules on.",
  args = schema.object({ draft = schema.any({ required = true }), currency = schema.text({ required = true }),
    total = schema.integer({ required = true }), quote_hash = schema.text({ required = true, max = 100 }) }),
  handler = function(tx, args)
    local _, id = db.run("recorded_cart_insert", {
      draft = json.encode(args.draft), currency = args.currency, total = args.total, quote_hash = args.quote_hash, at = tx.now,
    })
    return { id = id }
  end,
})

local DAY <const> = 24 * 3600 * 1000

command.define({
  name = "cart.sweep",
  doc = "Deletes carts that nobody touched for 90 days, and ended ones after 30.",
  args = schema.object({}),
  handler = function(tx)
    local count = 0
    for state, days in pairs({ open = 90, ordered = 30, merged = 1, cancelled = 30 }) do
      for _, row in ipairs(db.many("carts_to_sweep", { state = state, before = tx.now - days * DAY, limit = 200 })) do
        count = count + db.run("cart_delete", { id = row.id })
      end
    end
    db.run("recorded_carts_prune", { before = tx.now - 90 * DAY })
    return { deleted = count }
  end,
})

return true
