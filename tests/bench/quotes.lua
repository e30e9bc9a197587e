--- merx quotes: what a quote of 20 lines costs with the price rules of the shop's plugins, what one pure call costs and what
--- the state of a plugin takes, as JSON. script/bench --only plugins puts plugins and this tool there.
require("boot") -- plugins
local draft = require("domain.draft")
local evaluate = require("domain.quote.evaluate")
local json = require("native.json")
local plugins = require("kernel.plugins")
local quote = require("domain.quote")

local quotes = { summary = "what a quote costs with many plugins", usage = "merx quotes\n" }

local LINES <const> = 20
local ROUNDS <const> = 100
local BATCHES <const> = 15

-- Every cart is another one, so that no plugin has heard its question before. Two lines of the twenty have the tag.
local serial = 0
local function next_cart()
  serial = serial + 1
  local lines = {}
  for i = 1, LINES do
    lines[i] = {
      id = tostring(100 + i), variant_id = 100 + i, product_id = 100 + i, title = "Lamp", qty = 1 + (serial + i) % 9, list = 1000 + serial,
      ships = true, tags = i % 10 == 0 and { "bench", "lamp" } or { "lamp" }, categories = { "light" }, offers = {},
    }
    if i % 10 == 0 then lines[i].qty = lines[i].qty + 3 end
  end
  return {
    currency = "EUR", is_tax_included = true, lines = lines, destination = { country = "DE" }, home = { country = "DE" },
    item_count = LINES, total_weight = 1000,
  }
end

local function carts(count)
  local list = {}
  for i = 1, count do list[i] = next_cart() end
  return list
end

-- CPU time of `work(cart)` in µs: the median batch, as others on the machine disturb some.
local function measure(work)
  local times = {}
  for batch = 1, BATCHES do
    local list = carts(ROUNDS)
    collectgarbage()
    local started = os.clock()
    for i = 1, ROUNDS do work(list[i]) end
    times[batch] = (os.clock() - started) * 1000000 / ROUNDS
  end
  table.sort(times)
  return times[(BATCHES + 1) // 2]
end

local function round(value)
  return math.floor(value * 10 + 0.5) / 10
end

-- The price rules of the plugins that the benchmark brought, and nothing else.
local function rules_of_bench()
  local list = {}
  for _, handler in ipairs(quote.handlers("price_rule")) do
    if handler.plugin:find("^bench%.") then list[#list + 1] = handler end
  end
  return list
end

-- One question and its answer, from the draft and back to the draft: packed, unpacked, asked, copied out.
local function measure_call(handler)
  local function open(cart) return draft.open(cart, { now = 0 }) end
  local opened = measure(open)
  return measure(function(cart) draft.ask(open(cart), handler) end) - opened
end

---@return integer exit_code
function quotes.run()
  local rules, ctx = rules_of_bench(), { now = 1767225600000 }
  local plan = { price_rule = rules }
  local function run(cart)
    local found = evaluate.run(cart, plan, ctx)
    assert(#found.issues == 0, found.issues[1] and found.issues[1].problem)
    assert(#found.ledger == 2 * #rules, "a rule did not answer")
  end
  local shop, idle = quote.plan(), 0
  run(next_cart()) -- opens the states
  for _, rule in ipairs(rules) do idle = idle + plugins.stats(rule.plugin).memory end
  local result = { plugins = #rules, rules_us = round(measure(run)) }
  local known = next_cart()
  result.again_us = round(measure(function() run(known) end))
  result.shop_us = round(measure(function(cart)
    local found = evaluate.run(cart, shop, ctx)
    assert(#found.issues == 0, found.issues[1] and found.issues[1].problem)
  end))
  if rules[1] then
    result.state_kib = round(idle / #rules / 1024)
    result.call_us = round(measure_call(rules[1]))
  end
  io.write(json.encode(result, { pretty = true }), "\n")
  return 0
end

return quotes
