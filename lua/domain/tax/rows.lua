--- Tax rows: what each line, the delivery and each fee carry of each rate. Rounded where the policy
--- says (a piece, a line or the rate over all lines), always stored by line, so that refunds never
--- need to work a tax out again.
local money = require("domain.money")

local rows = {}

local MILLION <const> = 1000000

---@class merx.TaxTarget
---@field id string line id, "delivery", "fee:…"
---@field amount integer what is taxed, as shown
---@field pieces integer
---@field rates { rate: string, title: any, jurisdiction: string, ppm: integer, amount?: integer }[]
---@field included boolean

local function tax_of(amount, ppm, included, mode)
  if included then return money.included_tax(amount, ppm, mode) end
  return money.ppm_of(amount, ppm, mode)
end

-- Each piece rounded for itself; cents that do not divide by the pieces lie on the first of them.
local function tax_by_piece(target, ppm, mode)
  local low, more = target.amount // target.pieces, target.amount % target.pieces
  return more * tax_of(low + 1, ppm, target.included, mode)
    + (target.pieces - more) * tax_of(low, ppm, target.included, mode)
end

local function tax_of_target(target, ppm, policy)
  if policy.tax_level == "unit" then return tax_by_piece(target, ppm, policy.mode) end
  return tax_of(target.amount, ppm, target.included, policy.mode)
end

local function ppm_of(target)
  local rates, sum = target.rates, 0
  for i = 1, #rates do sum = sum + rates[i].ppm end
  return sum
end

local function weights_of(list, field)
  local weights = {}
  for i, item in ipairs(list) do weights[i] = item[field] end
  return weights
end

-- Targets that share all their rates, so that an included tax can be taken out of their sum at once.
local function groups_of(targets)
  local groups, by_key = {}, {}
  for _, target in ipairs(targets) do
    local names = {}
    for i, rate in ipairs(target.rates) do names[i] = rate.rate end
    local key = table.concat(names, "\0")
    local group = by_key[key]
    if not group then
      group = { targets = {}, sum = 0 }
      by_key[key] = group
      groups[#groups + 1] = group
    end
    group.targets[#group.targets + 1] = target
    group.sum = group.sum + target.amount
  end
  return groups
end

-- Included: one tax for the target, split over its rates. Added: each rate for itself.
local function share_over_rates(target, total)
  local rates = target.rates
  if #rates == 1 then -- as most have, and nothing to split
    rates[1].tax = total
    return
  end
  local parts = money.split(total, weights_of(rates, "ppm"))
  for i, rate in ipairs(rates) do rate.tax = parts[i] end
end

local function included_by_rate(targets, policy)
  for _, group in ipairs(groups_of(targets)) do
    local total = money.included_tax(group.sum, ppm_of(group.targets[1]), policy.mode)
    local parts = money.split(total, weights_of(group.targets, "amount"))
    for i, target in ipairs(group.targets) do share_over_rates(target, parts[i]) end
  end
end

local function added_by_rate(targets, policy)
  local by_rate, order = {}, {}
  for _, target in ipairs(targets) do
    for _, rate in ipairs(target.rates) do
      local list = by_rate[rate.rate]
      if not list then
        list = { rates = {}, amounts = {}, sum = 0, ppm = rate.ppm }
        by_rate[rate.rate] = list
        order[#order + 1] = list
      end
      list.rates[#list.rates + 1], list.amounts[#list.amounts + 1] = rate, target.amount
      list.sum = list.sum + target.amount
    end
  end
  for _, list in ipairs(order) do
    local parts = money.split(money.ppm_of(list.sum, list.ppm, policy.mode), list.amounts)
    for i, rate in ipairs(list.rates) do rate.tax = parts[i] end
  end
end

local function by_target(targets, policy)
  for i = 1, #targets do
    local target = targets[i]
    local rates = target.rates
    if target.included then
      share_over_rates(target, tax_of_target(target, ppm_of(target), policy))
    else
      for j = 1, #rates do rates[j].tax = tax_of_target(target, rates[j].ppm, policy) end
    end
  end
end

-- No tax where there is no rate above zero; the rest into a list for each way to work it out.
local function sort_out(targets)
  local included, added = {}, {}
  for i = 1, #targets do
    local target = targets[i]
    local rates = target.rates
    if ppm_of(target) > 0 then
      local list = target.included and included or added
      list[#list + 1] = target
    else
      for j = 1, #rates do rates[j].tax = 0 end
    end
  end
  return included, added
end

--- Works out `tax` of every rate of every target. A rate that brings its own amount (an outside
--- service knows it) keeps it.
---@param targets merx.TaxTarget[] in canonical order
---@param policy merx.Policy
function rows.compute(targets, policy)
  local included, added = sort_out(targets)
  if policy.tax_level == "rate" then
    included_by_rate(included, policy)
    added_by_rate(added, policy)
  else
    by_target(included, policy)
    by_target(added, policy)
  end
  for i = 1, #targets do
    local rates = targets[i].rates
    for j = 1, #rates do
      local rate = rates[j]
      if rate.amount then rate.tax = rate.amount end
    end
  end
end

--- The rows of one target, as orders store them.
---@param target merx.TaxTarget
---@return { rate: string, title: any, jurisdiction: string, ppm: integer, base: integer, amount: integer, included: boolean }[]
function rows.of(target)
  local rates, included, base, list = target.rates, target.included, target.amount, {}
  for i = 1, included and #rates or 0 do base = base - rates[i].tax end
  for i = 1, #rates do
    local rate = rates[i]
    list[i] = {
      rate = rate.rate, title = rate.title, jurisdiction = rate.jurisdiction, ppm = rate.ppm, base = base, amount = rate.tax,
      included = included,
    }
  end
  return list
end

--- What an amount with `home` parts per million of tax inside is with `ppm` instead.
---@param amount integer
---@param home integer
---@param ppm integer
---@param mode merx.Rounding
---@return integer
function rows.change_rate(amount, home, ppm, mode)
  return money.scale(amount, MILLION + ppm, MILLION + home, mode)
end

return rows
