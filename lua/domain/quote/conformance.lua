--- What the contracts of a quote promise, whatever is in the cart: every handler answers at every cart, within its budget,
--- the same each time, and no price is ever below zero.
local conformance = require("kernel.conformance")
local evaluate = require("domain.quote.evaluate")
local operations = require("domain.draft.operations")

local expect = conformance.expect

local NOW <const> = 1767225600000 -- 2026-01-01
local MANY <const> = 500
local HUGE <const> = 100000000000 -- minor units

-- ---- carts -----------------------------------------------------------------------------------------------------------

local function line(i, more)
  local made = {
    id = "l" .. i, variant_id = i, product_id = 1 + i % 7, sku = "SKU-" .. i, title = "Thing " .. i, handle = "thing-" .. i,
    kind = "simple", qty = 1 + i % 12, list = 99 + i * 131 % 5000, ships = true, weight = i * 37 % 2500, taxable = i % 5 ~= 0,
    tags = i % 2 == 0 and { "sale" } or {}, categories = { "things" }, properties = {}, options = {}, offers = {},
  }
  for name, value in pairs(more or {}) do made[name] = value end
  return made
end

local function draft(count, more, of_lines)
  local given = {
    currency = "EUR", locale = "en", channel = "default", lines = {}, item_count = 0, total_weight = 0, is_tax_included = true,
    destination = { country = "DE" }, home = { country = "DE" }, has_address = false, customer = {}, codes = {}, attributes = {},
  }
  for i = 1, count do
    local made = line(i, of_lines)
    given.lines[i], given.item_count = made, given.item_count + made.qty
    given.total_weight = given.total_weight + (made.ships and made.weight * made.qty or 0)
  end
  for name, value in pairs(more or {}) do given[name] = value end
  return given
end

-- ---- asking ----------------------------------------------------------------------------------------------------------

-- A promotion of the merchant that is nothing but this part of one.
local function rules_with(handler)
  local rule = {
    id = 1, handle = "conformance", lane = "normal", position = 1, combine = "all", level = "line", conditions = {}, has_codes = false,
    on_error = "skip",
  }
  local part = { handler = handler.id, settings = handler.settings }
  if handler.point == "promotion_action" then
    rule.action = part
  else
    rule.conditions[1], rule.action = part, { handler = "core/none", settings = {} }
  end
  return { rule }
end

local nothing_off = {
  point = "promotion_action", plugin = "core", version = "", id = "core/none", input = {}, settings = {}, call = function() return {} end,
}

local function quote(handler, given)
  local handlers, rules = { handler }, {}
  if handler.point:find("^promotion_") then
    rules = rules_with(handler)
    if handler.point == "promotion_condition" then handlers[2] = nothing_off end
  end
  return evaluate.run(given, handlers, { now = NOW, rules = rules })
end

local function expect_fine(handler, given, what)
  local result = quote(handler, given)
  local issue = result.issues[1]
  expect(not issue, "%s: %s", what, issue and issue.problem)
  expect(result.total >= 0 and result.due >= 0, "%s: the total is below zero", what)
  for _, found in ipairs(result.lines) do expect(found.unit >= 0, "%s: a price is below zero", what) end
  return result
end

local function fine(what, make)
  return { name = what, run = function(subject) expect_fine(subject.handler, make(), what) end }
end

-- ---- what each handler of a draft promises -----------------------------------------------------------------------------

local function reversed(given)
  local lines = {}
  for i, found in ipairs(given.lines) do lines[#given.lines + 1 - i] = found end
  given.lines = lines
  return given
end

local everywhere = {
  fine("an empty cart", function() return draft(0) end),
  fine("500 lines, within the budget", function() return draft(MANY) end),
  fine("huge amounts", function() return draft(3, nil, { list = HUGE, qty = 999 }) end),
  fine("things that cost nothing", function() return draft(3, nil, { list = 0 }) end),
  fine("a place that nobody has told yet", function() return draft(3, { destination = {} }) end),
  fine("nothing that is sent", function() return draft(3, { destination = {} }, { ships = false, weight = 0 }) end),
  fine("a customer who is known", function()
    return draft(3, { customer = { id = 7, group = "wholesale", is_tax_exempt = true, tax_number = "DE1" }, has_address = true })
  end),
  { name = "the order of lines changes nothing", run = function(subject)
    local one = expect_fine(subject.fresh(), draft(12), "as they came")
    local other = expect_fine(subject.fresh(), reversed(draft(12)), "the other way round")
    expect(one.hash == other.hash, "the same lines in another order gave another quote: %d and %d", one.total, other.total)
  end },
  { name = "the same question has the same answer, whatever was asked before", run = function(subject)
    local handler = subject.fresh()
    local first = expect_fine(handler, draft(12), "asked first")
    expect_fine(handler, draft(5, { destination = { country = "FR" } }), "asked something else")
    local again = expect_fine(handler, draft(12), "asked again")
    expect(again.hash == first.hash, "what was asked in between changed the answer: keep nothing outside of the handler")
    expect(quote(subject.fresh(), draft(12)).hash == first.hash, "another worker gives another answer")
  end },
}

for point in pairs(operations.points) do conformance.define(point, everywhere) end

conformance.define("delivery_method", {
  fine("a country that does not exist", function() return draft(3, { destination = { country = "XX" } }) end),
  fine("parcels that weigh nothing", function() return draft(3, nil, { weight = 0 }) end),
  fine("very heavy parcels", function() return draft(3, nil, { weight = 1000000000 }) end),
})

conformance.define("tax_provider", {
  { name = "each line is taxed once by a rate", run = function(subject)
    for _, found in ipairs(expect_fine(subject.handler, draft(12), "12 lines").lines) do
      local seen = {}
      for _, row in ipairs(found.taxes) do
        expect(not seen[row.rate], "the line %s is taxed twice by the rate %s", found.id, tostring(row.rate))
        seen[row.rate or ""] = true
      end
    end
  end },
})

conformance.define("tender_rule", {
  { name = "nothing is paid where nothing is due", run = function(subject)
    local result = expect_fine(subject.handler, draft(3, { customer = { id = 7, group = "staff" } }, { list = 0 }), "free things")
    for _, tender in ipairs(result.tenders) do expect(tender.amount == 0, "%d are paid for nothing", tender.amount) end
  end },
})

return true
