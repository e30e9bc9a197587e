--- What news of a provider do to a payment. Pure: rows in, rows out. Nothing late or told twice can
--- move a payment backwards.
local machine = {}

local RANK <const> = { created = 0, failed = 1, requires_action = 1, authorized = 2, voided = 3, captured = 3 }

--- The state after news about the payment itself.
---@param payment table
---@param result string
---@return string
function machine.next_state(payment, result)
  local state = payment.state
  if result == "failed" then
    return (state == "created" or state == "requires_action") and payment.captured_amount == 0 and "failed" or state
  end
  if result == "voided" then return state ~= "captured" and "voided" or state end
  if not RANK[result] then return state end
  if state == "failed" and result ~= "requires_action" then return result end -- the failure was of another try
  return RANK[result] > RANK[state] and result or state
end

--- What a payment has kept for us.
---@param payment table
---@return integer
function machine.net(payment)
  return payment.captured_amount - payment.refunded_amount - payment.disputed_amount
end

--- What can still be given back through it.
---@param payment table
---@param asked integer refunds under way
---@return integer
function machine.refundable(payment, asked)
  return math.max(0, machine.net(payment) - asked)
end

--- Whether nothing more is expected of it.
---@param payment table
---@return boolean
function machine.is_final(payment)
  return payment.state == "captured" or payment.state == "voided" or payment.state == "failed"
end

local OF_ALL <const> = { requires_action = true, authorized = true, captured = true }

--- Whether the id that comes with news of this kind may be that of the whole payment.
---@param result string
---@return boolean
function machine.is_of_all(result)
  return OF_ALL[result] == true
end

--- Whether an operation has come to its end, judged by how the provider says that things stand.
---@param payment table as it is after the news
---@param kind string
---@param told merx.News
---@return boolean
function machine.is_answered(payment, kind, told)
  if kind == "authorize" then
    if told.result == "requires_action" then return payment.redirect_url ~= "" end
    return payment.state ~= "created" and told.result ~= "pending" and told.result ~= "missing"
  end
  if kind == "capture" or kind == "void" then return machine.is_final(payment) end
  return true
end

--- How money stands for an order, from its payments.
---@param due integer what the order asks for
---@param payments table[]
---@param has_open boolean a question to a provider is under way
---@return string payment_state
function machine.payment_state(due, payments, has_open)
  local captured, refunded, states = 0, 0, {}
  for _, payment in ipairs(payments) do
    captured = captured + payment.captured_amount
    refunded = refunded + payment.refunded_amount
    states[payment.state] = true
  end
  if captured > 0 then
    if refunded >= captured then return "refunded" end
    if refunded > 0 then return "partly_refunded" end
    return captured >= due and "paid" or "partly_paid"
  end
  if due == 0 then return "paid" end
  if states.authorized then return "authorized" end
  if has_open or states.requires_action then return "pending" end
  if states.created then return "unpaid" end
  if states.failed then return "failed" end
  return states.voided and "voided" or "unpaid"
end

return machine
