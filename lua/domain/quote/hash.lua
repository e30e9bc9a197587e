--- What the shopper saw, in one digest: lines, quantities, prices, discounts, delivery, fees, tax and
--- totals. Not the ledger, versions or the names of handlers: who made a price is not what it is.
local hash = {}

local pack = string.pack

-- Packed, not printed: texts carry their length, so none can look like two fields, and no number has to
-- be written in decimal.
local LINE <const> = "<s4jjjjjjj"
local TAX <const> = "<jjB"
local CHARGE <const> = "<s4j" -- what it is called, and its amount
local TOTALS <const> = "<s4jjjjjs4B"

local function flag(value)
  return value and 1 or 0
end

local function put_line(parts, line)
  local taxes = line.taxes
  parts[#parts + 1] = pack(LINE, line.id, line.variant_id, line.qty, line.unit, line.unit_pieces, line.discount, line.total, #taxes)
  for _, row in ipairs(taxes) do parts[#parts + 1] = pack(TAX, row.ppm, row.amount, flag(row.included)) end
end

--- The bytes that are digested; equal bytes are equal offers.
---@param work table
---@return string
function hash.bytes(work)
  local delivery, payment = work.delivery, work.payment
  local parts = {
    pack(TOTALS, work.currency, work.subtotal, work.tax, work.added_tax, work.total, work.due, payment and payment.id or "",
      flag(work.is_tax_included)),
    pack("<jjj", #work.lines, #work.fees, #work.tenders),
    pack(CHARGE, delivery and delivery.id or "", delivery and delivery.total or 0),
  }
  for _, line in ipairs(work.lines) do put_line(parts, line) end
  for _, fee in ipairs(work.fees) do parts[#parts + 1] = pack(CHARGE, fee.id, fee.total) end
  for _, tender in ipairs(work.tenders) do parts[#parts + 1] = pack(CHARGE, tender.handler, tender.amount) end
  return table.concat(parts)
end

return hash
