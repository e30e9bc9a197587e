--- What the shopper saw, in one digest: lines, quantities, prices, discounts, delivery, fees, tax and
--- totals. Not the ledger, versions or the names of handlers: who made a price is not what it is.
local tables = require("kernel.tables")
local value = require("kernel.value")

local hash = {}

local OF_QUOTE <const>, OF_LINE <const>, OF_TAX <const> = 11, 8, 3

-- One list, which is encoded in its order with the type and length of each part: none can look like two. What there may
-- be several of is preceded by its count. Each returns where it ended.
local function put_line(list, at, line)
  local taxes = line.taxes
  list[at + 1], list[at + 2], list[at + 3], list[at + 4] = line.id, line.variant_id, line.qty, line.unit
  list[at + 5], list[at + 6], list[at + 7], list[at + 8] = line.unit_pieces, line.discount, line.total, #taxes
  at = at + OF_LINE
  for i = 1, #taxes do
    local row = taxes[i]
    list[at + 1], list[at + 2], list[at + 3] = row.ppm, row.amount, row.included == true
    at = at + OF_TAX
  end
  return at
end

local function put_charges(list, at, charges, name, amount)
  at = at + 1
  list[at] = #charges
  for _, charge in ipairs(charges) do
    list[at + 1], list[at + 2] = charge[name], charge[amount]
    at = at + 2
  end
  return at
end

local function size_of(work)
  local lines = work.lines
  local size = OF_QUOTE + #lines * OF_LINE + 2 + 2 * #work.fees + 2 * #work.tenders
  for i = 1, #lines do size = size + #lines[i].taxes * OF_TAX end
  return size
end

--- The bytes that are digested; equal bytes are equal offers.
---@param work table
---@return string
function hash.bytes(work)
  local delivery, payment, lines, list = work.delivery, work.payment, work.lines, tables.list(size_of(work))
  list[1], list[2], list[3], list[4], list[5] = work.currency, work.subtotal, work.tax, work.added_tax, work.total
  list[6], list[7], list[8] = work.due, payment and payment.id or "", work.is_tax_included == true
  list[9], list[10], list[11] = delivery and delivery.id or "", delivery and delivery.total or 0, #lines
  local at = OF_QUOTE
  for i = 1, #lines do at = put_line(list, at, lines[i]) end
  at = put_charges(list, at, work.fees, "id", "total")
  put_charges(list, at, work.tenders, "handler", "amount")
  return value.encode(list)
end

return hash
