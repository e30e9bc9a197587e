--- Says how a price came about: every step, by whom, by how much, why.
require("boot")
local args = require("cli.args")
local cart = require("domain.cart")
local channel = require("domain.channel")
local clock = require("native.clock")
local i18n = require("kernel.i18n")
local json = require("native.json")
local order = require("domain.order")
local quote = require("domain.quote")

local explain = { usage = [[
usage: merx explain cart:ID|cart:TOKEN [--without=NAME] [--json]
       merx explain order:NUMBER [--without=NAME] [--json]

cart:   works the cart out now; --without leaves out a plugin, handler or promotion and
        says what it contributed.
order:  shows the ledger that was stored when it was placed; --without says what a plugin,
        handler or promotion wrote there.

merx plugin why says of each handler whether it was asked, and what it answered.

examples:
  merx explain order:1001
  merx explain cart:17 --without=merx.catalog-prices
]] }

local NAME <const> = "merx explain"

local function words(message)
  return i18n.find("en", message.key, message.args)
end

local function print_json(view)
  io.write(json.encode(view, { pretty = true }), "\n")
  return 0
end

local function explain_cart(id, options)
  local row = id:find("^%d+$") and cart.find_by_id(math.tointeger(tonumber(id))) or cart.find(id)
  if not row then return args.fail(NAME, { code = "missing", message = "there is no cart " .. id }) end
  local ctx = channel.context(channel.find(row.channel_id), clock.now(), row.locale)
  if not options.json then
    io.write(cart.explain(ctx, row, options.without, words), "\n")
    return 0
  end
  local found = cart.quote(ctx, row)
  local view = { cart = row.id, list = found.list, total = found.total, ledger = json.array(found.ledger), issues = json.array(found.issues) }
  if options.without then
    local less, contributed = cart.quote_without(ctx, row, options.without)
    view.without = { name = options.without, total = less.total, contributed = contributed }
  end
  return print_json(view)
end

-- What somebody wrote into a stored ledger. What others would have done without is known of carts only.
local function share_of(ledger, name)
  local sum, count = 0, 0
  for _, entry in ipairs(ledger) do
    if entry.plugin == name or entry.handler == name or entry.rule == name then sum, count = sum + entry.delta, count + 1 end
  end
  return sum, count
end

local function explain_order(number, options)
  local found = order.find_by_number(number)
  if not found then return args.fail(NAME, { code = "missing", message = "there is no order " .. number }) end
  local sum, count = share_of(found.ledger, options.without)
  if options.json then
    local view = { number = found.number, list = found.list_amount, total = found.total_amount, ledger = json.array(found.ledger) }
    if options.without then view.without = { name = options.without, contributed = sum, entries = count } end
    return print_json(view)
  end
  io.write(quote.explain({ list = found.list_amount, ledger = found.ledger, total = found.total_amount, issues = {}, skipped = {} }, words), "\n")
  if options.without then io.write(("%s wrote %s, together %d\n"):format(options.without, args.count(count, "line"), sum)) end
  return 0
end

---@param given string[]
---@return integer exit_code
function explain.run(given)
  local options, code = args.parse(given, { name = NAME, usage = explain.usage, flags = { without = "value", json = "flag" }, least = 1, shop = true })
  if not options then return code end
  local kind, id = options[1]:match("^(%a+):(.+)$")
  if kind == "cart" then return explain_cart(id, options) end
  if kind == "order" then return explain_order(id, options) end
  io.stderr:write(NAME, ": write cart:ID or order:NUMBER\n\n", explain.usage)
  return 2
end

return explain
