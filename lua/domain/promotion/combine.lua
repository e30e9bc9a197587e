--- Which promotions apply, and in what order. The merchant orders them (lane, then position); `combine`
--- says what they do to each other: all apply, the best of a group applies, or one alone applies.
local discount = require("domain.promotion.discount")
local draft = require("domain.draft")

local combine = {}

local NOTHING <const> = {}

local LANES <const> = { early = 1, normal = 2, late = 3 }

---@class merx.Rule
---@field id integer
---@field handle string
---@field lane "early"|"normal"|"late"
---@field position integer
---@field combine "all"|"best"|"exclusive"
---@field level "line"|"order"|"delivery"
---@field conditions { handler: string, settings: table }[]
---@field action { handler: string, settings: table }
---@field has_codes boolean only with a code of its own
---@field on_error "skip"|"block"

local function comes_first(a, b)
  if a.lane ~= b.lane then return LANES[a.lane] < LANES[b.lane] end
  if a.position ~= b.position then return a.position < b.position end
  return a.id < b.id
end

-- What an action changes, so that a trial can be undone.
local function snapshot(work)
  local saved = {
    lines = table.move(work.lines, 1, #work.lines, 1, {}), discounts = {}, allocations = {},
    subtotal = work.subtotal, list = work.list, ledger = #work.ledger, holds = #work.holds,
    blocks = #work.blocks, issues = #work.issues,
    delivery = work.delivery and { work.delivery.amount, work.delivery.discount, #work.delivery.allocations },
  }
  for i, line in ipairs(work.lines) do
    saved.discounts[i], saved.allocations[i] = line.discount, #line.allocations
  end
  return saved
end

local function truncate(list, length)
  for i = #list, length + 1, -1 do list[i] = nil end
end

local function restore(work, saved)
  for _, line in ipairs(work.lines) do work.by_id[line.id] = nil end
  work.lines = saved.lines
  for i, line in ipairs(saved.lines) do
    work.by_id[line.id] = line
    line.discount = saved.discounts[i]
    truncate(line.allocations, saved.allocations[i])
  end
  work.subtotal, work.list = saved.subtotal, saved.list
  for _, name in ipairs({ "ledger", "holds", "blocks", "issues" }) do truncate(work[name], saved[name]) end
  if saved.delivery then
    work.delivery.amount, work.delivery.discount = saved.delivery[1], saved.delivery[2]
    truncate(work.delivery.allocations, saved.delivery[3])
  end
end

local function worth(work)
  return work.subtotal + (work.delivery and work.delivery.amount or 0)
end

-- The settings of a part of a rule, over those that the merchant gave the handler for all rules: the same table each time.
local configs = setmetatable({}, { __mode = "k" })

local function config_of(handler, part)
  local base, own = handler.settings or NOTHING, part.settings or NOTHING
  local known = configs[part]
  if known and known.base == base and known.own == own then return known.config end
  local config = {}
  for name, value in pairs(base) do config[name] = value end
  for name, value in pairs(own) do config[name] = value end
  configs[part] = { base = base, own = own, config = config }
  return config
end

-- The handler of a part of a rule, dressed with the rule's settings and policy.
local function dress(handler, rule, part)
  return {
    plugin = handler.plugin, version = handler.version, id = handler.id, point = handler.point, rule = rule.handle,
    input = handler.input, call = handler.call, ask = handler.ask, trace = handler.trace, blame = handler.blame, accounts = handler.accounts,
    settings = config_of(handler, part),
    on_error = rule.on_error == "block" and "block" or nil,
  }
end

local function code_of(work, rule)
  for _, code in ipairs(work.codes) do
    if code.promotion_id == rule.id and not code.problem then return code end
  end
end

local function skip(work, rule, because)
  work.skipped[#work.skipped + 1] = { rule = rule.handle, because = because }
end

-- Whether the rule may apply at all: code, then each condition.
local function matches(work, rule, handlers)
  local code = code_of(work, rule)
  if rule.has_codes and not code then
    if work.trace then skip(work, rule, "code") end
    return false
  end
  for _, condition in ipairs(rule.conditions) do
    local handler = handlers[condition.handler]
    if not handler or handler.point ~= "promotion_condition" then
      skip(work, rule, "missing " .. condition.handler)
      return false
    end
    if draft.ask(work, dress(handler, rule, condition)) ~= true then
      skip(work, rule, condition.handler)
      return false
    end
  end
  return true
end

local function apply_rule(work, rule, handlers, level, find_variant)
  local handler = handlers[rule.action.handler]
  if not handler or handler.point ~= "promotion_action" then
    skip(work, rule, "missing " .. rule.action.handler)
    return 0
  end
  local code = code_of(work, rule)
  local ops = draft.ask(work, dress(handler, rule, rule.action))
  if not ops then return 0 end
  local before, entries = worth(work), #work.ledger
  discount.apply(work, {
    plugin = handler.plugin, version = handler.version, id = handler.id, rule = rule.handle,
    phase = level .. "_promotions", code = code and code.code,
  }, ops, find_variant)
  local used = #work.ledger > entries
  if used and code then code.is_used = true end
  return before - worth(work), used
end

local function try(work, rule, ...)
  local saved = snapshot(work)
  local code = code_of(work, rule)
  local was_used = code and code.is_used
  work.is_trial = true
  local effect = apply_rule(work, rule, ...)
  work.is_trial = nil
  restore(work, saved)
  if code then code.is_used = was_used end
  return effect
end

-- The one rule that stands alone, when there is such a rule and it takes something off.
local function find_exclusive(work, rules, ...)
  for _, rule in ipairs(rules) do
    if rule.combine == "exclusive" and try(work, rule, ...) > 0 then return rule end
  end
end

local function find_best(work, rules, ...)
  local best, most = nil, 0
  for _, rule in ipairs(rules) do
    if rule.combine == "best" then
      local effect = try(work, rule, ...)
      if effect > most then best, most = rule, effect end
    end
  end
  return best
end

--- Applies the promotions of one level.
---@param work table
---@param rules merx.Rule[]
---@param handlers table<string, merx.Handler> conditions and actions by id
---@param level "line"|"order"|"delivery"
---@param find_variant? fun(id: integer): table?
function combine.apply(work, rules, handlers, level, find_variant)
  if #rules == 0 then return end
  local matching = {}
  for _, rule in ipairs(rules) do
    if rule.level == level and matches(work, rule, handlers) then matching[#matching + 1] = rule end
  end
  table.sort(matching, comes_first)
  local alone = find_exclusive(work, matching, handlers, level, find_variant)
  local best = not alone and find_best(work, matching, handlers, level, find_variant)
  for _, rule in ipairs(matching) do
    if alone and rule ~= alone then
      skip(work, rule, "exclusive " .. alone.handle)
    elseif not alone and rule.combine == "best" and rule ~= best then
      skip(work, rule, best and "best " .. best.handle or "no effect")
    else
      apply_rule(work, rule, handlers, level, find_variant)
    end
  end
end

return combine
