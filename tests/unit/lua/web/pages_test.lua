local shop = require("support.shop")
shop.open()

local fs = require("native.fs")
local test = require("support.test")
local thread = require("native.thread")
local transfer = require("domain.transfer")
local visitor = require("support.visitor")

shop.plugins()
local plan = transfer.read(assert(fs.read(thread.share .. "/sql/seeds/sample/products.csv")), {
  digits = 2, open_image = function(name)
    return { digest = name, path = name, type = "image/svg+xml", bytes = 1, width = 800, height = 1000, source = name }
  end,
})
test.equal(transfer.apply(plan).failed, 0)

local function get(target)
  return visitor.new():get(target)
end

test.group("pages", function()
  for _, target in ipairs({ "/", "/collections", "/collections/all", "/collections/ceramics", "/products/harbour-mug", "/search",
    "/search?q=mug", "/zh-CN", "/zh-CN/collections/all", "/zh-CN/products/harbour-mug", "/collections/all?sort_by=price-ascending" }) do
    test.case(target .. " answers with a whole page", function()
      local reply = get(target)
      test.equal(reply.status, 200)
      assert(reply.body:find("^%s*<!doctype html>") and reply.body:find("</html>%s*$"), reply.body:sub(1, 300))
      test.equal(reply.body:match("Liquid error[^<]*"), nil)
      test.equal(select(2, reply.body:gsub("<h1", "")), 1, "one h1")
      test.equal(reply.body:match('[%w_]+%.[%w_]+%.[%w_.]+</'), nil, "no key shows")
    end)
  end

  test.case("a product that is sold elsewhere promises nothing", function()
    local elsewhere = transfer.read("Type,SKU,Name,Regular price,External URL\nexternal,pennant,Pennant,11.05,https://shop.example/pennant\n", {
      digits = 2, open_image = function() return nil, "none" end,
    })
    test.equal(transfer.apply(elsewhere).failed, 0)
    local body = get("/products/pennant").body
    assert(body:find("https://shop.example/pennant", 1, true) and body:find("11.05", 1, true))
    test.equal(body:find("Pay when it arrives", 1, true), nil)
    test.equal(body:find("plus delivery", 1, true), nil)
    assert(get("/products/harbour-mug").body:find("Pay when it arrives", 1, true))
  end)

  test.case("what is downloaded promises no parcel", function()
    local download = transfer.read("Type,SKU,Name,Regular price\n\"simple, downloadable, virtual\",song,A Song,3\n", {
      digits = 2, open_image = function() return nil, "none" end,
    })
    test.equal(transfer.apply(download).failed, 0)
    local body = get("/products/a-song").body
    assert(body:find("Includes tax", 1, true) and body:find("3.00", 1, true))
    for _, promise in ipairs({ "plus delivery", "Pay when it arrives", "send it back" }) do test.equal(body:find(promise, 1, true), nil, promise) end
    local function drawing_before(page, words) return page:match("<svg[^>]*>([^\n]*)</svg>\n<span>" .. words) end
    local downloaded, sent = drawing_before(body, "To download"), drawing_before(get("/products/harbour-mug").body, "Delivered")
    assert(downloaded and sent and downloaded ~= sent, "a download is drawn as a parcel")
  end)

  test.case("an address has one spelling, and other methods are told which there are", function()
    local guest = visitor.new()
    for _, method in ipairs({ "GET", "HEAD" }) do
      test.equal(guest:get("/collections/all/?page=2", method).headers.Location, "/collections/all?page=2", method)
      test.equal(guest:get("//evil.example/", method).headers.Location, "/evil.example", "no address of another host")
    end
    -- The path is what was decoded of the address, and is encoded again.
    test.equal(guest:get("/products/中文/?q=%C3%BC").headers.Location, "/products/%E4%B8%AD%E6%96%87?q=%C3%BC")
    test.equal(guest:get("/a b%#\"/").headers.Location, "/a%20b%25%23%22")
    local sent = guest:post("/preferences", { return_to = "/search?q=größe 1%20" })
    test.equal(sent.headers.Location, "/search?q=gr%C3%B6%C3%9Fe%201%20", "and so is what else is no address yet")
    local changed = guest:post("/cart/add/", { id = 1 })
    test.equal({ changed.status, changed.headers.Location }, { 308, "/cart/add" }, "what is sent is sent again")
    test.equal(guest:get("/cart", "PUT").status, 405)
    test.equal(guest:get("/cart", "PUT").headers.Allow, "GET, HEAD, OPTIONS")
    test.equal(guest:get("/cart/add", "GET").headers.Allow, "OPTIONS, POST")
    test.equal(guest:get("/cart/add", "OPTIONS").status, 204)
    test.equal(guest:get("*", "OPTIONS").status, 204)
  end)

  test.case("a page beyond the last is the first, and no word that nothing was found", function()
    for _, number in ipairs({ "99", "0", "-1", "x", "99999999999999999999" }) do
      local body = get("/search?q=mug&page=" .. number).body
      assert(body:find("/products/harbour-mug", 1, true), number)
      test.equal(body:find("We found nothing", 1, true), nil, number)
    end
  end)

  test.case("what is not there is a page, too", function()
    local reply = get("/products/none")
    test.equal(reply.status, 404)
    assert(reply.body:find("</html>", 1, true))
    test.equal(get("/nowhere").status, 404)
    test.equal(get("/cart/add").status, 405)
    test.equal(get("/collections/").headers.Location, "/collections")
  end)

  test.case("a form that is larger than any of ours is refused", function()
    local guest = visitor.new()
    guest.body = ("x"):rep(70000)
    local reply = guest:post("/cart/add", { id = 1 })
    test.equal(reply.status, 413)
    assert(reply.body:find("</html>", 1, true))
  end)

  test.case("a list has 24 cards and a link to the next page that goes on", function()
    local first = get("/collections/all?sort_by=title-ascending")
    test.equal(select(2, first.body:gsub('product%-card__title', "")), 24)
    local link = first.body:match('rel="next" href="([^"]+)"'):gsub("&amp;", "&")
    local second = get(link)
    test.equal(second.status, 200)
    local title = first.body:match('product%-card__title"><a [^>]+>([^<]+)')
    assert(not second.body:find(title, 1, true), title)
  end)
end)
