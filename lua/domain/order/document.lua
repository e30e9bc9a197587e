--- An order as plain data, made from the quote that the shopper accepted. Pure: the worker makes it,
--- the writer stores it.
local json = require("kernel.json")

local document = {}

local function tax_rows(taxes, words)
  local rows = {}
  for i, tax in ipairs(taxes) do
    rows[i] = {
      rate_id = tax.rate, title = words(tax.title), jurisdiction = tax.jurisdiction, ppm = tax.ppm, base_amount = tax.base,
      amount = tax.amount, is_included = tax.included,
    }
  end
  return rows
end

local function allocation_rows(allocations)
  local rows = {}
  for i, part in ipairs(allocations) do
    rows[i] = {
      seq = part.seq, handler = part.rule or part.handler, code = part.code or "",
      reason = part.reason and json.encode(part.reason) or "{}", amount = part.amount,
    }
  end
  return rows
end

local function sum(rows)
  local total = 0
  for _, row in ipairs(rows) do total = total + row.amount end
  return total
end

local function image_of(line)
  if not line.image_path then return "" end
  return line.image_path
end

local function goods_line(line, included, words)
  return {
    kind = "goods", key = line.id, parent_key = line.parent_key, variant_id = line.variant_id, product_id = line.product_id,
    selling_plan_id = line.selling_plan_id, title = line.title, variant_title = line.variant_title or "", sku = line.sku or "",
    brand = line.brand or "", image = image_of(line), options = json.encode(json.array(line.options or {})),
    properties = line.properties and next(line.properties) and json.encode(line.properties) or "{}", quantity = line.qty,
    list_unit_amount = line.list, list_pieces = line.list_pieces, unit_amount = line.unit, unit_pieces = line.unit_pieces,
    subtotal_amount = line.worth, discount_amount = line.discount, total_amount = line.total, tax_amount = line.tax,
    is_tax_included = included, tax_class = line.taxable and line.tax_class or "", cost_amount = line.cost_amount,
    weight_mg = line.weight_mg or 0, ships = line.ships == true, is_downloadable = line.is_downloadable == true,
    is_gift_card = line.is_gift_card == true, taxes = tax_rows(line.taxes, words), allocations = allocation_rows(line.allocations),
    stock_owner = line.stock_owner,
  }
end

local function service_line(kind, part, list, included, words)
  return {
    kind = kind, key = part.id, title = words(part.title), variant_title = "", sku = "", brand = "", image = "", options = "[]",
    properties = "{}", quantity = 1, list_unit_amount = list, list_pieces = 1, unit_amount = list, unit_pieces = 1,
    subtotal_amount = list, discount_amount = part.discount or 0, total_amount = part.total, tax_amount = sum(part.taxes),
    is_tax_included = included, tax_class = "", weight_mg = 0, ships = false, is_downloadable = false, is_gift_card = false,
    taxes = tax_rows(part.taxes, words), allocations = allocation_rows(part.allocations),
  }
end

local function lines_of(quote, words)
  local lines, included = {}, quote.is_tax_included
  for _, line in ipairs(quote.lines) do lines[#lines + 1] = goods_line(line, included, words) end
  if quote.delivery then lines[#lines + 1] = service_line("delivery", quote.delivery, quote.delivery.list, included, words) end
  for _, fee in ipairs(quote.fees) do lines[#lines + 1] = service_line("fee", fee, fee.amount, included, words) end
  for i, line in ipairs(lines) do line.position = i end
  return lines
end

local function address_row(kind, address)
  local row = { kind = kind }
  for name, value in pairs(address) do row[name] = value end
  return row
end

local function addresses_of(cart, needs_delivery)
  local rows = {}
  local billing = cart.billing_address or cart.delivery_address
  if needs_delivery and cart.delivery_address then rows[1] = address_row("delivery", cart.delivery_address) end
  if billing then rows[#rows + 1] = address_row("billing", billing) end
  return rows
end

local function head_of(quote, cart, base_currency, words)
  local codes = {}
  for _, code in ipairs(quote.codes) do
    if code.is_used then codes[#codes + 1] = code.code end
  end
  return {
    locale = cart.locale, currency = quote.currency, base_currency = base_currency, rate_mantissa = 1, rate_exponent = 0,
    list_amount = quote.list, subtotal_amount = quote.subtotal, discount_amount = quote.discount,
    delivery_amount = quote.delivery_total, fee_amount = quote.fee_total, tax_amount = quote.tax,
    added_tax_amount = quote.added_tax, total_amount = quote.total, tender_amount = quote.total - quote.due,
    due_amount = quote.due, is_tax_included = quote.is_tax_included, policy = json.encode(quote.policy),
    ledger = json.encode(json.array(quote.ledger)), quote_hash = quote.hash,
    delivery_method = quote.delivery and quote.delivery.id or "",
    delivery_title = quote.delivery and words(quote.delivery.title) or "",
    delivery_state = quote.needs_delivery and "unfulfilled" or "not_required",
    payment_method = quote.due > 0 and quote.payment and quote.payment.id or "", codes = json.encode(json.array(codes)),
    note = cart.note, attributes = next(cart.attributes) and json.encode(cart.attributes) or "{}",
  }
end

--- The order that a quote makes. `words` turns a title of a handler into text in the buyer's language.
---@param quote merx.Quote
---@param cart merx.Cart
---@param base_currency string
---@param words fun(message: table): string
---@return { head: table, lines: table[], addresses: table[], holds: table[], tenders: table[], payment?: table }
function document.make(quote, cart, base_currency, words)
  local made = {
    head = head_of(quote, cart, base_currency, words), lines = lines_of(quote, words),
    addresses = addresses_of(cart, quote.needs_delivery), holds = quote.holds, tenders = {},
  }
  for i, tender in ipairs(quote.tenders) do
    made.tenders[i] = {
      handler = tender.handler, amount = tender.amount, kind = tender.kind, owner_id = tender.owner_id, key = tender.key,
    }
  end
  if quote.due > 0 and quote.payment then
    local method = quote.payment
    made.payment = {
      method = method.id, flow = method.flow == "offline" and "offline" or "online", hold_minutes = method.hold_minutes,
      is_test = method.handler ~= nil and method.handler.is_test == true,
    }
  end
  return made
end

return document
