--- The delivery phase: every method says what it would cost; the shopper's choice, or the cheapest
--- until there is one, goes into the sum.
local draft = require("domain.draft")

local choose = {}

local function ships_something(work)
  for _, line in ipairs(work.lines) do
    if line.ships then return true end
  end
  return false
end

local function collect(work, handlers)
  local rates, seen = {}, {}
  for _, handler in ipairs(handlers) do
    for _, op in ipairs(draft.ask(work, handler) or {}) do
      local id = handler.id .. ":" .. op.id
      if not seen[id] then
        seen[id] = true
        rates[#rates + 1] = {
          id = id, handler = handler, title = draft.message(op.title or handler.title or op.id, handler.plugin), amount = op.amount,
          min_days = op.min_days, max_days = op.max_days, is_pickup = op.is_pickup == true,
          description = draft.message(op.description, handler.plugin), reason = op.reason,
        }
      end
    end
  end
  table.sort(rates, function(a, b)
    if a.amount ~= b.amount then return a.amount < b.amount end
    return a.id < b.id
  end)
  return rates
end

local function find(rates, id)
  for _, rate in ipairs(rates) do
    if rate.id == id then return rate end
  end
end

--- Offers the rates and takes one. Sets work.delivery, or work.delivery_problem.
---@param work table
---@param handlers merx.Handler[]
function choose.apply(work, handlers)
  work.needs_delivery = ships_something(work)
  if not work.needs_delivery then return end
  work.rates = collect(work, handlers)
  local wanted = work.given.delivery_choice
  local rate = wanted and find(work.rates, wanted)
  if not rate then
    rate = work.rates[1]
    work.delivery_problem = not rate and "delivery.none" or wanted and "delivery.choose_again" or "delivery.choose"
    if not rate then return end
  end
  work.delivery = {
    id = rate.id, title = rate.title, list = rate.amount, amount = rate.amount, discount = 0, adjust = 0,
    allocations = {}, taxes = {}, min_days = rate.min_days, max_days = rate.max_days, is_pickup = rate.is_pickup,
    is_assumed = rate.id ~= wanted,
  }
  draft.note(work, rate.handler, "delivery", { op = "rate", reason = rate.reason }, "delivery", 0, rate.amount)
end

return choose
