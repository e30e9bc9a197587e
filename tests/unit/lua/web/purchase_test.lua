local shop = require("support.shop")
shop.open()

local activity = require("domain.activity")
local command = require("kernel.command")
local db = require("kernel.db")
local failure = require("kernel.failure")
local fs = require("native.fs")
local order = require("domain.order")
local test = require("support.test")
local thread = require("native.thread")
local transfer = require("domain.transfer")
local visitor = require("support.visitor")

shop.plugins()
local plan = transfer.read(assert(fs.read(thread.share .. "/sql/seeds/sample/products.csv")), {
  digits = 2, open_image = function() return nil, "none" end,
})
test.equal(transfer.apply(plan).failed, 0)

local function hidden(body, name)
  return body:match('name="' .. name:gsub("%p", "%%%0") .. '" value="([^"]*)"')
end

local ADDRESS <const> = {
  email = "ann@example.com", name = "Ann Bell", line1 = "Kastanienallee 7", postal_code = "10435", city = "Berlin", country = "DE",
}

local function post_address(guest, more)
  local fields = { csrf = hidden(guest:get("/checkout/address").body, "csrf") }
  for name, value in pairs(ADDRESS) do fields[name] = value end
  for name, value in pairs(more or {}) do fields[name] = value end
  return guest:post("/checkout/address", fields)
end

local function ready_to_pay(guest, product)
  local found = require("domain.catalog").find_product_by_handle(shop.context(), product)
  guest:post("/cart/add", { id = found.variants[1].id, quantity = 2 })
  post_address(guest)
  local delivery = guest:get("/checkout/delivery").body
  guest:post("/checkout/delivery", { csrf = hidden(delivery, "csrf"), delivery = delivery:match('name="delivery" id="delivery%-1" value="([^"]+)"') })
  local body = guest:get("/checkout/payment").body
  return {
    csrf = hidden(body, "csrf"), payment = "merx.cod/cash", ["quotes[merx.cod/cash]"] = hidden(body, "quotes[merx.cod/cash]"),
  }, body
end

test.group("a guest buys", function()
  test.case("a variable product by choosing its options, and sees the confirmation", function()
    local guest = visitor.new()
    local product = guest:get("/products/harbour-mug").body
    local id = product:match('name="product" value="(%d+)"')
    local reply = guest:post("/cart/add", { product = id, quantity = "1", ["options[Colour]"] = "Oat", ["options[Size]"] = "350 ml" })
    test.equal(reply.status, 303)
    local cart = guest:follow(reply)
    test.equal(cart.status, 200)
    assert(cart.body:find("Harbour Mug", 1, true) and cart.body:find("Oat", 1, true))
    local first = guest:get("/checkout")
    test.equal(first.status, 200)
    assert(first.body:find('action="/checkout/address"', 1, true), "who begins sees the first page at once")
    test.equal(post_address(guest).headers.Location, "/checkout/delivery")
    local delivery = guest:get("/checkout/delivery").body
    local rate = delivery:match('name="delivery" id="delivery%-1" value="([^"]+)"')
    test.equal(guest:post("/checkout/delivery", { csrf = hidden(delivery, "csrf"), delivery = rate }).headers.Location, "/checkout/payment")
    local payment = guest:get("/checkout/payment").body
    assert(payment:find("Kastanienallee 7", 1, true))
    local placed = guest:post("/checkout/payment", {
      csrf = hidden(payment, "csrf"), payment = "merx.cod/cash", ["quotes[merx.cod/cash]"] = hidden(payment, "quotes[merx.cod/cash]"),
    })
    test.equal(placed.status, 303, placed.body)
    local page = guest:follow(placed)
    test.equal(page.status, 200)
    assert(page.body:find("Thank you", 1, true) and page.body:find("1001", 1, true), page.body)
    test.equal(guest:get("/cart.js").status, 200)
    assert(guest:get("/cart").body:find("empty", 1, true))
  end)

  test.case("once, however often the button is pressed", function()
    local guest = visitor.new()
    local fields = ready_to_pay(guest, "kitchen-knife-18-cm")
    local first = guest:post("/checkout/payment", fields)
    local second = guest:post("/checkout/payment", fields)
    test.equal(first.status, 303, first.body)
    test.equal(second.headers.Location, first.headers.Location)
  end)

  test.case("and is asked again when the total changed", function()
    local guest = visitor.new()
    local fields = ready_to_pay(guest, "kitchen-knife-18-cm")
    local variant = require("domain.catalog").find_product_by_handle(shop.context(), "kitchen-knife-18-cm").variants[1].id
    require("native.db").main():exec("UPDATE prices SET amount = amount + 500 WHERE variant_id = " .. variant)
    local reply = guest:post("/checkout/payment", fields)
    test.equal(reply.status, 409)
    assert(reply.body:find("Something changed", 1, true), reply.body)
    fields["quotes[merx.cod/cash]"] = hidden(reply.body, "quotes[merx.cod/cash]")
    test.equal(guest:post("/checkout/payment", fields).status, 303)
  end)
end)

test.group("the checkout", function()
  test.case("names mistakes beside the fields and keeps what was typed", function()
    local guest = visitor.new()
    local found = require("domain.catalog").find_product_by_handle(shop.context(), "kitchen-knife-18-cm")
    guest:post("/cart/add", { id = found.variants[1].id })
    local reply = post_address(guest, { postal_code = "1043", name = "", email = "ann" })
    test.equal(reply.status, 422)
    assert(reply.body:find("<title>Error: ", 1, true))
    assert(reply.body:find('id="address-name-error"', 1, true) and reply.body:find('id="address-postal_code-error"', 1, true))
    assert(reply.body:find('value="Kastanienallee 7"', 1, true))
    assert(reply.body:find('href="#address-name"', 1, true))
  end)

  test.case("shows an untouched form to everybody, whatever others typed and in whichever language they read", function()
    local product = require("domain.catalog").find_product_by_handle(shop.context(), "harbour-mug")
    local function form_of(guest, prefix)
      guest:post("/cart/add", { id = product.variants[1].id, quantity = 1 })
      return guest:get(prefix .. "/checkout/address").body:match('<form class="checkout__form".-name="csrf" value="[^"]*"(.-)</form>')
    end
    local before = form_of(visitor.new(), "")
    local other = visitor.new()
    form_of(other, "")
    local csrf = hidden(other:get("/checkout/address").body, "csrf")
    local wrong = other:post("/checkout/address", { csrf = csrf, email = "<a>", name = "Ann & Bell", postal_code = "x", country = "DE" }).body
    assert(wrong:find('value="Ann &amp; Bell"', 1, true) and wrong:find('value="&lt;a&gt;"', 1, true) and wrong:find('id="address-postal_code-error"', 1, true))
    local changed = other:post("/checkout/address", { csrf = csrf, refresh = "1", country = "US" }).body
    assert(changed:find('value="US" selected', 1, true) and changed:find('<option value="NY">', 1, true))
    local chinese = form_of(visitor.new(), "/zh-CN")
    test.equal(form_of(visitor.new(), ""), before)
    test.equal(form_of(visitor.new(), "/zh-CN"), chinese)
    assert(chinese ~= before)
  end)

  test.case("says that nothing was ordered only when that is known", function()
    local guest = visitor.new()
    local fields = ready_to_pay(guest, "kitchen-knife-18-cm")
    local run = command.run
    local words = {
      busy = "Nothing was ordered", system = "it is ordered only once", unknown = "we cannot say yet whether it was placed",
      ["db.system"] = "it is ordered only once",
    }
    for code, sentence in pairs(words) do
      command.run = function(name, ...)
        if name == "order.place" then return failure.new(code, "the disk") end
        return run(name, ...)
      end
      local reply = guest:post("/checkout/payment", fields)
      command.run = run
      test.equal(reply.status, 503, code)
      assert(reply.body:find(sentence, 1, true), code .. ": " .. reply.body)
      test.equal(reply.body:find("Nothing was ordered", 1, true) ~= nil, code == "busy", code)
    end
    local placed = guest:post("/checkout/payment", fields)
    test.equal(placed.status, 303)
    test.equal(guest:post("/checkout/payment", fields).headers.Location, placed.headers.Location)
  end)

  test.case("refuses a form that does not come from its own page", function()
    local guest = visitor.new()
    local fields = ready_to_pay(guest, "kitchen-knife-18-cm")
    fields.csrf = "0123456789abcdef0123456789abcdef"
    test.equal(guest:post("/checkout/payment", fields).status, 403)
    guest.headers["sec-fetch-site"] = "cross-site"
    test.equal(guest:post("/cart/add", { id = 1 }).status, 403)
  end)
end)

test.group("the cart", function()
  test.case("refuses quantities that are none, and says so", function()
    local guest = visitor.new()
    local found = require("domain.catalog").find_product_by_handle(shop.context(), "kitchen-knife-18-cm")
    for _, quantity in ipairs({ "-1", "0", "1.5", "1e3", "99999999999", "x", "" }) do
      local reply = guest:post("/cart/add", { id = found.variants[1].id, product = found.id, quantity = quantity })
      test.equal(reply.status, 422, quantity)
    end
    test.equal(guest:post("/cart/add", { id = 999999999 }).status, 422)
    test.equal(guest.cookies.cart, nil)
  end)

  test.case("says of what is gone that it is sold out", function()
    local guest = visitor.new()
    local found = require("domain.catalog").find_product_by_handle(shop.context(), "kitchen-knife-18-cm")
    local variant = found.variants[1].id
    guest:post("/cart/add", { id = variant, quantity = 2 })
    assert(command.run("stock.set", { variant_id = variant, quantity = 0 }))
    local body = guest:get("/cart").body
    assert(body:find("This is sold out. Remove it to go on.", 1, true), body)
    test.equal(body:find("Only 0", 1, true), nil)
    local reply = visitor.new():post("/cart/add", { id = variant, quantity = 1 })
    test.equal(reply.status, 422)
    assert(reply.body:find("sold out", 1, true), reply.body)
    assert(command.run("stock.set", { variant_id = variant, quantity = 50 }))
  end)

  test.case("changes and removes lines", function()
    local guest = visitor.new()
    local found = require("domain.catalog").find_product_by_handle(shop.context(), "kitchen-knife-18-cm")
    local id = found.variants[1].id
    guest:post("/cart/add", { id = id, quantity = 2 })
    test.equal(guest:post("/cart/update", { ["updates[" .. id .. "]"] = "3" }).status, 303)
    assert(guest:get("/cart.js").body:find('"item_count":3', 1, true), guest:get("/cart.js").body)
    test.equal(guest:post("/cart/change", { id = id, quantity = "1" }).status, 303)
    assert(guest:get("/cart.js").body:find('"item_count":1', 1, true))
    guest:post("/cart/update", { remove = id })
    assert(guest:get("/cart").body:find("empty", 1, true))
  end)
end)

test.group("what visitors do is noted", function()
  local native = require("native.activity")
  local VISITOR <const> = "a.0123456789abcdefABCDEF"

  -- Everything that `fn` has noted, as text.
  local function noted(fn)
    local found, record = {}, native.record
    native.record = function(note, who, path, body)
      local name, _, subject = activity.meaning(note)
      found[#found + 1] = ("%s %s%s"):format(name, subject == 0 and "-" or "n", who and " " .. path .. " " .. body or "")
    end
    local ok, err = pcall(fn)
    native.record = record
    assert(ok, err)
    return found
  end

  test.case("by GA4's names, and of nobody who did not agree anything but that it happened", function()
    local guest = visitor.new()
    local found = noted(function()
      guest:get("/")
      guest:get("/collections/all")
      guest:get("/search?q=knife")
      guest:get("/products/kitchen-knife-18-cm")
      guest:get("/products/nothing-of-this-name")
      local fields = ready_to_pay(guest, "kitchen-knife-18-cm")
      guest:get("/cart")
      guest:get("/checkout")
      guest:post("/checkout/payment", fields)
      guest:post("/checkout/payment", fields)
    end)
    test.equal(found, { "page_view -", "view_item_list -", "search -", "view_item n", "add_to_cart n", "view_cart -", "begin_checkout -", "purchase -" })
    test.equal(guest.cookies.visitor, nil)
  end)

  test.case("and of those who agreed, what and when", function()
    local guest = visitor.new()
    guest.cookies.visitor = VISITOR
    local found = noted(function()
      guest:get("/search?q=knife")
      guest:get("/products/kitchen-knife-18-cm")
    end)
    test.equal(#found, 2)
    assert(found[1]:find('^search %- /search {.*"terms":"knife"'), found[1])
    assert(found[2]:find("^view_item n /products/kitchen%-knife%-18%-cm {"), found[2])
  end)

  test.case("which a visitor gives, changes and takes back, and each is kept", function()
    local guest = visitor.new()
    test.equal(guest:post("/consent", { choice = "none", return_to = "/cart" }).headers.Location, "/cart")
    test.equal(guest.cookies.visitor, nil)
    guest:post("/consent", { choice = "analytics" })
    local consent, who = activity.visitor(guest.cookies.visitor)
    test.equal(consent, "analytics")
    guest:post("/consent", { choice = "marketing", return_to = "//evil.example/" })
    test.equal({ activity.visitor(guest.cookies.visitor) }, { "marketing", who })
    guest:post("/consent", { choice = "none" })
    test.equal(guest.cookies.visitor, nil)
    local rows = db.built("SELECT purpose, is_given FROM consents WHERE visitor = '" .. who .. "' ORDER BY id"):many()
    test.equal(rows, {
      { purpose = "analytics", is_given = 1 }, { purpose = "marketing", is_given = 1 }, { purpose = "analytics", is_given = 0 },
    })
  end)
end)

test.case("a guest finds an order by number and address, and by nothing else", function()
  local guest = visitor.new()
  local placed = guest:post("/checkout/payment", (ready_to_pay(guest, "kitchen-knife-18-cm")))
  local token = placed.headers.Location:match("/orders/(.+)$")
  local number = order.find_by_token(token).number
  local other = visitor.new()
  test.equal(other:post("/account", { number = number, email = "eve@example.com" }).status, 422)
  test.equal(other:post("/account", { number = "999", email = "ann@example.com" }).status, 422)
  test.equal(other:post("/account", { number = "#" .. number, email = "Ann@Example.com" }).headers.Location, "/orders/" .. token)
  test.equal(other:get("/orders/1").status, 404)
end)
