--- The tax phase: the provider names rates for what is taxed, the engine works out and stores the rows.
local draft = require("domain.draft")
local money = require("domain.money")
local rows = require("domain.tax.rows")

local apply = {}

local NONE <const> = {} -- rates of a target that has none yet; never written to

local function add_target(targets, work, id, owner, amount, pieces)
  local target = { id = id, owner = owner, amount = amount, pieces = pieces, rates = NONE, included = work.is_tax_included == true }
  targets[#targets + 1] = target
  targets.by_id[id] = target
end

-- Everything that is charged, lines first and in canonical order.
local function targets_of(work)
  local lines, targets = work.lines, { by_id = {} }
  for i = 1, #lines do
    local line = lines[i]
    add_target(targets, work, line.id, line, line.worth - line.discount, line.qty)
  end
  if work.delivery then add_target(targets, work, "delivery", work.delivery, work.delivery.amount, 1) end
  for _, fee in ipairs(work.fees) do add_target(targets, work, fee.target, fee, fee.amount, 1) end
  return targets
end

local function is_goods(work, target)
  return work.by_id[target.id] ~= nil
end

-- Puts one rate onto its target; says what contradicts itself.
local function add_rate(work, provider, target, op)
  local rates, included = target.rates, op.included
  if included == nil then included = work.is_tax_included == true end
  if #rates > 0 and target.included ~= included then return "the taxes of " .. op.target .. " are included and added at once" end
  for i = 1, #rates do
    if rates[i].rate == op.rate then return op.target .. " has the rate " .. op.rate .. " twice" end
  end
  local rate = {
    rate = op.rate, title = draft.message(op.title or op.rate, provider.plugin), jurisdiction = op.jurisdiction or "",
    ppm = op.ppm, amount = op.amount,
  }
  target.included, target.home_ppm = included, op.home_ppm or target.home_ppm
  if rates == NONE then target.rates = { rate } else rates[#rates + 1] = rate end
end

local function by_name(a, b) return a.rate < b.rate end

-- Puts the answer of the provider onto the targets; says what contradicts itself.
local function read_answer(work, provider, targets, ops)
  local fixed = work.policy.delivery_tax == "fixed"
  for i = 1, #ops do
    local op = ops[i]
    local target = targets.by_id[op.target]
    local goods = target and is_goods(work, target)
    if target and (goods and target.owner.taxable or not goods and fixed) then
      local problem = add_rate(work, provider, target, op)
      if problem then return problem end
    end
  end
  for i = 1, #targets do
    local rates = targets[i].rates
    if #rates > 1 then table.sort(rates, by_name) end
  end
end

local function sum_ppm(rates)
  local sum = 0
  for _, rate in ipairs(rates) do sum = sum + rate.ppm end
  return sum
end

local function copy_rates(rates)
  local copy = {}
  for i, rate in ipairs(rates) do
    copy[i] = { rate = rate.rate, title = rate.title, jurisdiction = rate.jurisdiction, ppm = rate.ppm }
  end
  return copy
end

local function highest(work, targets)
  local best
  for _, target in ipairs(targets) do
    if is_goods(work, target) and #target.rates > 0 and (not best or sum_ppm(target.rates) > sum_ppm(best.rates)) then
      best = target
    end
  end
  return best
end

-- A target that is split as the goods are taxed: its parts are computed like targets of their own.
local function add_parts(work, targets, target, parts)
  local weights, goods = {}, {}
  for _, other in ipairs(targets) do
    if is_goods(work, other) then
      goods[#goods + 1] = other
      weights[#weights + 1] = other.amount
    end
  end
  local sum = 0
  for _, weight in ipairs(weights) do sum = sum + weight end
  if sum == 0 then return end
  for i, amount in ipairs(money.split(target.amount, weights)) do
    if #goods[i].rates > 0 then
      parts[#parts + 1] = {
        id = target.id, part_of = target, amount = amount, pieces = 1, rates = copy_rates(goods[i].rates),
        included = goods[i].included,
      }
    end
  end
end

-- Tax of delivery and fees that follows the goods instead of a class of its own.
local function follow_goods(work, targets)
  local policy, parts = work.policy.delivery_tax, {}
  if policy == "fixed" then return parts end
  local best = highest(work, targets)
  for _, target in ipairs(targets) do
    if not is_goods(work, target) and best then
      if policy == "highest" then
        target.rates, target.included, target.home_ppm = copy_rates(best.rates), best.included, best.home_ppm
      else
        add_parts(work, targets, target, parts)
      end
    end
  end
  return parts
end

-- keep_net: the price less the tax that was inside it, plus the tax of the place where it goes.
local function adjust(work, provider, targets)
  if work.policy.foreign_price ~= "keep_net" then return end
  for _, target in ipairs(targets) do
    local ppm = sum_ppm(target.rates)
    if target.included and target.home_ppm and target.home_ppm ~= ppm then
      local after = rows.change_rate(target.amount, target.home_ppm, ppm, work.mode)
      draft.note(work, provider, "tax", { op = "adjust", reason = "tax.other_country" }, target.id, target.amount, after)
      target.owner.adjust = after - target.amount
      target.amount = after
    end
  end
end

-- Rows of one rate that came from several parts are one row.
local function merge(list, row)
  for i = 1, #list do
    local other = list[i]
    if other.rate == row.rate and other.included == row.included then
      other.base, other.amount = other.base + row.base, other.amount + row.amount
      return
    end
  end
  list[#list + 1] = row
end

-- Adds the rows of a target, whose rates differ, to those that its owner has.
local function put_rows(owner, list)
  if #owner.taxes == 0 then
    owner.taxes = list
    return
  end
  for i = 1, #list do merge(owner.taxes, list[i]) end
end

local function add_totals(totals, order, list)
  for i = 1, #list do
    local row = list[i]
    local total = totals[row.rate]
    if not total then
      total = { amount = 0, added = 0, title = row.title }
      totals[row.rate] = total
      order[#order + 1] = row.rate
    end
    total.amount = total.amount + row.amount
    if not row.included then total.added = total.added + row.amount end
  end
end

local function store(work, provider, all)
  local totals, order, added = {}, {}, 0
  for i = 1, #all do
    local target = all[i]
    if #target.rates > 0 then
      local list = rows.of(target)
      add_totals(totals, order, list)
      put_rows((target.part_of or target).owner, list)
    end
  end
  table.sort(order)
  work.tax = 0
  for _, rate in ipairs(order) do
    local total = totals[rate]
    local entry = draft.note(work, provider, "tax", { op = "tax", reason = nil }, "order", added, added + total.added)
    entry.rule, entry.amount, entry.reason = rate, total.amount, total.title
    added = added + total.added
    work.tax = work.tax + total.amount
  end
  work.added_tax = added
end

--- Asks the provider that is bound. Without an answer the sum is an estimate that cannot be ordered.
---@param work table
---@param handlers merx.Handler[] those that are not bound are marked
function apply.apply(work, handlers)
  work.tax, work.added_tax = 0, 0
  local targets
  for _, provider in ipairs(handlers) do
    local ops = not provider.is_unbound and draft.ask(work, provider)
    targets = targets or ops and targets_of(work)
    local problem = ops and read_answer(work, provider, targets, ops)
    if problem then
      draft.fault(work, provider, problem)
      for _, target in ipairs(targets) do target.rates = NONE end
    elseif ops then
      local parts = follow_goods(work, targets)
      adjust(work, provider, targets)
      local all = #parts == 0 and targets or table.move(parts, 1, #parts, #targets + 1, table.move(targets, 1, #targets, 1, {}))
      rows.compute(all, work.policy)
      store(work, provider, all)
      return
    end
  end
  if #handlers > 0 then work.is_estimate = true end
end

return apply
