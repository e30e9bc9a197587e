local kept = require("support.kept") -- first: the kernel takes the functions of the cache when it is loaded

local shop = require("support.shop")
local START <const> = 1798000000000 -- 2026-12-23
shop.open({ now = START })

local cache = require("native.cache")
local command = require("kernel.command")
local db = require("kernel.db")
local fs = require("native.fs")
local plugins = require("kernel.plugins")
local test = require("support.test")
local thread = require("native.thread")
local transfer = require("domain.transfer")
local visitor = require("support.visitor")

plugins.load({ { path = thread.share .. "/plugins", bundled = true } })

local CSV <const> = assert(fs.read(thread.share .. "/sql/seeds/sample/products.csv"))

local function import(csv)
  local plan = transfer.read(csv, { digits = 2, open_image = function(name)
    return { digest = name, path = name, type = "image/svg+xml", bytes = 1, width = 800, height = 1000, source = name }
  end })
  test.equal(transfer.apply(plan).failed, 0)
end

import(CSV)

local PAGES <const> = {
  "/", "/collections", "/collections/all", "/collections/ceramics", "/collections/all?sort_by=price-ascending",
  "/collections/all?filter.availability=1", "/products/harbour-mug", "/products/milk-jug-with-a-good-spout",
  "/products/table-for-two", "/products/harbour-mug?variant=2", "/search?q=mug", "/cart", "/account", "/nowhere",
  "/zh-CN", "/zh-CN/collections/ceramics", "/zh-CN/products/harbour-mug",
}

local function owner_of_a_cart(handle)
  local shopper = visitor.new()
  local page = shopper:get("/products/" .. handle).body
  shopper:post("/cart/add", { id = assert(page:match('name="id" value="(%d+)"')), quantity = "2" })
  return shopper
end

local function dark()
  local shopper = visitor.new()
  shopper.cookies.scheme = "dark"
  return shopper
end

local VISITORS <const> = {
  nobody = visitor.new, dark = dark, owner = function() return owner_of_a_cart("milk-jug-with-a-good-spout") end,
}

-- What a page says without what differs by request.
local function look(shopper, target)
  local reply = shopper:get(target)
  return reply.status .. "\n" .. reply.body
end

local function forget()
  kept.clear()
  cache.doubt() -- and what Lua keeps
end

-- Every page, as it comes from what is kept, and as it is.
local function compare(why)
  for who, make in pairs(VISITORS) do
    local shopper = make()
    for _, target in ipairs(PAGES) do
      local shown = look(shopper, target)
      local again = look(shopper, target)
      forget()
      local fresh = look(shopper, target)
      if shown ~= fresh or again ~= fresh then test.fail(("%s of %s is stale after %s"):format(target, who, why)) end
    end
  end
end

local function warm()
  for _, make in pairs(VISITORS) do
    local shopper = make()
    for _, target in ipairs(PAGES) do look(shopper, target) end
  end
end

local function run(name, args)
  local result, err = command.run(name, args)
  if not result then test.fail(name .. ": " .. err.message) end
end

local function edited(from, to)
  local csv, count = CSV:gsub(from, to)
  assert(count > 0, "the sample catalogue has no " .. from)
  return csv
end

local CHANGES <const> = {
  { "the shop is renamed", function() run("settings.set", { key = "shop.name", value = "Kontor" }) end },
  { "the shop describes itself", function() run("settings.set", { key = "shop.description", value = "Cups & more" }) end },
  { "a product gets another name", function() import(edited("Harbour Mug", "Quay Mug")) end },
  { "a price changes", function() import(edited(",22%.00,", ",23.50,")) end },
  { "a category is renamed", function() import(edited("Ceramics", "Clay")) end },
  { "stock runs out", function()
    local id = db.built("SELECT v.id FROM variants AS v JOIN products AS p ON p.id = v.product_id WHERE p.handle = 'milk-jug-with-a-good-spout'"):one({}).id
    run("stock.set", { variant_id = id, quantity = 0 })
  end },
  { "a page of text is written", function() run("content.put_page", { handle = "shipping", title = "How it travels", body = "<p>By bike.</p>" }) end },
  { "the shop speaks other languages", function() run("channel.set_languages", { id = 1, locales = { "en", "zh-CN", "de" } }) end },
  { "a sale ends by the clock", function() shop.wait(400 * 24 * 3600 * 1000) end },
}

test.group("kept parts", function()
  test.case("are used: a page that was seen is not rendered again", function()
    forget()
    local shopper = visitor.new()
    look(shopper, "/")
    test.equal(kept.hits, 0)
    look(shopper, "/")
    assert(kept.hits >= 6, "header, footer and four sections, not " .. kept.hits)
  end)

  test.case("are the same for whoever has the same cart, and only for them", function()
    local one, none = owner_of_a_cart("milk-jug-with-a-good-spout"), visitor.new()
    look(one, "/collections/all")
    look(none, "/collections/all")
    assert(look(one, "/collections/all"):find('header__count" aria-hidden="true">2<', 1, true), "two pieces")
    assert(not look(none, "/collections/all"):find("header__count", 1, true), "no cart")
  end)

  test.case("do not mix up addresses, languages and colours", function()
    compare("nothing")
  end)

  test.case("a set shows the reduced price of its member, as the member does", function()
    local body = look(visitor.new(), "/collections/all")
    for _, title in ipairs({ "Table for Two", "Milk Jug with a Good Spout" }) do
      local card = body:match(">" .. title .. "</a>(.-)</li>")
      assert(card and card:find("price__was", 1, true), title)
    end
  end)

  for _, entry in ipairs(CHANGES) do
    local why, change = table.unpack(entry)
    test.case("never outlive what they were made of: " .. why, function()
      warm()
      change()
      compare(why)
    end)
  end
end)
