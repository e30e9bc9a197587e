--- Says of each handler whether a cart asked it, what it saw, what it answered and what that cost, and of each promotion why
--- it does not apply.
local about_cart = require("cli.plugin.about.cart")
local args = require("cli.args")
local cart = require("domain.cart")
local json = require("native.json")
local op_fault = require("kernel.plugins.op_fault")
local plugins = require("kernel.plugins")
local points = require("kernel.points")
local quote = require("domain.quote")

local why = { summary = "Tells why a plugin changed a total, or why it did not.", usage = [[
usage: merx plugin why cart:ID|cart:TOKEN|order:NUMBER [NAME] [--json]

Works the cart out once more, with every question noted: who was asked, what it answered, how many instructions that took.
NAME is a plugin, a handler or a promotion; with it also what was seen and answered is shown. Of an order its cart is
worked out as it would be today.

examples:
  merx plugin why cart:17
  merx plugin why cart:17 merx.tiers
  merx plugin why order:1001 spring
]] }

local NAME <const> = "merx plugin why"

local function sum_of(found, handler, rule)
  local sum = 0
  for _, entry in ipairs(found.ledger) do
    if entry.handler == handler and entry.rule == rule then sum = sum + entry.delta end
  end
  return sum
end

-- Why a handler was not asked at all.
local function silence(handler, found)
  local missing = quote.missing_setting(handler)
  if missing then return "its setting " .. missing .. " is empty" end
  if handler.spec and handler.spec.is_test then return "it is for tests: payment.test_mode is off" end
  if handler.point == "delivery_method" and not found.needs_delivery then return "nothing in the cart is delivered" end
  if handler.point:find("^promotion_") then return "no promotion named it" end
  if handler.is_unbound then return ("another one is bound: merx plugin bind %s %s"):format(handler.point, handler.id) end
  return "its turn never came"
end

local function answer_of(asked)
  if asked.problem then return "failed: " .. (op_fault.told(asked.point, asked.handler, asked.answer) or asked.problem) end
  if type(asked.answer) == "boolean" then return asked.answer and "yes" or "no" end
  local count = type(asked.answer) == "table" and #asked.answer or 0
  return count == 0 and "nothing" or args.count(count, "operation")
end

-- An answer as JSON can hold it: a reason is a list with names, { key, name = value }.
local function as_data(value)
  if type(value) ~= "table" then return value end
  local data, is_list = {}, #value > 0
  for name in pairs(value) do is_list = is_list and math.type(name) == "integer" end
  for name, inner in pairs(value) do data[is_list and name or tostring(name)] = as_data(inner) end
  return data
end

local BECAUSE <const> = {
  code = "none of its codes is in the cart", ["no effect"] = "it takes nothing off",
}

local function reason_of(skipped)
  local known = BECAUSE[skipped.because]
  if known then return known end
  local word, name = skipped.because:match("^(%a+) (.+)$")
  if word == "missing" then return "its handler " .. name .. " is not here: enable its plugin" end
  if word == "exclusive" then return name .. " stands alone" end
  if word == "best" then return name .. " takes more off" end
  return "its condition " .. skipped.because .. " says no"
end

-- Every handler of every point that quotes ask, in the order of the points.
local function handlers_of_quotes()
  local list, names = {}, {}
  local plan = quote.plan()
  for point in pairs(plan) do names[#names + 1] = point end
  table.sort(names)
  for _, point in ipairs(names) do
    for _, handler in ipairs(points.handlers(point)) do list[#list + 1] = handler end
  end
  return list
end

local function rows_of(found, trace)
  local rows, was_asked = json.array({}), {}
  for _, asked in ipairs(trace) do
    was_asked[asked.handler] = true
    if not asked.is_trial then
      rows[#rows + 1] = {
        handler = asked.handler, plugin = asked.plugin, point = asked.point, rule = asked.rule, state = answer_of(asked),
        instructions = asked.instructions, delta = sum_of(found, asked.handler, asked.rule), saw = asked.input, answered = as_data(asked.answer),
        settings = asked.settings,
      }
    end
  end
  for _, handler in ipairs(handlers_of_quotes()) do
    if not was_asked[handler.id] then
      rows[#rows + 1] = {
        handler = handler.id, plugin = handler.plugin, point = handler.point, state = "not asked: " .. silence(handler, found), delta = 0,
      }
    end
  end
  for _, skipped in ipairs(found.skipped) do
    rows[#rows + 1] = { handler = skipped.rule, rule = skipped.rule, point = "promotion", state = "does not apply: " .. reason_of(skipped), delta = 0 }
  end
  return rows
end

local function only(rows, name)
  local kept = json.array({})
  for _, row in ipairs(rows) do
    if not name or row.plugin == name or row.handler == name or row.rule == name then kept[#kept + 1] = row end
  end
  return kept
end

local function print_row(row, in_full)
  local cost = row.instructions and args.count(row.instructions, "instruction") or ""
  local delta = row.delta ~= 0 and ("%+d"):format(row.delta) or ""
  io.write((("%-30s %-20s %10s  %s%s"):format(row.rule and row.handler ~= row.rule and row.handler .. " " .. row.rule or row.handler, row.point,
    delta, row.state, cost ~= "" and ", " .. cost or ""):gsub("%s+$", "")), "\n")
  if not in_full or not row.saw then return end
  io.write("  settings  ", json.encode(row.settings), "\n  saw       ", json.encode(row.saw), "\n")
  io.write("  answered  ", row.answered == nil and "-" or json.encode(row.answered), "\n")
end

-- A name that no row has: a plugin that prices nothing, one that is off, or none at all.
local function fail_unknown(name)
  local plugin = plugins.find(name)
  if plugin and plugin.problem then return args.fail(NAME, { code = "conflict", message = name .. " is skipped: " .. plugin.problem }) end
  if plugin and plugin.enabled then return args.fail(NAME, { code = "missing", message = name .. " has no say in what a cart costs" }) end
  if plugin then return args.fail(NAME, { code = "conflict", message = name .. " is not enabled" }) end
  return args.fail(NAME, {
    code = "missing", message = "there is no plugin, handler or promotion " .. name .. " that may apply now; merx plugin why without a name lists them",
  })
end

---@param given string[]
---@return integer exit_code
function why.run(given)
  local options, code = args.parse(given, { name = NAME, usage = why.usage, flags = { json = "flag" }, least = 1, most = 2, shop = true })
  if not options then return code end
  local named, err = about_cart.find(options[1])
  if not named then return args.fail(NAME, err) end
  local trace = {}
  local found = cart.quote(named.ctx, named.row, { trace = trace })
  local rows = only(rows_of(found, trace), options[2])
  if #rows == 0 and options[2] then return fail_unknown(options[2]) end
  if options.json then
    io.write(json.encode({ cart = named.row.id, total = found.total, handlers = rows }, { pretty = true }), "\n")
    return 0
  end
  for _, row in ipairs(rows) do print_row(row, options[2] ~= nil) end
  io.write(("%-30s %-20s %10d\n"):format("total", "", found.total))
  return 0
end

return why
