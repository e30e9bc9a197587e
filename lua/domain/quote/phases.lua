--- The fixed order of a quote: price, line promotions, order promotions, delivery, delivery promotions,
--- fees, tax, tenders, validators, payment filter.
local combine = require("domain.promotion.combine")
local delivery = require("domain.delivery")
local draft = require("domain.draft")
local money = require("domain.money")
local rules = require("domain.pricing.rules")
local tax = require("domain.tax")

local phases = {}

local CORE <const> = { plugin = "core", id = "core" }

local function sum_amounts(work)
  local fees = 0
  for _, fee in ipairs(work.fees) do fees = fees + fee.amount + fee.adjust end
  local goods, lines = 0, work.lines
  for i = 1, #lines do
    local line = lines[i]
    goods = goods + line.worth - line.discount + line.adjust
  end
  local carried = work.delivery and work.delivery.amount + work.delivery.adjust or 0
  return goods, carried, fees
end

local function add_fee(work, by, op)
  local target = "fee:" .. by.id .. ":" .. op.id
  if work.fee_by_target[target] then return end
  local fee = {
    target = target, id = by.id .. ":" .. op.id, title = draft.message(op.title or op.id, by.plugin), amount = op.amount,
    adjust = 0, taxes = {}, allocations = {},
  }
  work.fees[#work.fees + 1], work.fee_by_target[target] = fee, fee
  draft.note(work, by, "fees", op, target, 0, op.amount)
end

local function find_method(work, id)
  for _, method in ipairs(work.methods) do
    if method.id == id then return method end
  end
end

local function offer_methods(work, handlers)
  for _, handler in ipairs(handlers) do
    local op = (draft.ask(work, handler) or {})[1]
    if op then
      work.methods[#work.methods + 1] = {
        id = handler.id, title = draft.message(op.title or handler.title or handler.id, handler.plugin), plugin = handler.plugin,
        description = draft.message(op.description, handler.plugin), fee = op.fee or 0, handler = handler,
        flow = op.flow or handler.flow or "offline",
        hold_minutes = op.hold_minutes or handler.hold_minutes,
      }
    end
  end
end

local function fees(work, plan)
  offer_methods(work, plan.payment_method or {})
  local choice = work.given.payment_choice
  if choice then
    work.payment = find_method(work, choice)
  elseif work.given.assumes_payment then
    work.payment = work.methods[1]
  end
  if choice and not work.payment then
    work.payment_problem = "payment.choose_again"
  elseif not choice then
    work.payment_problem = #work.methods > 0 and "payment.choose" or "payment.none"
  end
  if work.payment and work.payment.fee > 0 then
    local op = { op = "fee", id = "method", amount = work.payment.fee, title = work.payment.title.key }
    add_fee(work, work.payment.handler, op)
  end
  for _, handler in ipairs(plan.fee_rule or {}) do
    for _, op in ipairs(draft.ask(work, handler) or {}) do add_fee(work, handler, op) end
  end
  table.sort(work.fees, function(a, b) return a.target < b.target end)
end

-- What coins cannot pay is a fee of its own, after tax.
local function round_cash(work)
  local step = work.policy.cash_step
  if step == 1 then return end
  local goods, carried, paid = sum_amounts(work)
  local before = goods + carried + paid + work.added_tax
  local after = money.round_to_step(before, step, work.mode)
  if after == before then return end
  local target = "fee:core:rounding"
  draft.note(work, CORE, "fees", { op = "fee", reason = "quote.rounding" }, target, 0, after - before)
  work.fees[#work.fees + 1] = {
    target = target, id = "core:rounding", title = { key = "quote.rounding", args = {} }, amount = after - before,
    adjust = 0, taxes = {}, allocations = {},
  }
end

local function tenders(work, handlers)
  work.due = work.total
  for _, handler in ipairs(handlers) do
    for _, op in ipairs(draft.ask(work, handler) or {}) do
      if op.op == "hold" then
        draft.hold(work, handler, op)
      else
        local amount = math.min(op.amount, work.due)
        work.due = work.due - amount
        work.tenders[#work.tenders + 1] = {
          handler = handler.id, title = draft.message(op.title or handler.id, handler.plugin), amount = amount,
          kind = op.account.kind, owner_id = op.account.owner_id or 0, key = op.account.key or "",
        }
      end
    end
  end
end

local function validators(work, handlers)
  for _, handler in ipairs(handlers) do
    for _, op in ipairs(draft.ask(work, handler) or {}) do
      if op.op == "hold" then
        draft.hold(work, handler, op)
      else
        work.blocks[#work.blocks + 1] = {
          code = "cart.blocked", handler = handler.id, line = op.line, message = draft.message(op.message, handler.plugin),
        }
      end
    end
  end
end

-- A filter removes methods; losing the chosen one means "choose again", and nothing is asked twice.
local function filter_payments(work, handlers)
  for _, handler in ipairs(handlers) do
    for _, op in ipairs(draft.ask(work, handler) or {}) do
      for i = #work.methods, 1, -1 do
        if work.methods[i].id == op.method then
          if work.methods[i] == work.payment then work.payment_problem = "payment.choose_again" end
          table.remove(work.methods, i)
        end
      end
    end
  end
end

local function total_up(work)
  local goods, carried, paid = sum_amounts(work)
  work.subtotal, work.delivery_total, work.fee_total = goods, carried, paid
  work.total = goods + carried + paid + work.added_tax
end

-- A code that took something off takes one of its uses when the order is placed.
local function hold_codes(work)
  for _, code in ipairs(work.codes) do
    if code.is_used then
      for _, hold in ipairs(code.holds or {}) do work.holds[#work.holds + 1] = hold end
    end
  end
end

--- Runs all phases on an open draft.
---@param work table
---@param plan table<string, merx.Handler[]> handlers of each point, in order
---@param ctx table rules, find_variant
function phases.run(work, plan, ctx)
  local promotions, by_id = ctx.rules or {}, {}
  for _, point in ipairs({ "promotion_condition", "promotion_action" }) do
    for _, handler in ipairs(plan[point] or {}) do by_id[handler.id] = handler end
  end
  rules.apply(work, plan.price_rule or {})
  combine.apply(work, promotions, by_id, "line", ctx.find_variant)
  combine.apply(work, promotions, by_id, "order", ctx.find_variant)
  delivery.apply(work, plan.delivery_method or {})
  combine.apply(work, promotions, by_id, "delivery", ctx.find_variant)
  hold_codes(work)
  fees(work, plan)
  tax.apply(work, plan.tax_provider or {})
  round_cash(work)
  total_up(work)
  tenders(work, plan.tender_rule or {})
  validators(work, plan.cart_validator or {})
  filter_payments(work, plan.payment_filter or {})
end

return phases
