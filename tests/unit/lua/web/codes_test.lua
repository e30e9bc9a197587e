-- A code on the cart's page: put in, said why it does not work, taken off.
local shop = require("support.shop")
shop.open()

local catalog = require("domain.catalog")
local command = require("kernel.command")
local fs = require("native.fs")
local json = require("native.json")
local test = require("support.test")
local thread = require("native.thread")
local transfer = require("domain.transfer")
local visitor = require("support.visitor")
require("domain.cart")

shop.plugins()
local plan = transfer.read(assert(fs.read(thread.share .. "/sql/seeds/sample/products.csv")), {
  digits = 2, open_image = function() return nil, "none" end,
})
test.equal(transfer.apply(plan).failed, 0)

local TOTE <const> = catalog.find_product_by_handle(shop.context(), "canvas-tote").variants[1].id

local made = 0

-- A promotion of `percent` with a code; `more` is said of the promotion, `limits` of the code.
local function promote(code, percent, more, limits)
  made = made + 1
  local given = {
    handle = "p" .. made, title = code, level = "line", has_codes = true,
    action = { handler = "merx.percent-off/goods", settings = { percent = percent } },
  }
  for name, value in pairs(more or {}) do given[name] = value end
  local coupon = { promotion_id = assert(command.run("promotion.create", given)).id, code = code }
  for name, value in pairs(limits or {}) do coupon[name] = value end
  assert(command.run("coupon.create", coupon))
end

promote("SPRING", 20)
promote("LATER", 20, { starts_at = 4102444800000 })
promote("DEAR", 20, { conditions = { { handler = "merx.percent-off/from", settings = { sum = 99999999 } } } })

local function guest_with_cart()
  local guest = visitor.new()
  guest:post("/cart/add", { id = TOTE, quantity = 2 })
  return guest
end

local function cart_of(guest)
  return json.decode(guest:get("/cart.js").body)
end

test.case("a code takes its share off, is named on the page and can be taken off again", function()
  local guest = guest_with_cart()
  local before = cart_of(guest).total_price
  test.equal(guest:post("/cart/update", { code = " spring " }).headers.Location, "/cart")
  local body = guest:get("/cart").body
  test.contains(body, "<strong>SPRING</strong>")
  test.contains(body, "20 % off −")
  test.equal({ cart_of(guest).total_price, cart_of(guest).discount_codes[1] }, { before * 80 // 100, { code = "SPRING", applicable = true } })
  guest:post("/cart/update", { remove_code = "SPRING" })
  test.equal({ cart_of(guest).total_price, #cart_of(guest).discount_codes }, { before, 0 })
end)

test.case("one that does not work is said why, beside its field, and nothing changes", function()
  local guest = guest_with_cart()
  for code, words in pairs({
    nothing = "There is no code nothing.", LATER = "The code LATER is not valid today.", [("x"):rep(300)] = "There is no code xxx",
    ["<b>"] = "There is no code &lt;b&gt;.",
  }) do
    local reply = guest:post("/cart/update", { code = code, checkout = "1" })
    test.equal(reply.status, 422, code)
    test.contains(reply.body, words)
    test.contains(reply.body, 'href="#code"')
    test.contains(reply.body, 'aria-invalid="true"')
    test.equal(#cart_of(guest).discount_codes, 0)
  end
  local reply, problem = guest:send("/cart/update.js", json.encode({ code = "nothing" }))
  test.equal({ reply.status, problem.status }, { 422, 422 })
  test.contains(problem.detail, "There is no code nothing.")
end)

test.case("one that fits nothing in the cart stays, and says so", function()
  local guest = guest_with_cart()
  test.equal(guest:post("/cart/update", { code = "DEAR" }).status, 303)
  test.contains(guest:get("/cart").body, "DEAR takes nothing off what is in the cart now.")
  test.equal(cart_of(guest).discount_codes, { { code = "DEAR", applicable = false } })
  guest.headers = { ["Accept-Language"] = "zh-CN" }
  test.contains(guest:get("/zh-CN/cart").body, "DEAR 目前不适用于购物车中的商品。")
end)

test.case("a quantity and a code may be sent together", function()
  local guest = guest_with_cart()
  local key = cart_of(guest).items[1].key
  guest:post("/cart/update", { ["updates[" .. key .. "]"] = 3, code = "SPRING" })
  test.equal({ cart_of(guest).items[1].quantity, cart_of(guest).discount_codes[1].applicable }, { 3, true })
end)
