--- The working paper of one quote: lines, what was taken off and put on, by whom and why. Rooms above
--- write on it through the functions here, so that the ledger always explains the total.
local money = require("domain.money")
local operations = require("domain.draft.operations")
local project = require("domain.draft.project")
local tables = require("kernel.tables")

local draft = {}

---@class merx.DraftLine
---@field id string key of the cart line
---@field variant_id integer
---@field product_id integer
---@field title string
---@field qty integer
---@field list integer list price of `list_pieces`, for this quantity, from the price list
---@field list_pieces integer
---@field unit integer price after the price phase, of `unit_pieces`
---@field unit_pieces integer
---@field worth integer unit * qty, rounded
---@field discount integer taken off so far
---@field adjust integer put on or taken off because another country's tax applies
---@field taxable boolean
---@field tax_class string
---@field ships boolean
---@field is_gift_card boolean
---@field tags string[] handles
---@field categories string[] handles

---@class merx.Entry one line of the ledger
---@field seq integer
---@field phase string
---@field plugin string
---@field version string
---@field handler string
---@field rule? string promotion
---@field op string
---@field target string line id, "order", "delivery", "fee:…"
---@field delta integer
---@field before integer
---@field after integer
---@field reason? { key: string, args: table }

local NOTHING <const> = {} -- never written to

local LINE_FIELDS <const> = 72 -- of draft_lines, and what the phases add
local ADDED_FIELDS <const> = 18 -- by the phases
local PAPER_FIELDS <const> = 64
local LINES_SIZED <const> = 1000 -- there is room for so many at once, at most

local type_of = math.type

-- The line, and how many fields it was given.
local function open_line(given, room)
  local line, count = tables.copy(given, room)
  local qty, list, pieces = line.qty, line.list, line.list_pieces or 1
  if type(line.id) ~= "string" or type_of(qty) ~= "integer" or qty <= 0 then error("a line needs id and qty") end
  if type_of(list) ~= "integer" or list < 0 then error("a line needs its list price") end
  local worth = money.times(list, pieces, qty)
  if not line.variant_id then line.variant_id = 0 end
  line.list_pieces, line.unit, line.unit_pieces = pieces, list, pieces
  line.worth, line.list_worth = worth, line.is_given and 0 or worth
  line.discount, line.adjust, line.allocations, line.taxes = 0, 0, {}, {}
  line.taxable = line.taxable ~= false and not line.is_gift_card
  if not line.tax_class then line.tax_class = "standard" end
  if not line.tags then line.tags = {} end
  if not line.categories then line.categories = {} end
  return line, count
end

-- Puts it in its place and adds it to the sums. The order is canonical, by variant and then by id: nothing that is worked
-- out may depend on the order of lines in the cart.
local function put_line(work, line)
  local lines, by_id, id, variant = work.lines, work.by_id, line.id, line.variant_id
  if by_id[id] then error("two lines have the id " .. id) end
  by_id[id] = line
  local at = #lines + 1
  while at > 1 do
    local before = lines[at - 1]
    local other = before.variant_id
    if other < variant or other == variant and before.id < id then break end
    lines[at] = before
    at = at - 1
  end
  lines[at] = line
  work.list = work.list + line.list_worth
  work.subtotal = work.subtotal + line.worth
end

--- Opens the working paper. `given` is what the shopper asked for; it is not changed.
---@param given table lines, currency, policy, destination, customer, codes, choices
---@param ctx { now: integer, trace?: merx.Asked[] }
---@return table work
function draft.open(given, ctx)
  local work = tables.copy(given, PAPER_FIELDS)
  work.given, work.now, work.trace = given, ctx.now, ctx.trace
  work.policy = money.policy(given.policy)
  work.mode = work.policy.mode
  work.customer, work.codes = given.customer or {}, {}
  for i, code in ipairs(given.codes or {}) do work.codes[i] = setmetatable({}, { __index = code }) end
  local lines_known = math.min(#given.lines, LINES_SIZED)
  work.lines, work.by_id = tables.list(lines_known), tables.copy(NOTHING, lines_known)
  work.ledger, work.issues, work.blocks, work.holds, work.tenders, work.skipped = {}, {}, {}, {}, {}, {}
  work.fees, work.fee_by_target, work.rates, work.methods = {}, {}, {}, {}
  work.list, work.subtotal = 0, 0
  local room = LINE_FIELDS
  for _, about in ipairs(given.lines) do
    local line, count = open_line(about, room)
    put_line(work, line)
    room = count + ADDED_FIELDS -- lines of one cart have much the same fields
  end
  return work
end

--- Puts a line on the paper; a gift of a promotion comes this way, too.
---@param work table
---@param given table
---@return merx.DraftLine
function draft.add_line(work, given)
  local line = open_line(given, LINE_FIELDS)
  put_line(work, line)
  return line
end

--- What is left of a line to take discounts from.
---@param line merx.DraftLine
---@return integer
function draft.rest(line)
  return line.is_gift_card and 0 or line.worth - line.discount
end

--- Writes into the ledger. `by` is a handler, or says "core".
---@param work table
---@param by { plugin: string, version?: string, id: string, rule?: string }
---@param phase string
---@param op { op: string, reason?: any }
---@param target string
---@param before integer
---@param after integer
---@return merx.Entry
function draft.note(work, by, phase, op, target, before, after)
  local entry = {
    seq = #work.ledger + 1, phase = phase, plugin = by.plugin, version = by.version or "", handler = by.id,
    rule = by.rule, op = op.op, target = target, delta = after - before, before = before, after = after,
    reason = operations.message(op.reason, by.plugin),
  }
  work.ledger[entry.seq] = entry
  return entry
end

--- Records that a handler failed and what follows from it.
---@param work table
---@param handler merx.Handler
---@param problem string
function draft.fault(work, handler, problem)
  local policy = handler.on_error or operations.points[handler.point].on_error
  work.issues[#work.issues + 1] = {
    plugin = handler.plugin, handler = handler.id, point = handler.point, problem = problem, policy = policy,
  }
  if policy == "block" then
    work.blocks[#work.blocks + 1] = {
      code = "quote.cannot_check", handler = handler.id, message = { key = "quote.cannot_check", args = {} },
    }
  end
end

local function say(err)
  return type(err) == "table" and err.message or tostring(err)
end

-- What it answered, or why there is no answer of use; of a traced quote also the instructions that it took.
local function hear(work, handler)
  local settings, ask = handler.settings or NOTHING, work.trace and handler.trace or handler.ask
  local fine, answer, err, spent
  if ask then
    fine, answer, err, spent = pcall(ask, work, settings)
  else
    fine, answer, err = pcall(handler.call, project.copy(handler.input, work), settings)
  end
  if not fine then return nil, tostring(answer) end
  if answer == nil and err ~= nil then return nil, say(err), spent end
  local problem = operations.problem(handler.point, answer, work, handler.accounts)
  if problem and handler.blame then handler.blame("malformed", problem) end
  return answer, problem, spent
end

---@class merx.Asked one question of a traced quote
---@field point string
---@field plugin string
---@field handler string
---@field rule? string promotion
---@field is_trial boolean only to find out which promotion is the best
---@field input table what it saw
---@field settings table
---@field answer any
---@field problem? string why its answer was not used
---@field instructions? integer

local function note_asked(work, handler, input, answer, problem, spent)
  work.trace[#work.trace + 1] = {
    point = handler.point, plugin = handler.plugin, handler = handler.id, rule = handler.rule, is_trial = work.is_trial == true, input = input,
    settings = handler.settings or NOTHING, answer = answer, problem = problem, instructions = spent,
  }
end

--- Asks a handler. A handler that raises, fails or answers what its point does not allow has no say:
--- its fault is recorded and nothing of its answer is used.
---@param work table
---@param handler merx.Handler
---@return any answer for readers only; nil after a fault
function draft.ask(work, handler)
  local input = work.trace and project.copy(handler.input, work)
  local answer, problem, spent = hear(work, handler)
  if input then note_asked(work, handler, input, answer, problem, spent) end
  if problem then
    draft.fault(work, handler, problem)
    return nil
  end
  if answer == nil then return NOTHING end
  return answer
end

--- Keeps what the operation `hold` asks to be taken aside when the order is placed.
---@param work table
---@param handler merx.Handler
---@param op table
function draft.hold(work, handler, op)
  work.holds[#work.holds + 1] = {
    kind = op.account.kind, owner_id = op.account.owner_id or 0, key = op.account.key or "",
    quantity = op.quantity, handler = handler.id,
  }
end

draft.message = operations.message

return draft
