--- What the shopper saw, in one digest: lines, quantities, prices, discounts, delivery, fees, tax and
--- totals. Not the ledger, versions or the names of handlers: who made a price is not what it is.
local hash = {}

-- Texts that come from outside carry their length: no text can look like two fields.
local function put_text(parts, text)
  local at = #parts
  parts[at + 1], parts[at + 2] = #text, text
end

local function put_line(parts, line)
  put_text(parts, line.id)
  local at = #parts
  parts[at + 1], parts[at + 2], parts[at + 3], parts[at + 4] = line.variant_id, line.qty, line.unit, line.unit_pieces
  parts[at + 5], parts[at + 6], parts[at + 7] = line.discount, line.total, #line.taxes
  at = at + 7
  for _, row in ipairs(line.taxes) do
    parts[at + 1], parts[at + 2], parts[at + 3] = row.ppm, row.amount, row.included and "in" or "on"
    at = at + 3
  end
end

--- The text that is digested; equal texts are equal offers.
---@param work table
---@return string
function hash.text(work)
  local parts = { 2, work.currency, work.is_tax_included and "in" or "on", #work.lines }
  for _, line in ipairs(work.lines) do put_line(parts, line) end
  local delivery = work.delivery
  put_text(parts, delivery and delivery.id or "")
  local at = #parts
  parts[at + 1], parts[at + 2] = delivery and delivery.total or 0, #work.fees
  for _, fee in ipairs(work.fees) do
    put_text(parts, fee.id)
    parts[#parts + 1] = fee.total
  end
  at = #parts
  parts[at + 1], parts[at + 2], parts[at + 3] = work.subtotal, work.tax, work.added_tax
  parts[at + 4], parts[at + 5], parts[at + 6] = work.total, work.due, #work.tenders
  for _, tender in ipairs(work.tenders) do
    put_text(parts, tender.handler)
    parts[#parts + 1] = tender.amount
  end
  put_text(parts, work.payment and work.payment.id or "")
  return table.concat(parts, "|")
end

return hash
