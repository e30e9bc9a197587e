--- What the shopper saw, in one digest: lines, quantities, prices, discounts, delivery, fees, tax and
--- totals. Not the ledger, versions or the names of handlers: who made a price is not what it is.
local hash = {}

local function add(parts, ...)
  for i = 1, select("#", ...) do
    local value = tostring((select(i, ...)))
    parts[#parts + 1] = #value .. ":" .. value
  end
end

--- The text that is digested; equal texts are equal offers.
---@param work table
---@return string
function hash.text(work)
  local parts = {}
  add(parts, "1", work.currency, work.is_tax_included, #work.lines)
  for _, line in ipairs(work.lines) do
    add(parts, line.id, line.variant_id, line.qty, line.unit, line.unit_pieces, line.discount, line.total, #line.taxes)
    for _, row in ipairs(line.taxes) do add(parts, row.ppm, row.amount, row.included) end
  end
  local delivery = work.delivery
  add(parts, delivery and delivery.id or "", delivery and delivery.total or 0, #work.fees)
  for _, fee in ipairs(work.fees) do add(parts, fee.id, fee.total) end
  add(parts, work.subtotal, work.tax, work.added_tax, work.total, work.due, #work.tenders)
  for _, tender in ipairs(work.tenders) do add(parts, tender.handler, tender.amount) end
  add(parts, work.payment and work.payment.id or "")
  return table.concat(parts)
end

return hash
