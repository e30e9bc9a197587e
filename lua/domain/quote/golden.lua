--- Golden carts: a cart and what it must cost, in one file. A plugin's own tests and the dry run of a change ask them; what
--- is compared are totals and the ledger without versions, so a new version of a plugin that prices alike passes.
local evaluate = require("domain.quote.evaluate")
local json = require("kernel.json")

local golden = {}

--[[
  { "note": "three pieces cost less each",
    "cart": { "currency": "EUR", "destination": { "country": "DE" }, "lines": [ { "id": "a", "qty": 3, "list": 1250, "tags": ["tea"] } ] },
    "settings": { "merx.tiers/qty": { "tag": "tea" } },          over those of the handlers
    "rules": [ { "handle": "ten", "action": { … } } ],           promotions, with what they do not say filled in
    "now": 0,
    "outcome": { "total": 3375, "ledger": [ { "handler": "merx.tiers/qty", "target": "a", "delta": -375 } ], … } }
]]

---@class merx.GoldenCart
---@field note? string
---@field cart table a draft, see draft.open
---@field settings? table<string, table> by handler
---@field rules? table[] promotions
---@field now? integer
---@field outcome? table

local RULE <const> = {
  lane = "normal", position = 0, combine = "all", level = "line", has_codes = false, on_error = "skip",
}

local function rules_of(given)
  local rules = {}
  for i, own in ipairs(given or {}) do
    local rule = { id = i, handle = "rule-" .. i, conditions = {} }
    for name, value in pairs(RULE) do rule[name] = value end
    for name, value in pairs(own) do rule[name] = value end
    rules[i] = rule
  end
  return rules
end

local function dress(handler, own)
  local config = {}
  for name, value in pairs(handler.settings or {}) do config[name] = value end
  for name, value in pairs(own) do config[name] = value end
  return setmetatable({ settings = config }, { __index = handler })
end

-- The handlers of the cart, with its settings over their own.
local function handlers_of(given, handlers)
  local list = {}
  for i, handler in ipairs(handlers) do
    local own = given.settings and given.settings[handler.id]
    list[i] = own and dress(handler, own) or handler
  end
  return list
end

local function ledger_of(quote)
  local ledger = json.array({})
  for i, entry in ipairs(quote.ledger) do
    ledger[i] = {
      handler = entry.handler, rule = entry.rule, target = entry.target, delta = entry.delta, reason = entry.reason and entry.reason.key,
    }
  end
  return ledger
end

local function issues_of(quote)
  local issues
  for i, issue in ipairs(quote.issues) do
    issues = issues or json.array({})
    issues[i] = { handler = issue.handler, problem = issue.problem }
  end
  return issues
end

--- What is compared of a quote.
---@param quote merx.Quote
---@return table outcome plain data
function golden.outcome(quote)
  local rates
  for i, rate in ipairs(quote.rates) do
    rates = rates or json.array({})
    rates[i] = { id = rate.id, amount = rate.amount }
  end
  return {
    list = quote.list, subtotal = quote.subtotal, discount = quote.discount, tax = quote.tax, total = quote.total,
    delivery = quote.delivery and { id = quote.delivery.id, total = quote.delivery.total }, rates = rates,
    ledger = ledger_of(quote), issues = issues_of(quote),
  }
end

--- Works a golden cart out.
---@param given merx.GoldenCart
---@param handlers merx.Handler[]
---@return table outcome
function golden.run(given, handlers)
  local ctx = { now = given.now or 0, rules = rules_of(given.rules) }
  return golden.outcome(evaluate.run(given.cart, assert(evaluate.plan(handlers_of(given, handlers))), ctx))
end

local function join(path, name)
  return path == "" and tostring(name) or path .. "." .. tostring(name)
end

-- Both, and what stands in one of them, path by path.
local function collect(path, expected, found, out)
  if type(expected) ~= "table" or type(found) ~= "table" then
    if expected ~= found then out[#out + 1] = { path = path, expected = expected, found = found } end
    return
  end
  local names = {}
  for name in pairs(expected) do names[#names + 1] = name end
  for name in pairs(found) do
    if expected[name] == nil then names[#names + 1] = name end
  end
  table.sort(names, function(a, b) return type(a) == type(b) and a < b or type(a) == "number" and type(b) == "string" end)
  for _, name in ipairs(names) do collect(join(path, name), expected[name], found[name], out) end
end

--- Where two outcomes differ, in a fixed order; empty when they are alike.
---@param expected table
---@param found table
---@return { path: string, expected: any, found: any }[]
function golden.compare(expected, found)
  local out = {}
  collect("", expected, found, out)
  return out
end

return golden
