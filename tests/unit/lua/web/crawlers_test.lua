local shop = require("support.shop")
shop.open()

local command = require("kernel.command")
require("domain.content")
local db = require("kernel.db")
local fs = require("native.fs")
local test = require("support.test")
local thread = require("native.thread")
local transfer = require("domain.transfer")
local visitor = require("support.visitor")

shop.plugins()
local plan = transfer.read(assert(fs.read(thread.share .. "/sql/seeds/sample/products.csv")), {
  digits = 2, open_image = function() return nil, "none" end,
})
test.equal(transfer.apply(plan).failed, 0)
assert(command.run("content.put_page", { handle = "about", title = "About us", body = "<p>We are here.</p>" }))

local function get(target)
  return visitor.new():get(target)
end

-- The addresses of a sitemap, below the host.
local function addresses(target)
  local reply = get(target)
  test.equal(reply.status, 200, target)
  test.equal(reply.headers["Content-Type"], "application/xml; charset=utf-8")
  local list = {}
  for address in reply.body:gmatch("<loc>http://shop%.test(.-)</loc>") do list[#list + 1] = address end
  return list, reply.body
end

local function set(list)
  local found = {}
  for _, name in ipairs(list) do
    test.equal(found[name], nil, name .. " is named once")
    found[name] = true
  end
  return found
end

test.group("programs that read the whole shop", function()
  test.case("are told what is nobody else's, and where the sitemap is", function()
    local reply = get("/robots.txt")
    test.equal(reply.status, 200)
    test.equal(reply.headers["Content-Type"], "text/plain; charset=utf-8")
    for _, line in ipairs({ "User-agent: *", "Disallow: /cart", "Disallow: /zh-CN/checkout", "Disallow: /admin",
      "Sitemap: http://shop.test/sitemap.xml" }) do
      assert(("\n" .. reply.body):find("\n" .. line .. "\n", 1, true), line)
    end
    assert(not reply.body:find("Disallow: /\n", 1, true) and not reply.body:find("/products", 1, true))
  end)

  test.case("find every page that shoppers find, in each language, and each answers", function()
    test.equal(addresses("/sitemap.xml"), { "/sitemaps/pages.xml", "/sitemaps/products-1.xml" })
    local pages, body = addresses("/sitemaps/pages.xml")
    local products = addresses("/sitemaps/products-1.xml")
    local found = set(pages)
    assert(found["/"] and found["/zh-CN"] and found["/collections/tea-coffee"] and found["/zh-CN/pages/about"], body)
    assert(set(products)["/products/harbour-mug"] and set(products)["/zh-CN/products/harbour-mug"])
    local listed = db.built("SELECT id FROM products WHERE state = 'active' AND is_listed"):many()
    test.equal(#products, 2 * #listed)
    for _, list in ipairs({ pages, products }) do
      for at = 1, #list, 9 do test.equal(get(list[at]).status, 200, list[at]) end
    end
    assert(body:find('hreflang="zh-CN" href="http://shop.test/zh-CN/pages/about"', 1, true))
    assert(body:find("<lastmod>%d%d%d%d%-%d%d%-%d%d</lastmod>"))
  end)

  test.case("find no list that is not there", function()
    for _, name in ipairs({ "products-0.xml", "products-2.xml", "products-01.xml", "products--1.xml", "products-9999999.xml", "x.xml" }) do
      test.equal(get("/sitemaps/" .. name).status, 404, name)
    end
  end)

  test.case("get the icon by its old name", function()
    local reply = get("/favicon.ico")
    test.equal(reply.status, 302)
    test.equal(get(reply.headers.Location).headers["Content-Type"], "image/svg+xml")
  end)
end)
