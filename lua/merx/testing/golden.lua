--- Golden carts: what a cart cost when its author last looked, to the cent. A file tests/golden/NAME.json holds a cart, the
--- settings it is quoted with, and the quote; `merx plugin test --update` writes the quote.
local carts = require("merx.testing.carts")
local fs = require("native.fs")
local json = require("native.json")
local shop = require("merx.testing.shop")
local test = require("support.test")

local golden = {}

---@class merx.GoldenCart
---@field about? string one sentence
---@field with? string[] further plugins
---@field settings? table<string, table> by entry; "" is the plugin as a whole
---@field promotions? table[] as in t.promotion()
---@field cart { lines: table[], [string]: any } as in t.cart()
---@field quote? table what it cost

local function pick(list, ...)
  local picked = json.array({})
  for i, entry in ipairs(list) do
    picked[i] = {}
    for _, name in ipairs({ ... }) do picked[i][name] = entry[name] end
  end
  return picked
end

-- What is worth comparing of a quote: what people pay, and who made it so.
local function summary(quote)
  return {
    list = quote.list, subtotal = quote.subtotal, discount = quote.discount, tax = quote.tax, total = quote.total, due = quote.due,
    delivery = quote.delivery and { id = quote.delivery.id, total = quote.delivery.total } or nil,
    lines = pick(quote.lines, "id", "qty", "unit", "unit_pieces", "worth", "discount"), fees = pick(quote.fees, "id", "total"),
    rates = pick(quote.rates, "id", "amount"), methods = pick(quote.methods, "id"), blocks = pick(quote.blocks, "line", "handler"),
    tenders = pick(quote.tenders, "handler", "amount"), ledger = pick(quote.ledger, "phase", "handler", "op", "target", "delta"),
  }
end

local function work_out(root, found)
  local id = root:match("[^/]+$")
  shop.open(root, found.with)
  for entry, values in pairs(found.settings or {}) do shop.set(id, entry ~= "" and entry or nil, values) end
  local rules = {}
  for i, promotion in ipairs(found.promotions or {}) do rules[i] = carts.promotion(id, i, promotion) end
  return summary(carts.quote(carts.draft(found.cart.lines, found.cart), rules))
end

local function check(root, path, update)
  local found, err = json.decode(assert(fs.read(path)))
  if not found then test.fail("it is not JSON: " .. err.message) end
  if type(found.cart) ~= "table" or type(found.cart.lines) ~= "table" then test.fail('it needs a cart: { "cart": { "lines": [ … ] } }') end
  local quote = work_out(root, found)
  if update then
    found.quote = quote
    assert(fs.write(path, json.encode(found, { pretty = true }) .. "\n"))
  elseif not found.quote then
    test.fail("it says no quote yet: run merx plugin test --update, and look whether the amounts are right")
  else
    test.equal(quote, found.quote, "if this is what you want, run merx plugin test --update")
  end
end

--- Declares a case for each golden cart of a plugin.
---@param root string
---@param update boolean
function golden.declare(root, update)
  local folder = root .. "/tests/golden"
  if not fs.exists(folder) then return end
  for _, file in ipairs(assert(fs.list(folder))) do
    local name = file:match("^(.+)%.json$")
    if name then
      test.case("golden cart " .. name, function() check(root, folder .. "/" .. file, update) end)
    end
  end
end

return golden
