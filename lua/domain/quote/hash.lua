--- What the shopper saw, in one digest: lines, quantities, prices, discounts, delivery, fees, tax and
--- totals. Not the ledger, versions or the names of handlers: who made a price is not what it is.
local value = require("kernel.value")

local hash = {}

-- One list, which is encoded in its order with the type and length of each part: none can look like two. What there may
-- be several of is preceded by its count.
local function put_line(list, line)
  local at, taxes = #list, line.taxes
  list[at + 1], list[at + 2], list[at + 3], list[at + 4] = line.id, line.variant_id, line.qty, line.unit
  list[at + 5], list[at + 6], list[at + 7], list[at + 8] = line.unit_pieces, line.discount, line.total, #taxes
  at = at + 8
  for _, row in ipairs(taxes) do
    list[at + 1], list[at + 2], list[at + 3] = row.ppm, row.amount, row.included == true
    at = at + 3
  end
end

local function put_charges(list, charges, name, amount)
  list[#list + 1] = #charges
  for _, charge in ipairs(charges) do
    local at = #list
    list[at + 1], list[at + 2] = charge[name], charge[amount]
  end
end

--- The bytes that are digested; equal bytes are equal offers.
---@param work table
---@return string
function hash.bytes(work)
  local delivery, payment = work.delivery, work.payment
  local list = {
    work.currency, work.subtotal, work.tax, work.added_tax, work.total, work.due, payment and payment.id or "",
    work.is_tax_included == true, delivery and delivery.id or "", delivery and delivery.total or 0, #work.lines,
  }
  for _, line in ipairs(work.lines) do put_line(list, line) end
  put_charges(list, work.fees, "id", "total")
  put_charges(list, work.tenders, "handler", "amount")
  return value.encode(list)
end

return hash
