--- What a reduction takes off which line. Percentages are rounded where the policy says (a piece, a
--- line or the order); amounts are split by what the lines still cost.
local draft = require("domain.draft")
local money = require("domain.money")

local discount = {}

-- The cost of `count` of a line's pieces, the dearest cents first when they differ by rounding.
local function share_of(rest, count, qty)
  return count >= qty and rest or money.share(rest, count, qty)
end

-- Each piece rounded for itself. `rest` may not divide by the pieces: then some cost a cent more.
local function by_piece(rest, count, qty, ppm, mode)
  local low, more = rest // qty, rest % qty
  local dear = math.min(more, count)
  return dear * money.ppm_of(low + 1, ppm, mode) + (count - dear) * money.ppm_of(low, ppm, mode)
end

-- What `ppm` of `count` pieces is when it is rounded by piece or by line.
local function reduction(work, line, count, ppm)
  local rest = draft.rest(line)
  if work.policy.discount_level == "unit" then return by_piece(rest, count, line.qty, ppm, work.mode) end
  return money.ppm_of(share_of(rest, count, line.qty), ppm, work.mode)
end

local function take(work, line, amount)
  local taken = math.min(amount, draft.rest(line))
  line.discount = line.discount + taken
  work.subtotal = work.subtotal - taken
  return taken
end

local function allocate(line, entry, amount, code)
  if amount == 0 then return end
  line.allocations[#line.allocations + 1] = {
    seq = entry.seq, handler = entry.handler, rule = entry.rule, reason = entry.reason, amount = amount, code = code,
  }
end

local function off_line(work, by, op, amount)
  local line = work.by_id[op.line]
  local before = line.worth - line.discount
  local taken = take(work, line, amount)
  local entry = draft.note(work, by, by.phase, op, line.id, before, before - taken)
  allocate(line, entry, taken, by.code)
end

local function lines_of(work, op)
  if not op.lines then return work.lines end
  local wanted, lines = {}, {}
  for _, id in ipairs(op.lines) do wanted[id] = true end
  for _, line in ipairs(work.lines) do
    if wanted[line.id] then lines[#lines + 1] = line end
  end
  return lines
end

-- The parts that a reduction of many lines takes from each.
local function order_parts(work, op, lines)
  local rests, sum = {}, 0
  for i, line in ipairs(lines) do
    rests[i] = draft.rest(line)
    sum = sum + rests[i]
  end
  if op.amount then return money.split(math.min(op.amount, sum), rests) end
  if work.policy.discount_level == "order" then
    return money.split(money.ppm_of(sum, op.ppm, work.mode), rests)
  end
  local parts = {}
  for i, line in ipairs(lines) do parts[i] = reduction(work, line, line.qty, op.ppm) end
  return parts
end

local function off_order(work, by, op)
  local before, lines = work.subtotal, lines_of(work, op)
  local parts = order_parts(work, op, lines)
  local taken = {}
  for i, line in ipairs(lines) do taken[i] = take(work, line, parts[i]) end
  local entry = draft.note(work, by, by.phase, op, "order", before, work.subtotal)
  for i, line in ipairs(lines) do allocate(line, entry, taken[i], by.code) end
end

-- Percentages of one answer are one reduction when the policy rounds by order: each group of equal
-- ppm is rounded once and split.
local function pooled(work, ops)
  local groups, amounts = {}, {}
  if work.policy.discount_level ~= "order" then return amounts end
  for _, op in ipairs(ops) do
    if op.op == "off_line" and op.ppm then
      local line = work.by_id[op.line]
      local group = groups[op.ppm] or { ops = {}, bases = {}, sum = 0 }
      groups[op.ppm] = group
      local base = share_of(draft.rest(line), math.min(op.quantity or line.qty, line.qty), line.qty)
      group.ops[#group.ops + 1], group.bases[#group.bases + 1] = op, base
      group.sum = group.sum + base
    end
  end
  for ppm, group in pairs(groups) do
    local parts = money.split(money.ppm_of(group.sum, ppm, work.mode), group.bases, function(i, j)
      local a, b = work.by_id[group.ops[i].line], work.by_id[group.ops[j].line]
      if a.variant_id ~= b.variant_id then return a.variant_id < b.variant_id end
      return a.id < b.id
    end)
    for i, op in ipairs(group.ops) do amounts[op] = parts[i] end
  end
  return amounts
end

local function line_amount(work, op, amounts)
  if op.amount then return op.amount end
  local line = work.by_id[op.line]
  return amounts[op] or reduction(work, line, math.min(op.quantity or line.qty, line.qty), op.ppm)
end

local function off_delivery(work, by, op)
  local delivery = work.delivery
  if not delivery then return end
  local before = delivery.amount
  local amount = op.amount or money.ppm_of(before, op.ppm, work.mode)
  delivery.amount = before - math.min(amount, before)
  local entry = draft.note(work, by, by.phase, op, "delivery", before, delivery.amount)
  local taken = before - delivery.amount
  delivery.discount = delivery.discount + taken
  allocate(delivery, entry, taken, by.code)
end

-- A gift is a line that the rule owns: it costs nothing and its list price counts as nothing.
local function gift(work, by, op, find_variant)
  local found = find_variant and find_variant(op.variant)
  if not found then return end
  local line = {}
  for name, value in pairs(found) do line[name] = value end
  line.id, line.qty, line.is_given, line.owner = "gift:" .. by.id .. ":" .. op.variant, op.quantity or 1, true, by.id
  if work.by_id[line.id] then return end
  line.list = 0
  draft.add_line(work, line)
  draft.note(work, by, by.phase, op, line.id, 0, 0)
end

--- Applies the operations of one action.
---@param work table
---@param by { plugin: string, version: string, id: string, rule: string, phase: string, code?: string }
---@param ops table[]
---@param find_variant? fun(id: integer): table?
function discount.apply(work, by, ops, find_variant)
  local amounts = pooled(work, ops)
  for _, op in ipairs(ops) do
    if op.op == "off_line" then
      off_line(work, by, op, line_amount(work, op, amounts))
    elseif op.op == "off_order" then
      off_order(work, by, op)
    elseif op.op == "off_delivery" then
      off_delivery(work, by, op)
    elseif op.op == "gift" then
      gift(work, by, op, find_variant)
    elseif op.op == "hold" then
      draft.hold(work, by, op)
    end
  end
end

return discount
