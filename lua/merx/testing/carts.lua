--- Carts as specs and golden files write them, and what they cost.
local clock = require("native.clock")
local op_fault = require("kernel.plugins.op_fault")
local tables = require("kernel.tables")

local carts = {}

local function line_of(i, given)
  local line = {
    id = "l" .. i, variant_id = i, product_id = i, sku = "SKU-" .. i, title = "Thing " .. i, handle = "thing-" .. i, kind = "simple",
    qty = 1, list = given.price, ships = true, weight = 500, properties = {}, options = {}, offers = {},
  }
  for name, value in pairs(given) do line[name] = value end
  line.price = nil
  return line
end

local function codes_of(given)
  local codes = {}
  for i, code in ipairs(given or {}) do codes[i] = type(code) == "table" and code or { code = code } end
  return codes
end

--- The draft of a cart: lines of { price, qty, tags, … } with the fields that handlers see, made up where they are not told.
---@param lines table[]
---@param more? table
---@return table draft
function carts.draft(lines, more)
  more = more or {}
  local count, weight, filled = 0, 0, {}
  for i, given in ipairs(lines) do
    local line = line_of(i, given)
    filled[i], count = line, count + line.qty
    weight = weight + (line.ships and line.weight * line.qty or 0)
  end
  return {
    currency = more.currency or "EUR", locale = more.locale or "en", channel = "default", lines = filled, item_count = count,
    total_weight = weight, is_tax_included = more.tax_included ~= false, home = { country = "DE" },
    destination = more.destination or { country = more.country or "DE" }, has_address = more.destination ~= nil,
    customer = more.customer or {}, codes = codes_of(more.codes), delivery_choice = more.delivery, payment_choice = more.payment,
    attributes = more.attributes or {},
  }
end

--- A promotion of the merchant that uses entries of a plugin.
---@param id string of the plugin
---@param number integer
---@param given table
---@return merx.Rule
function carts.promotion(id, number, given)
  local conditions = {}
  for i, condition in ipairs(given.conditions or {}) do
    conditions[i] = { handler = id .. "/" .. condition.entry, settings = condition.settings or {} }
  end
  return {
    id = number, handle = "promotion-" .. number, title = "Promotion " .. number, lane = "normal", position = number, combine = "all",
    level = given.level or "line", conditions = conditions, has_codes = false, on_error = "skip",
    action = { handler = id .. "/" .. given.action, settings = given.settings or {} },
  }
end

-- As the shop has its carts: with the offers that hold now.
local function at(draft, now)
  local prices = require("domain.catalog.prices")
  local seen = tables.copy(draft, 0)
  seen.lines = {}
  for i, line in ipairs(draft.lines) do
    seen.lines[i] = tables.copy(line, 0)
    seen.lines[i].offers = prices.offers(line.offers, now)
  end
  return seen
end

-- In full: which field of which operation, when the answer was at fault.
local function why_of(issue, draft, rules)
  local quote, trace = require("domain.quote"), {}
  quote.evaluate(at(draft, clock.now()), quote.plan(), { now = clock.now(), rules = rules, trace = trace })
  for _, asked in ipairs(trace) do
    local fault = asked.handler == issue.handler and asked.problem and op_fault.told(asked.point, asked.handler, asked.answer)
    if fault then return fault end
  end
  return issue.problem
end

--- What a draft costs in this shop. A handler that failed is an error.
---@param draft table
---@param rules merx.Rule[]
---@return merx.Quote
function carts.quote(draft, rules)
  local quote = require("domain.quote")
  local result = quote.evaluate(at(draft, clock.now()), quote.plan(), { now = clock.now(), rules = rules })
  local issue = result.issues[1]
  if issue then error(("%s failed: %s"):format(issue.handler, why_of(issue, draft, rules)), 3) end
  return result
end

return carts
