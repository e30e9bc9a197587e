--- What a provider may tell: the shape of every answer of an adapter and of every event of a webhook. Whatever does not fit
--- is no news: an answer is asked for again, an event is refused.
local schema = require("kernel.schema")

local news = {}

---@class merx.News
---@field result "requires_action"|"authorized"|"captured"|"failed"|"voided"|"refunded"|"refund_failed"|"disputed"|"pending"|"missing"
---@field ref? string the provider's id of this capture, refund or dispute; without one `amount` is the total so far
---@field charge? string the provider's id of the whole payment; `ref` when absent
---@field amount? integer minor units
---@field currency? string
---@field redirect? string where the shopper pays
---@field reason? "declined"|"funds"|"expired"|"cancelled"|"error" why it failed
---@field error? string the provider's own words, for staff
---@field state? "opened"|"won"|"lost" of a dispute
---@field fee? integer of a dispute
---@field deadline_at? integer of a dispute
---@field key? string of the operation that asked for it, when the provider tells it back

local function fields_of(results, more)
  results.required = true
  local fields = {
    result = schema.enum(results),
    ref = schema.text({ min = 1, max = 200, doc = "the provider's id of this capture, refund or dispute; without one `amount` is the total so far" }),
    charge = schema.text({ min = 1, max = 200, doc = "the provider's id of the whole payment; `ref` when absent" }),
    amount = schema.integer({ min = 0, max = 1000000000000000, doc = "minor units" }),
    currency = schema.text({ pattern = "^%u%u%u$", doc = "three letters" }),
    redirect = schema.text({ max = 2000, pattern = "^https?://[%w.:%[%]-]+[/?]?%S*$", doc = "where the shopper pays" }),
    reason = schema.enum({ "declined", "funds", "expired", "cancelled", "error", doc = "why it failed" }),
    error = schema.text({ max = 1000, multiline = true, doc = "the provider's own words, for staff" }),
    state = schema.enum({ "opened", "won", "lost", doc = "of a dispute" }), fee = schema.integer({ min = 0, doc = "of a dispute" }),
    deadline_at = schema.integer({ min = 0, doc = "of a dispute" }),
    key = schema.text({ max = 100, doc = "of the operation that asked for it, when the provider tells it back" }),
  }
  for name, spec in pairs(more or {}) do fields[name] = spec end
  return fields
end

local function facts()
  return { "requires_action", "authorized", "captured", "failed", "voided", "refunded", "refund_failed", "disputed", "pending" }
end

local function answers()
  local results = facts()
  results[#results + 1], results[#results + 2] = "missing", "retry"
  return results
end

-- What else a provider says when it is asked how things stand: captures, refunds and disputes, each by its id.
local more = schema.list(schema.object(fields_of(facts()), { required = true }), {
  max = 100, default = {}, doc = "captures, refunds and disputes, each by its id, when it was asked how things stand",
})

--- What an adapter may answer to an operation.
---@type merx.Schema
news.answer = schema.object(fields_of(answers(), { events = more }), { required = true })

--- The same as arguments of a command, with more fields.
---@param fields table<string, merx.Schema>
---@return merx.Schema
function news.args(fields)
  fields.events = more
  return schema.object(fields_of(answers(), fields))
end

--- One event of a webhook. It names the payment by the reference that we gave.
---@type merx.Schema
news.event = schema.object(fields_of(facts(), {
  id = schema.text({ required = true, min = 1, max = 200, doc = "the provider's id of the event: it is applied once" }),
  payment_id = schema.text({ required = true, min = 1, max = 100, doc = "our reference" }),
}), { required = true })

--- What an adapter makes of a webhook that it believes.
---@type merx.Schema
news.webhook = schema.object({
  reply = schema.object({
    status = schema.integer({ min = 200, max = 299, default = 200 }), body = schema.text({ max = 4000, multiline = true, default = "" }),
    content_type = schema.text({ max = 100, pattern = "^[%w.+-]+/[%w.+-]+", default = "text/plain; charset=utf-8" }),
  }, { default = {}, doc = "how the provider is answered" }),
  events = schema.list(news.event, { max = 100, default = {}, doc = "what it tells" }),
}, { required = true })

--- Checks an answer of an adapter.
---@param shape merx.Schema
---@param value any
---@return table? clean
---@return string? problem one sentence with the field
function news.check(shape, value)
  local clean, err = schema.check(schema.object({ answer = shape }), { answer = value })
  if not clean then return nil, err.message end
  return clean.answer
end

-- Money that somebody claims to have moved is believed with its sum and its currency only.
local NEEDS_AMOUNT <const> = { authorized = true, captured = true, refunded = true, disputed = true }

--- Why an event of a webhook cannot be believed for a payment, or nothing.
---@param row table payment
---@param event merx.News
---@return string? problem
function news.problem(row, event)
  if event.currency and event.currency ~= row.currency then return "the provider speaks of another currency" end
  if not NEEDS_AMOUNT[event.result] then return nil end
  if not event.amount then return "the provider names no amount" end
  if event.result == "authorized" and event.amount ~= row.amount then return "the provider promises another sum" end
  if event.result == "captured" and event.amount > row.amount then return "the provider took more than was asked for" end
end

return news
