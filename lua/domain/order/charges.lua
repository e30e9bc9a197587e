--- What the provider of trials does with a charge. Pure: a charge and a wish in; the charge is changed, and messages come out.
--- It keeps to what good providers promise: a key is answered once, an id is never given twice, what is done stays done.
local charges = {}

---@class merx.TrialCharge
---@field id string
---@field reference string
---@field status "open"|"authorized"|"captured"|"failed"|"voided"
---@field amount integer
---@field currency string
---@field captures { id: string, amount: integer }[]
---@field refunds { id: string, amount: integer, key: string }[]
---@field disputes { id: string, amount: integer, state: string }[]
---@field tries table<string, integer> how often each key was heard
---@field count integer of names given

---@class merx.TrialMessage
---@field kind string
---@field ref? string
---@field amount? integer

local function name(charge, prefix)
  charge.count = charge.count + 1
  return ("%s_%s_%d"):format(prefix, charge.id, charge.count)
end

local function take(charge, amount)
  charge.status = "captured"
  charge.captures[1] = { id = name(charge, "cap"), amount = amount }
  return { kind = "captured", ref = charge.captures[1].id, amount = amount }
end

--- A new charge that waits for its shopper.
---@param id string
---@param asked { reference: string, amount: integer, currency: string, capture?: string, fault?: string, [string]: any }
---@return merx.TrialCharge
function charges.new(id, asked)
  local charge = { id = id, status = "open", captures = {}, refunds = {}, disputes = {}, tries = {}, count = 0 }
  for field, value in pairs(asked) do charge[field] = value end
  return charge
end

--- What is known about the shopper's money at once: one fault refuses it, another takes it before anybody is told.
---@param charge merx.TrialCharge
---@return merx.TrialMessage? message
function charges.begin(charge)
  if charge.fault == "declined" then
    charge.status, charge.reason = "failed", "declined"
    return { kind = "failed" }
  end
  if charge.fault == "early" then return take(charge, charge.amount) end
end

local FAILURES <const> = { declined = true, funds = true, cancelled = true }

--- The shopper pays, or not.
---@param charge merx.TrialCharge
---@param outcome "pay"|"declined"|"funds"|"cancelled"
---@return merx.TrialMessage? message
function charges.decide(charge, outcome)
  if charge.status ~= "open" then return nil end
  if FAILURES[outcome] then
    charge.status, charge.reason = "failed", outcome
    return { kind = "failed" }
  end
  if charge.capture == "later" then
    charge.status = "authorized"
    return { kind = "authorized", amount = charge.amount }
  end
  return take(charge, charge.amount)
end

--- The bank of the shopper takes the money back.
---@param charge merx.TrialCharge
---@return merx.TrialMessage? message
function charges.dispute(charge)
  if not charge.captures[1] or charge.disputes[1] then return nil end
  charge.disputes[1] = { id = name(charge, "dis"), amount = charge.captures[1].amount, state = "opened" }
  return { kind = "disputed", ref = charge.disputes[1].id, amount = charge.captures[1].amount }
end

local function given_back(charge)
  local sum = 0
  for _, refund in ipairs(charge.refunds) do sum = sum + refund.amount end
  return sum
end

local act = {}

function act.capture(charge, amount)
  if charge.status == "authorized" and amount <= charge.amount then return take(charge, amount) end
end

function act.void(charge)
  if charge.status ~= "open" and charge.status ~= "authorized" then return nil end
  charge.status = "voided"
  return { kind = "voided" }
end

function act.refunds(charge, amount, key)
  local taken = charge.captures[1] and charge.captures[1].amount or 0
  if given_back(charge) + amount > taken then
    charge.error = "more than was taken"
    return nil
  end
  local refund = { id = name(charge, "ref"), amount = amount, key = key }
  charge.refunds[#charge.refunds + 1] = refund
  return { kind = "refunded", ref = refund.id, amount = amount }
end

--- Whether the merchant may wish for this.
---@param wish string
---@return boolean
function charges.is_wish(wish)
  return act[wish] ~= nil
end

--- Does what the merchant asks for, once for each key.
---@param charge merx.TrialCharge
---@param wish "capture"|"void"|"refunds"
---@param amount integer
---@param key string
---@return merx.TrialMessage? message
function charges.act(charge, wish, amount, key)
  charge.tries[key] = (charge.tries[key] or 0) + 1
  if charge.tries[key] > 1 then return nil end
  return act[wish](charge, amount, key)
end

local UNAVAILABLE_TRIES <const> = 2

--- How a request with a key is answered the wrong way, if at all: before it is done, or after.
---@param fault? string
---@param tries integer with this one
---@return "refuse"|"lose"|"slow"|nil
function charges.fault(fault, tries)
  if fault == "unavailable" and tries <= UNAVAILABLE_TRIES then return "refuse" end
  if fault == "lost" and tries == 1 then return "lose" end
  if fault == "slow" and tries == 1 then return "slow" end
end

return charges
