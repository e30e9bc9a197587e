--- States that follow from rows; nobody sets them. Pure.
local derive = {}

--- How far the goods have come.
---@param lines { ships: integer, quantity: integer, shipped_quantity: integer, returned_quantity: integer }[] goods
---@param fulfilments { state: string }[]
---@return string delivery_state
function derive.delivery_state(lines, fulfilments)
  local ordered, shipped, returned = 0, 0, 0
  for _, line in ipairs(lines) do
    if line.ships == 1 then
      ordered = ordered + line.quantity
      shipped = shipped + line.shipped_quantity
      returned = returned + line.returned_quantity
    end
  end
  if ordered == 0 then return "not_required" end
  if returned > 0 then return returned >= ordered and "returned" or "partly_returned" end
  if shipped == 0 then return "unfulfilled" end
  if shipped < ordered then return "partly_shipped" end
  local is_delivered, is_ready = true, true
  for _, fulfilment in ipairs(fulfilments) do
    if fulfilment.state ~= "cancelled" then
      is_delivered = is_delivered and fulfilment.state == "delivered"
      is_ready = is_ready and fulfilment.state == "ready_for_pickup"
    end
  end
  if is_delivered then return "delivered" end
  return is_ready and "ready_for_pickup" or "shipped"
end

--- The state of the agreement itself: paid and delivered is completed; it never goes back.
---@param state string
---@param payment_state string
---@param delivery_state string
---@return string
function derive.order_state(state, payment_state, delivery_state)
  if state ~= "confirmed" then return state end
  local is_paid = payment_state == "paid" or payment_state == "partly_refunded" or payment_state == "refunded"
  local is_there = delivery_state == "delivered" or delivery_state == "not_required" or delivery_state == "returned"
  return is_paid and is_there and "completed" or state
end

return derive
