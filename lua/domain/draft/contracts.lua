--- The contracts of the extension points that work on a draft: what their handlers see and which operations they may
--- answer with.
local answer = require("kernel.answer")
local contracts = require("kernel.contracts")
local schema = require("kernel.schema")

local LARGEST <const> = 1000000000000000 -- 10^15 minor units: sums of many stay inside 64 bits

-- ---- types of fields ---------------------------------------------------------------------------------------------------

local function integer(min, max) return { test = "integer", min = min, max = max } end
local function text(min, max) return { test = "text", min = min, max = max } end

local function is_amount(value)
  return math.type(value) == "integer" and value >= 0 and value <= LARGEST
end

local function are_lines(value, work)
  if type(value) ~= "table" then return false end
  for _, id in ipairs(value) do
    if not work.by_id[id] then return false end
  end
  return true
end

local function is_target(value, work)
  return work.by_id[value] ~= nil or value == "delivery" or work.fee_by_target[value] ~= nil
end

local function is_account(value)
  return type(value) == "table" and answer.is_text(value.kind, 1, 200) and (value.owner_id == nil or is_amount(value.owner_id))
    and (value.key == nil or type(value.key) == "string" and #value.key <= 200)
end

local function tested(by) return { test = "function", of = by } end

local types = {
  account = tested(is_account), amount = integer(0, LARGEST), boolean = { test = "boolean" }, count = integer(1, 1000000000),
  line = { test = "member", of = "by_id" }, lines = tested(are_lines), message = { test = "message" }, name = text(1, 200),
  rate = integer(0, 10000000), share = integer(0, 1000000), target = tested(is_target),
}

contracts.describe_types({
  account = { type = "{ kind: string, owner_id?: integer, key?: string }", doc = "an account that can be held and taken from" },
  amount = { type = "integer", doc = "0 to 10^15" },
  boolean = { type = "boolean" },
  count = { type = "integer", doc = "1 to 10^9" },
  line = { type = "string", doc = "the id of a line of the draft" },
  lines = { type = "string[]", doc = "ids of lines of the draft" },
  message = { type = "string|table", doc = "a key of the plugin's messages, or { key, name = value }" },
  name = { type = "string", doc = "1 to 200 bytes" },
  rate = { type = "integer", doc = "parts per million, 0 to 10^7" },
  share = { type = "integer", doc = "parts per million, 0 to 10^6" },
  target = { type = "string", doc = "the id of a line, \"delivery\", or the target of a fee" },
})

-- ---- operations --------------------------------------------------------------------------------------------------------

local function required(kind, doc) return { type = kind, required = true, doc = doc } end
local function optional(kind, doc) return { type = kind, doc = doc } end

local REASON <const> = { type = "message", doc = "why, for the shopper: a key of the plugin's messages, or { key, name = value }" }

local function operation(doc, fields, either)
  fields.reason = REASON
  return { doc = doc, fields = fields, either = either }
end

local REDUCTION <const> = { "amount", "ppm" }

local HOLD <const> = operation("Takes something scarce aside when the order is placed.", {
  account = required("account", "{ kind, owner_id?, key? }"), quantity = required("count", "how many"),
})

-- Sums of lines stay inside 64 bits, however many pieces.
local function fits_line(op, work)
  return op.amount / (op.pieces or 1) * work.by_id[op.line].qty <= LARGEST
end

local set_unit = operation("Sets the price of a piece of a line.", {
  line = required("line", "id of the line"), amount = required("amount", "minor units for `pieces` pieces"),
  pieces = optional("count", "1 when absent"),
})
set_unit.fits = fits_line

local off_line = operation("Takes something off a line: an amount, or a share in parts per million.", {
  line = required("line", "id of the line"), amount = optional("amount", "minor units"), ppm = optional("share", "100,000 is 10 %"),
  quantity = optional("count", "of how many pieces; all when absent"),
}, REDUCTION)

local off_order = operation("Takes something off the goods, split over their lines.", {
  amount = optional("amount", "minor units"), ppm = optional("share", "100,000 is 10 %"), lines = optional("lines", "ids; all when absent"),
}, REDUCTION)

local off_delivery = operation("Takes something off the delivery.", {
  amount = optional("amount", "minor units"), ppm = optional("share", "1,000,000 is free"),
}, REDUCTION)

local gift = operation("Adds a line that costs nothing.", {
  variant = required("amount", "id of the variant"), quantity = optional("count", "1 when absent"),
})

local rate = operation("Offers a delivery.", {
  id = required("name", "the same each time"), amount = required("amount", "minor units"), title = optional("message", "what it is called"),
  description = optional("message", "a sentence"), min_days = optional("amount", "from"), max_days = optional("amount", "to"),
  is_pickup = optional("boolean", "the shopper comes for it"),
})

local offer = operation("Offers a way to pay.", {
  title = optional("message", "what it is called"), description = optional("message", "a sentence"), fee = optional("amount", "minor units"),
  flow = optional("name", "\"offline\" or \"redirect\""), hold_minutes = optional("count", "how long stock is held"),
})

local fee = operation("Adds a fee.", {
  id = required("name", "the same each time"), amount = required("amount", "minor units"), title = optional("message", "what it is called"),
})

local tax = operation("Names a rate for a line, the delivery or a fee; the engine works out the sums.", {
  target = required("target", "id of a line, \"delivery\", or target of a fee"), rate = required("name", "id of the rate"),
  ppm = required("rate", "200,000 is 20 %"), title = optional("message", "what it is called"), amount = optional("amount", "when an outside service knows it"),
  included = optional("boolean", "in the price; as the price list says when absent"), home_ppm = optional("rate", "included at home"),
  jurisdiction = optional("name", "who levies it"),
})

local tender = operation("Pays a part of what is due.", {
  account = required("account", "{ kind, owner_id?, key? }"), amount = required("amount", "minor units"), title = optional("message", "what it is called"),
})

local block = operation("Keeps the cart from being ordered.", {
  message = required("message", "what the shopper reads"), line = optional("line", "id of the line that is in the way"),
})

local remove = operation("Takes a way to pay from the offer.", { method = required("name", "id of the method") })

-- ---- what handlers see -------------------------------------------------------------------------------------------------

local LINE <const> = {
  ["lines[].id"] = "string: the same for the life of the line", ["lines[].variant_id"] = "integer", ["lines[].product_id"] = "integer",
  ["lines[].sku"] = "string?", ["lines[].title"] = "string", ["lines[].handle"] = "string", ["lines[].qty"] = "integer",
  ["lines[].list"] = "integer: list price of `list_pieces` pieces", ["lines[].list_pieces"] = "integer",
  ["lines[].unit"] = "integer: price of `unit_pieces` pieces so far", ["lines[].unit_pieces"] = "integer",
  ["lines[].worth"] = "integer: unit × qty", ["lines[].discount"] = "integer: taken off so far",
  ["lines[].tags"] = "string[]: handles", ["lines[].tags[]"] = "string[]: handles", ["lines[].categories"] = "string[]: handles",
  ["lines[].categories[]"] = "string[]: handles", ["lines[].brand"] = "string?", ["lines[].kind"] = "string", ["lines[].type"] = "string?",
  ["lines[].weight"] = "integer: grams of a piece", ["lines[].ships"] = "boolean", ["lines[].taxable"] = "boolean",
  ["lines[].tax_class"] = "string", ["lines[].is_gift_card"] = "boolean", ["lines[].is_downloadable"] = "boolean",
  ["lines[].compare"] = "integer?: price before a reduction", ["lines[].cost_amount"] = "integer?", ["lines[].properties"] = "map: what the shopper typed",
  ["lines[].offers[].amount"] = "integer: a price beside the list price that holds now", ["lines[].offers[].pieces"] = "integer",
  ["lines[].offers[].min_quantity"] = "integer", ["lines[].offers[].starts_at"] = "integer?: UTC milliseconds",
  ["lines[].offers[].ends_at"] = "integer?: UTC milliseconds", ["lines[].options[].name"] = "string", ["lines[].options[].value"] = "string",
}

local COMMON <const> = {
  now = "integer: UTC milliseconds; a handler that asks for it is asked anew each time", currency = "string", locale = "string",
  channel = "string: handle", item_count = "integer: pieces", total_weight = "integer: grams of what ships", is_tax_included = "boolean",
  has_address = "boolean", ["destination.country"] = "string", ["destination.province"] = "string?", ["destination.postal_code"] = "string?",
  ["destination.city"] = "string?", ["home.country"] = "string", ["customer.id"] = "integer?", ["customer.group"] = "string?: handle",
  ["customer.is_tax_exempt"] = "boolean?", ["customer.tax_number"] = "string?", ["codes[].code"] = "string: what the shopper typed",
  ["attributes"] = "map: of the cart", subtotal = "integer: goods less discounts so far", list = "integer: list prices of the goods",
  delivery_choice = "string?", payment_choice = "string?",
}

local AFTER_DELIVERY <const> = {
  needs_delivery = "boolean", ["delivery.id"] = "string?", ["delivery.amount"] = "integer?", ["delivery.is_pickup"] = "boolean?",
}

local AFTER_FEES <const> = { ["fees[].target"] = "string", ["fees[].id"] = "string", ["fees[].amount"] = "integer" }

local AFTER_TAX <const> = { total = "integer", due = "integer: total less tenders so far", tax = "integer", ["methods[].id"] = "string" }

local function sees(...)
  local input = {}
  for _, part in ipairs({ ... }) do
    for path, kind in pairs(part) do input[path] = kind end
  end
  return input
end

local BEFORE <const> = sees(COMMON, LINE)
local LATER <const> = sees(BEFORE, AFTER_DELIVERY)

-- ---- points ------------------------------------------------------------------------------------------------------------

local function point(name, place, phase, spec)
  spec.point, spec.place, spec.phase, spec.kind = name, place, phase, "pure"
  contracts.define(spec)
end

point("price_rule", "price_rules", "price", {
  doc = "Sets the price of a piece.", input = BEFORE, ops = { set_unit = set_unit }, on_error = "skip",
})
point("promotion_condition", "promotion_conditions", "promotions", {
  doc = "Says whether a promotion of the merchant applies.", input = LATER, answer = "true or false", on_error = "skip",
})
point("promotion_action", "promotion_actions", "promotions", {
  doc = "Says what a promotion of the merchant takes off.", input = LATER, on_error = "skip",
  ops = { off_line = off_line, off_order = off_order, off_delivery = off_delivery, gift = gift, hold = HOLD },
})
point("delivery_method", "delivery_methods", "delivery", {
  doc = "Offers ways to deliver.", input = sees(BEFORE, { needs_delivery = "boolean" }), ops = { rate = rate }, on_error = "omit",
})
point("payment_method", "payment_methods", "fees", {
  doc = "Offers a way to pay.", input = LATER, ops = { offer = offer }, on_error = "omit",
  fields = {
    flow = schema.enum({
      "offline", "redirect", required = true, doc = "offline: the shop is paid outside of it; redirect: the shopper goes to a provider and comes back",
    }),
    hold_minutes = schema.integer({ min = 1, max = 43200, doc = "how long stock is held for an order that is not paid yet" }),
    is_test = schema.boolean({ doc = "moves no money: offered in test mode only, and what it pays are test orders" }),
    webhook_headers = schema.list(schema.text({ required = true, max = 60, pattern = "^%l[%l%d-]*$" }), {
      max = 20, default = {}, doc = "headers of a webhook that its function sees, in lower case",
    }),
  },
  pool = "payments", -- what others ask for must not hold up a payment
  functions = {
    authorize = "effect", capture = "effect", void = "effect", refund = "effect", fetch = "effect", webhook = "pure",
  },
  check = function(entry)
    if entry.flow == "redirect" and not entry.adapter then
      return ("payment_methods.%s sends the shopper to a provider: name the module of its `adapter`"):format(entry.id)
    end
  end,
})
point("fee_rule", "fee_rules", "fees", { doc = "Adds a fee.", input = LATER, ops = { fee = fee }, on_error = "skip" })
point("tax_provider", "tax_providers", "tax", {
  doc = "Names the taxes of lines, delivery and fees. A shop asks one alone: `merx plugin bind tax_provider ID`.", is_slot = true,
  input = sees(LATER, AFTER_FEES), ops = { tax = tax }, on_error = "estimate",
})
point("tender_rule", "tender_rules", "tenders", {
  doc = "Pays a part of what is due: a gift card, store credit.", input = sees(LATER, AFTER_FEES, AFTER_TAX),
  ops = { tender = tender, hold = HOLD }, on_error = "skip",
})
point("cart_validator", "cart_validators", "validators", {
  doc = "Keeps a cart from being ordered.", input = sees(LATER, AFTER_FEES, AFTER_TAX), ops = { block = block, hold = HOLD }, on_error = "block",
})
point("payment_filter", "payment_filters", "payment_filter", {
  doc = "Takes ways to pay from the offer.", input = sees(LATER, AFTER_FEES, AFTER_TAX), ops = { remove = remove }, on_error = "block",
})

local checks = {}
for _, contract in pairs(contracts.by_place()) do
  if contract.phase and contract.ops then checks[contract.point] = contracts.checker(contract.ops, types) end
end

--- What tests the operations of each point.
---@type table<string, fun(list: table, work: table, most: integer): native.AnswerFault?, integer?>
return checks
