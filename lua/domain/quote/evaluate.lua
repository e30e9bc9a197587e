--- The pure evaluator: a draft and handlers in, a quote out. Reads no clock, no rows, no settings.
local draft = require("domain.draft")
local hash = require("domain.quote.hash")
local money = require("domain.money")
local operations = require("domain.draft.operations")
local phases = require("domain.quote.phases")
local points = require("kernel.points")
local tables = require("kernel.tables")

local evaluate = {}

---@class merx.Quote
---@field list integer list prices of the goods
---@field subtotal integer goods after all discounts, as shown
---@field discount integer what promotions took off, positive; delivery included
---@field delivery? { id: string, title: table, list: integer, amount: integer, total: integer, discount: integer, taxes: table[] }
---@field fees table[]
---@field tax integer all of it
---@field added_tax integer the part on top of the lines
---@field total integer
---@field due integer total less tenders
---@field lines merx.DraftLine[] in the order of the cart
---@field ledger merx.Entry[]
---@field issues table[] handlers that failed
---@field problems table[] why it cannot be ordered as it is, each with a code
---@field rates table[] deliveries to choose from
---@field methods table[] payments to choose from
---@field hash string of what the shopper saw

--- Sorts handlers into a plan: by point, then in order.
---@param handlers merx.Handler[]
---@param pins? { [1]: string, [2]: string }[] the merchant's own, which win: the first before the second
---@return table<string, merx.Handler[]>? plan
---@return string? problem names a cycle
function evaluate.plan(handlers, pins)
  local plan = {}
  for _, handler in ipairs(handlers) do
    assert(operations.points[handler.point], "there is no extension point " .. tostring(handler.point))
    plan[handler.point] = plan[handler.point] or {}
    table.insert(plan[handler.point], handler)
  end
  for point, list in pairs(plan) do
    local sorted, cycle = points.sort(list, pins)
    if not sorted then return nil, point .. ": " .. cycle end
    plan[point] = sorted
  end
  return plan
end

-- In the order of the cart; gifts follow, in canonical order.
local function order_lines(work)
  local given, lines, by_id = work.given.lines, work.lines, work.by_id
  local count = #given
  local ordered = tables.list(#lines)
  for i = 1, count do ordered[i] = by_id[given[i].id] end
  if #lines == count then return ordered end
  local placed = {}
  for i = 1, count do placed[ordered[i]] = true end
  for _, line in ipairs(lines) do
    if not placed[line] then ordered[#ordered + 1] = line end
  end
  return ordered
end

local function finish_lines(work)
  local delivery, lines = work.delivery, work.lines
  local discount = delivery and delivery.discount or 0
  for i = 1, #lines do
    local line, tax = lines[i], 0
    local off, taxes = line.discount, line.taxes
    for j = 1, #taxes do tax = tax + taxes[j].amount end
    line.total, line.tax = line.worth - off + line.adjust, tax
    discount = discount + off
  end
  work.discount = discount
  if delivery then delivery.total = delivery.amount + delivery.adjust end
  for _, fee in ipairs(work.fees) do fee.total = fee.amount + fee.adjust end
end

local function add_problem(work, code, fields)
  local problem = { code = code }
  for name, value in pairs(fields or {}) do problem[name] = value end
  work.problems[#work.problems + 1] = problem
end

-- Everything that stands between this quote and an order, the most basic first.
local function find_problems(work)
  work.problems = {}
  if #work.lines == 0 then add_problem(work, "cart.empty") end
  for i = 1, #work.lines do
    local line = work.lines[i]
    if line.problem then add_problem(work, line.problem, { line = line.id }) end
  end
  for _, code in ipairs(work.codes) do
    if code.problem then add_problem(work, code.problem, { code_text = code.code, is_minor = true }) end
  end
  if work.delivery_problem then add_problem(work, work.delivery_problem) end
  if work.is_estimate then add_problem(work, "tax.unavailable") end
  for _, block in ipairs(work.blocks) do
    add_problem(work, block.code, { line = block.line, handler = block.handler, message = block.message })
  end
  if work.due > 0 and work.payment_problem then add_problem(work, work.payment_problem) end
end

-- The law of the ledger, held in production and not only hoped for.
local function assert_explained(work)
  local ledger, lines = work.ledger, work.lines
  local sum, shown = work.list, work.added_tax
  for i = 1, #ledger do sum = sum + ledger[i].delta end
  for i = 1, #lines do shown = shown + lines[i].total end
  for _, fee in ipairs(work.fees) do shown = shown + fee.total end
  shown = shown + (work.delivery and work.delivery.total or 0)
  assert(sum == work.total, "list price and ledger do not make the total")
  assert(shown == work.total, "the lines shown do not make the total")
end

--- Works out what a draft costs. The draft is not changed; the same draft gives the same quote.
---@param given table see draft.open
---@param handlers merx.Handler[]|table<string, merx.Handler[]> a list, or a plan made before
---@param ctx { now: integer, trace?: merx.Asked[], rules?: merx.Rule[], digest?: fun(text: string): string, find_variant?: fun(id: integer): table? }
---@return merx.Quote
function evaluate.run(given, handlers, ctx)
  local plan = handlers
  if handlers[1] then plan = assert(evaluate.plan(handlers)) end
  local work = draft.open(given, ctx)
  phases.run(work, plan, ctx)
  finish_lines(work)
  assert_explained(work)
  find_problems(work)
  local bytes = hash.bytes(work)
  work.hash = ctx.digest and ctx.digest(bytes) or bytes
  work.lines = order_lines(work)
  return work
end

--- A plan without some of its handlers.
---@param plan table<string, merx.Handler[]>
---@param names table<string, boolean> of plugins and handlers
---@return table<string, merx.Handler[]>
function evaluate.plan_without(plan, names)
  local less = {}
  for point, handlers in pairs(plan) do
    less[point] = {}
    for _, handler in ipairs(handlers) do
      if not names[handler.plugin] and not names[handler.id] then table.insert(less[point], handler) end
    end
  end
  return less
end

--- The same draft without a plugin, a handler or a rule: what would it cost, what did it contribute.
---@param given table
---@param handlers merx.Handler[]|table<string, merx.Handler[]>
---@param ctx table
---@param name string
---@return merx.Quote quote without it
---@return integer contributed its part of the total
function evaluate.without(given, handlers, ctx, name)
  local with = evaluate.run(given, handlers, ctx)
  local rules = {}
  local plan = evaluate.plan_without(handlers[1] and assert(evaluate.plan(handlers)) or handlers, { [name] = true })
  for _, rule in ipairs(ctx.rules or {}) do
    if rule.handle ~= name then rules[#rules + 1] = rule end
  end
  local less = setmetatable({ rules = rules }, { __index = ctx })
  local quote = evaluate.run(given, plan, less)
  return quote, with.total - quote.total
end

evaluate.policy = money.policy

return evaluate
