--- What the specs of a plugin are written with. A file tests/NAME_test.lua begins with
---
---     local t = require("merx.testing")
---
--- and each t.case() has a shop in memory of its own: real migrations, commands and evaluator, the plugin with all that
--- it asks for, a clock that only moves when it is told to, and a world outside that answers what the spec says.
local carts = require("merx.testing.carts")
local clock = require("native.clock")
local orders = require("merx.testing.orders")
local outside = require("merx.testing.outside")
local shop = require("merx.testing.shop")
local test = require("support.test")

local root, id = shop.find_root()

local t = {
  group = test.group, equal = test.equal, different = test.different, truthy = test.truthy, near = test.near, contains = test.contains,
  fails = test.fails, raises = test.raises, fail = test.fail,
}

t.http = { expect = outside.expect }

local cart, rules, others

--- Loads further plugins for the cases that follow in this file, as "merx.flat-tax".
---@param ... string ids
function t.with(...)
  others = { ... }
end

local function open()
  cart, rules = nil, {}
  outside.reset()
  t.plugin = shop.open(root, others)
  outside.stand_in()
end

local function close()
  local problem = outside.problem()
  if problem then test.fail(problem) end
end

--- Declares a test, which has a fresh shop.
---@param name string the behaviour, as "ten pieces cost less"
---@param body fun()
function t.case(name, body)
  test.case(name, function()
    open()
    body()
    close()
  end)
end

--- A test that runs with values that `any` makes up, in one shop.
---@param name string
---@param body fun(any: test.Generator)
---@param rounds? integer
function t.property(name, body, rounds)
  local opened = false
  test.property(name, function(any)
    if not opened then open() end
    opened = true
    body(any)
  end, rounds)
end

-- --- settings and handlers -----------------------------------------------------------------------

--- Sets settings of an entry, t.set("qty", { percent = 10 }), or of the plugin as a whole, t.set({ endpoint = "…" }).
---@param entry string|table
---@param values? table<string, any>
function t.set(entry, values)
  shop.set(id, type(entry) == "string" and entry or nil, values or entry)
end

local function find_handler(entry)
  local wanted, found = id .. "/" .. entry, nil
  for _, handlers in pairs(require("kernel.points").all()) do
    for _, handler in ipairs(handlers) do
      if handler.id == wanted then
        if found then error(entry .. " is the id of two entries: say t.handler(point, id)", 3) end
        found = handler
      end
    end
  end
  return found or error("plugin.json has no entry " .. entry, 3)
end

-- A handler on drafts sees the fields that its `input` names, and no other.
local function seen_by(handler, input)
  local contract = require("kernel.contracts").of(handler.point)
  if not contract.input or contract.kind ~= "pure" then return input end
  return require("domain.draft.project").copy(handler.input, input)
end

--- Asks a handler as the shop would, with the entry's settings.
---@param entry string its id
---@param input any
---@param context? table what commands and guards get besides
---@return any answer
---@return table? err
function t.ask(entry, input, context)
  local handler = find_handler(entry)
  return handler.call(seen_by(handler, input or {}), handler.settings, context)
end

--- Asks one function of an adapter: t.adapter("card", "authorize", request).
---@param entry string
---@param name string
---@param input any
---@param context? table
---@return any answer
---@return table? err
function t.adapter(entry, name, input, context)
  local handler = find_handler(entry)
  local fn = handler.fns and handler.fns[name] or error(entry .. " has no adapter with " .. name, 2)
  return fn(input, handler.settings, context)
end

-- --- carts -----------------------------------------------------------------------------------------

---@class merx.CartMore
---@field country? string where it goes, when no more is known
---@field destination? table a whole address
---@field currency? string
---@field locale? string
---@field codes? string[]
---@field customer? { id: integer, group?: string }
---@field delivery? string id of the chosen one
---@field payment? string id of the chosen one
---@field tax_included? boolean true without it
---@field attributes? table<string, string>

--- Fills the cart: lines of { price, qty, tags, … } with the fields that handlers see, made up where they are not told.
---@param lines { price: integer, qty?: integer, tags?: string[], categories?: string[], weight?: integer, ships?: boolean }[]
---@param more? merx.CartMore
function t.cart(lines, more)
  cart = carts.draft(lines, more)
end

--- A promotion of the merchant that uses entries of the plugin.
---@param given { action: string, settings?: table, conditions?: { entry: string, settings?: table }[], level?: "line"|"order"|"delivery" }
function t.promotion(given)
  rules[#rules + 1] = carts.promotion(id, #rules + 1, given)
end

--- Works out what the cart costs, as the shop does it. A handler that fails is an error here.
---@return merx.Quote
function t.quote()
  return carts.quote(cart or error("fill the cart first: t.cart({ { price = 1000, qty = 2 } })", 2), rules)
end

--- Makes a product in the catalogue.
---@param given { price: integer, title?: string, sku?: string, stock?: integer, ships?: boolean }
---@return integer id
---@return integer variant_id
function t.product(given)
  return orders.product(given)
end

--- Places an order of products made for the test, by the shop's own commands: with an address, the first way to deliver and
--- to pay. It needs ways to do both: t.with("merx.flat-rate", "merx.flat-tax", "merx.cod"). What listens to its events is told
--- when the clock moves: t.at("+1s").
---@param lines { price: integer, qty?: integer, title?: string, stock?: integer }[]
---@param more? { destination?: table, email?: string, delivery?: string, payment?: string, locale?: string }
---@return table order its id, number and token
---@return merx.Quote quote
function t.order(lines, more)
  return orders.place(lines, more)
end

-- --- time, facts and work ----------------------------------------------------------------------------

local UNITS <const> = { s = 1000, m = 60000, h = 3600000, d = 86400000 }

--- Moves the clock, t.at("+15m"), and does the work that is due by then.
---@param when string "+" and a number of s, m, h or d
function t.at(when)
  local count, unit = when:match("^%+(%d+)([smhd])$")
  if not count then error('write how far the clock moves: t.at("+15m"), with s, m, h or d', 2) end
  local jobs = require("kernel.jobs")
  clock.set_fake(clock.now() + tonumber(count) * UNITS[unit])
  for _ = 1, 1000 do
    if jobs.tick(clock.now()) > 0 then return end
  end
  error("after a thousand rounds there is still work that is due", 2)
end

--- A fact, told to those entries of the plugin that listen: each as it would be told, one after the other.
---@param event string
---@param body? table
---@param key? string
---@return integer told how many listened
function t.fire(event, body, key)
  local told = 0
  for _, subscriber in ipairs(require("kernel.events").subscribers()) do
    if subscriber.plugin == id and subscriber.event == event then
      told = told + 1
      subscriber.handler({ seq = told, event = event, key = key or "test", body = body or {}, at = clock.now() })
    end
  end
  return told
end

--- Runs a job of the plugin now. One that fails raises, as it does in a shop, which then tries again later.
---@param entry string
function t.run_job(entry)
  local job = require("kernel.jobs").list()[id .. "/" .. entry] or error("plugin.json has no job " .. entry, 2)
  job.handler({}, clock.now())
end

--- Runs a command: one of the plugin's own by the id of its entry, any other by its name.
---@param name string
---@param args? table
---@return table? result
---@return table? err
function t.command(name, args)
  if not name:find(".", 1, true) then name = id .. "." .. name end
  return require("kernel.command").run(name, args or {}, { actor = "test" })
end

--- One value from the plugin's tables.
---@param sql string
---@param params? table
---@return any
function t.value(sql, params)
  return assert(require("native.db").main():prepare(sql)):value(params)
end

--- A text of the plugin, as a shopper reads it.
---@param key string
---@param args? table
---@param locale? string
---@return string
function t.text(key, args, locale)
  return require("kernel.i18n").text(locale or "en", id .. "." .. key, args)
end

--- The events that were emitted since the case began: { event, key, body }.
---@return table[]
function t.emitted()
  local rows = assert(require("native.db").main():prepare("SELECT event, key, body FROM outbox ORDER BY seq")):all()
  for _, row in ipairs(rows) do row.body = require("native.json").decode(row.body) end
  return rows
end

return setmetatable(t, { __index = function(_, name)
  if name == "mails" then return outside.mails end
  if name == "requests" then return outside.sent end
  error("merx.testing has no " .. tostring(name), 2)
end })
