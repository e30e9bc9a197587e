--- A provider as it really is, for explorations: what it was asked by key, what it did, and the news that it will send. All of
--- it is plain data, so that a branch of what may happen is a copy.
local bank = {}

--- What it remembers. `deliveries`: how often each of its news may arrive.
---@param flow "direct"|"redirect"|"manual" direct: charged when asked; redirect: the shopper pays on its page; manual: promised
---@param deliveries integer
function bank.new(flow, deliveries)
  return { flow = flow, deliveries = deliveries, charges = {}, order = {}, done = {}, events = {}, count = 0 }
end

local function name(state, prefix)
  state.count = state.count + 1
  return prefix .. state.count
end

local function tell(state, charge, told)
  if state.deliveries == 0 then return end
  told.id, told.payment_id, told.currency = "e" .. #state.events + 1, charge.reference, "EUR"
  state.events[#state.events + 1] = { left = state.deliveries, told = told }
end

local function take(state, charge, amount)
  charge.state, charge.captured, charge.capture = "captured", amount, name(state, "c")
  tell(state, charge, { result = "captured", ref = charge.capture, charge = charge.id, amount = amount })
end

local ANSWERS <const> = { open = "requires_action", authorized = "authorized", captured = "captured", failed = "failed", voided = "voided" }

-- How things stand with a charge, as an answer.
local function stand(charge)
  local answer = { result = ANSWERS[charge.state], charge = charge.id, currency = "EUR", events = {} }
  if charge.state == "open" then answer.redirect = "https://bank.example/" .. charge.id end
  if charge.state == "authorized" then answer.amount, answer.ref = charge.amount, charge.id end
  if charge.captured > 0 then answer.result, answer.ref, answer.amount = "captured", charge.capture, charge.captured end
  for _, refund in ipairs(charge.refunds) do
    answer.events[#answer.events + 1] = { result = "refunded", ref = refund.ref, amount = refund.amount, currency = "EUR" }
  end
  if charge.disputed then
    answer.events[#answer.events + 1] = { result = "disputed", ref = charge.disputed, amount = charge.captured, currency = "EUR" }
  end
  return answer
end

--- The charges that were made for one of our references, oldest first.
function bank.charges_of(state, reference)
  local list = {}
  for _, id in ipairs(state.order) do
    if state.charges[id].reference == reference then list[#list + 1] = state.charges[id] end
  end
  return list
end

local function copy(value)
  if type(value) ~= "table" then return value end
  local twin = {}
  for key, inner in pairs(value) do twin[key] = copy(inner) end
  return twin
end

bank.copy = copy

-- Whatever was done for a key is answered again, and not done again.
local function once(state, key, act)
  state.done[key] = state.done[key] or act()
  return copy(state.done[key])
end

local function new_charge(state, req)
  local charge = { id = name(state, "ch"), reference = req.payment_id, amount = req.amount, captured = 0, refunds = {}, state = "open" }
  state.charges[charge.id] = charge
  state.order[#state.order + 1] = charge.id
  return charge
end

--- The adapter of this provider. `options.outcome`: what becomes of a charge that is asked for directly; `options.key_of`: under
--- which key the provider hears of a request.
---@param state table
---@param options? { outcome?: "failed", key_of?: fun(req: table): string }
function bank.adapter(state, options)
  options = options or {}
  local key_of = options.key_of or function(req) return req.key end
  local fns = {}
  function fns.authorize(req)
    return once(state, key_of(req), function()
      local charge = new_charge(state, req)
      if options.outcome == "failed" then
        charge.state = "failed"
        tell(state, charge, { result = "failed", reason = "declined" })
      elseif state.flow == "direct" then
        take(state, charge, req.amount)
      elseif state.flow == "manual" then
        charge.state = "authorized"
        tell(state, charge, { result = "authorized", charge = charge.id, amount = req.amount })
      end
      return stand(charge)
    end)
  end
  function fns.capture(req)
    return once(state, key_of(req), function()
      local charge = bank.charges_of(state, req.payment_id)[1]
      if charge.state == "authorized" then take(state, charge, req.amount) end
      return charge.captured > 0 and stand(charge) or { result = "failed" }
    end)
  end
  function fns.void(req)
    return once(state, key_of(req), function()
      local charge = bank.charges_of(state, req.payment_id)[1]
      if charge.state == "open" or charge.state == "authorized" then
        charge.state = "voided"
        tell(state, charge, { result = "voided" })
      end
      return stand(charge)
    end)
  end
  function fns.refund(req)
    return once(state, key_of(req), function()
      local charge = bank.charges_of(state, req.payment_id)[1]
      local refund = { ref = name(state, "r"), amount = req.amount }
      charge.refunds[#charge.refunds + 1] = refund
      tell(state, charge, { result = "refunded", ref = refund.ref, amount = refund.amount })
      return { result = "refunded", ref = refund.ref, amount = refund.amount, currency = "EUR" }
    end)
  end
  function fns.fetch(req)
    local charge = bank.charges_of(state, req.payment_id)[1]
    return charge and stand(charge) or { result = "missing" }
  end
  return fns
end

--- The shopper pays on the provider's page, or cannot.
function bank.pay(state, id, outcome)
  local charge = state.charges[id]
  if outcome == "failed" then
    charge.state = "failed"
    tell(state, charge, { result = "failed", reason = "declined" })
  else
    take(state, charge, charge.amount)
  end
end

--- Somebody's bank takes the money back.
function bank.dispute(state, id)
  local charge = state.charges[id]
  charge.disputed = name(state, "d")
  tell(state, charge, { result = "disputed", ref = charge.disputed, amount = charge.captured })
end

--- What the provider has of ours for one payment.
---@return { captured: integer, refunded: integer, disputed: integer, charges: integer, open: integer }
function bank.sums(state, reference)
  local sums = { captured = 0, refunded = 0, disputed = 0, charges = 0, open = 0 }
  for _, charge in ipairs(bank.charges_of(state, reference)) do
    sums.captured = sums.captured + charge.captured
    sums.charges = sums.charges + (charge.captured > 0 and 1 or 0)
    sums.open = sums.open + ((charge.state == "open" or charge.state == "authorized") and 1 or 0)
    for _, refund in ipairs(charge.refunds) do sums.refunded = sums.refunded + refund.amount end
    if charge.disputed then sums.disputed = sums.disputed + charge.captured end
  end
  return sums
end

--- All of it as text: two branches with the same text are one.
function bank.signature(state)
  local parts = {}
  for _, id in ipairs(state.order) do
    local charge = state.charges[id]
    parts[#parts + 1] = id .. charge.state .. charge.captured .. #charge.refunds .. tostring(charge.disputed)
  end
  for _, event in ipairs(state.events) do parts[#parts + 1] = event.told.result .. (event.told.ref or "") .. event.left end
  local keys = {}
  for key in pairs(state.done) do keys[#keys + 1] = key end
  table.sort(keys)
  return table.concat(parts, ",") .. ";" .. table.concat(keys, ",")
end

return bank
