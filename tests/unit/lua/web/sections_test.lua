-- What a section of a plugin may answer, and what becomes of a page when it answers something else.
local shop = require("support.shop")
shop.open()
local plugin_folder = require("support.plugin_folder")
local test = require("support.test")
local visitor = require("support.visitor")
local market = require("support.market")
require("web")

for _ = 1, 3 do market.product() end

local GOOD <const> = "return { title_key = 'home.newest', url = '/collections/all', products = { sort = 'created_desc', limit = 4 } }"

-- The home page with this for the section that the theme asks for.
local function home_with(body)
  plugin_folder.load({ {
    manifest = plugin_folder.manifest("merx.storefront", {
      contributes = { sections = { { id = "featured-products", handler = "sections:show", settings = {} } } },
    }, { section = 1 }),
    files = { ["src/sections.lua"] = "return { show = function(input) " .. body .. " end }" },
  } })
  return visitor.new():get("/")
end

local SHOWN <const> = "product-card"

test.case("a list becomes cards", function()
  local reply = home_with(GOOD)
  test.equal(reply.status, 200)
  test.truthy(reply.body:find(SHOWN, 1, true), "no cards are shown")
end)

-- Left out, or shown without what makes no sense; the page is there each time.
local FAULTS <const> = {
  ["throws"] = "error('boom')",
  ["throws a table"] = "error({})",
  ["loops"] = "while true do end",
  ["loops behind pcall"] = "while true do pcall(function() while true do end end) end",
  ["eats memory"] = "local s = 'x' while true do s = s .. s end",
  ["answers nothing"] = "",
  ["answers a number"] = "return 5",
  ["answers a text"] = "return 'text'",
  ["answers a function"] = "return { products = function() end }",
  ["answers itself"] = "local t = {} t.t = t return t",
  ["names a sort that is none"] = "return { products = { sort = 'price; DROP TABLE products' } }",
  ["names a sort that is a table"] = "return { products = { sort = {} } }",
  ["answers products that are a text"] = "return { products = '<script>alert(1)</script>' }",
  ["answers products that are no list"] = "return { products = { { title = 'Hacked' } } }",
}
local TOLERATED <const> = {
  ["wants too many"] = "return { products = { sort = 'created_desc', limit = math.maxinteger } }",
  ["wants fewer than none"] = "return { products = { sort = 'created_desc', limit = -1 } }",
  ["wants half a one"] = "return { products = { sort = 'created_desc', limit = 0.5 } }",
  ["wants a limit that is a text"] = "return { products = { sort = 'created_desc', limit = 'all' } }",
  ["wants reduced ones in a strange way"] = "return { products = { sort = 'created_desc', is_on_sale = 'no' } }",
  ["answers an address that is a table"] = "return { url = {}, title_key = {}, products = { sort = 'created_desc' } }",
  ["answers markup in a title"] = "return { title_key = '<script>alert(1)</script>', products = { sort = 'created_desc' } }",
}

test.group("the page stays when a section", function()
  for name, body in pairs(FAULTS) do
    test.case(name, function()
      local reply = home_with(body)
      test.equal(reply.status, 200)
      test.truthy(reply.body:find("</html>", 1, true), "the page is cut short")
      for _, trace in ipairs({ SHOWN, "boom", "Hacked", "<script>alert" }) do
        test.truthy(not reply.body:find(trace, 1, true), "the page shows " .. trace)
      end
    end)
  end
  for name, body in pairs(TOLERATED) do
    test.case(name, function()
      local reply = home_with(body)
      test.equal(reply.status, 200)
      test.truthy(reply.body:find("</html>", 1, true), "the page is cut short")
      test.truthy(not reply.body:find("<script>alert", 1, true), "markup of a plugin is printed as it is")
    end)
  end
end)
