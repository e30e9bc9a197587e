local kept = require("support.kept") -- first: the kernel takes the functions of the cache when it is loaded

local shop = require("support.shop")
local START <const> = 1798000000000 -- 2026-12-23
shop.open({ now = START })

local cache = require("native.cache")
local command = require("kernel.command")
local db = require("kernel.db")
local fs = require("native.fs")
local quote = require("domain.quote")
local stores = require("web.stores")
local test = require("support.test")
local theme = require("web.theme")
local thread = require("native.thread")
local transfer = require("domain.transfer")
local visitor = require("support.visitor")

shop.plugins()

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

-- A page of which nothing is kept.
local function look_afresh(shopper, target)
  forget()
  local get = stores.get
  stores.get = function() return nil end
  local ok, shown = pcall(look, shopper, target)
  stores.get = get
  return assert(ok and shown, shown)
end

-- Every page, as it comes from what is kept, and as it is.
local function compare(why)
  for who, make in pairs(VISITORS) do
    local shopper = make()
    for _, target in ipairs(PAGES) do
      local shown = look(shopper, target)
      local again = look(shopper, target)
      local fresh = look_afresh(shopper, target)
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
  { "a product goes another way through the categories", function() import(edited("Ceramics", "Kitchen")) end },
  { "a summary changes", function() import(edited("Harbour", "Quayside")) end },
  { "a night passes", function() shop.wait(24 * 3600 * 1000) end },
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

  test.case("of the cart's own page are the same for whoever has as many pieces in it", function()
    local function shown(shopper)
      return look(shopper, "/cart"):match('<header.-</header>')
    end
    local owner, other = owner_of_a_cart("milk-jug-with-a-good-spout"), owner_of_a_cart("milk-jug-with-a-good-spout")
    local two, none = shown(owner), shown(visitor.new())
    assert(two:find('header__count" aria-hidden="true">2<', 1, true) and not none:find("header__count", 1, true), two)
    test.equal(shown(other), two)
    other:post("/cart/clear", {})
    test.equal(shown(other), none)
    test.equal(shown(owner), two)
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

  test.case("of one address serve another: menus are read once", function()
    forget()
    local shopper = visitor.new()
    look(shopper, "/products/harbour-mug")
    look(shopper, "/products/milk-jug-with-a-good-spout") -- now it is known that the header has gaps
    local read, many = 0, db.many
    db.many = function(name, params)
      if name == "menu_links_of" then read = read + 1 end
      return many(name, params)
    end
    local ok, body = pcall(look, shopper, "/products/table-for-two")
    db.many = many
    assert(ok, body)
    test.equal(read, 0)
    assert(body:find('name="return_to" value="/products/table-for-two"', 1, true), "the gap is filled")
    assert(body:find('href="/zh-CN/products/table-for-two"', 1, true), "so are the links to other languages")
  end)

  test.case("mark the category where the visitor is, and no other", function()
    forget()
    local shopper = visitor.new()
    for _ = 1, 3 do
      for _, here in ipairs({ "ceramics", "lighting" }) do
        local body = look(shopper, "/collections/" .. here)
        for other in body:gmatch('<a class="header__link" href="/collections/([^"]*)" aria%-current="page"') do test.equal(other, here) end
        assert(body:find('href="/collections/' .. here .. '" aria-current="page"', 1, true), here)
      end
      assert(not look(shopper, "/products/harbour-mug"):find('header__link"[^>]*aria%-current'), "a product is no category")
    end
  end)

  test.case("know all of a drop when a template asks for all of it", function()
    local lazy = require("web.view.lazy")
    local made = 0
    local drop = lazy.drop(function()
      made = made + 1
      return { title = "Mug", vendor = false }
    end, { related = function() return { "Jug" } end }, START)
    test.equal(drop.related, { "Jug" })
    test.equal(made, 0)
    test.equal({ drop.title, drop.vendor, drop.nothing == nil }, { "Mug", false, true })
    test.equal(getmetatable(drop).__record(drop).title, "Mug")
    test.equal(made, 1)
  end)

  test.case("leave out what stands apart, whatever it shows", function()
    local env = theme.get("default").env
    env:find("snippet", "return-to")
    env.cache.snippet["return-to"].template = assert(env:compile("<b>{{ cart.item_count }} at {{ request.path }}</b>", "snippets/return-to"))
    forget()
    local owner = owner_of_a_cart("milk-jug-with-a-good-spout")
    for _ = 1, 2 do
      for _, target in ipairs({ "/", "/collections/all", "/products/harbour-mug", "/cart" }) do
        assert(look(owner, target):find("<b>2 at " .. target .. "</b>", 1, true), "the owner at " .. target)
        assert(look(visitor.new(), target):find("<b>0 at " .. target .. "</b>", 1, true), "nobody at " .. target)
      end
    end
    theme.reload()
    forget()
  end)

  test.case("lead a form that came back to where it was answered", function()
    local shopper = visitor.new()
    for _ = 1, 3 do look(shopper, "/products/harbour-mug") end
    local id = db.one("product_by_handle", { handle = "harbour-mug" }).id
    local reply = shopper:post("/cart/add", { product = tostring(id), quantity = "nonsense" })
    test.equal(reply.status, 422)
    assert(reply.body:find('name="return_to" value="/cart/add"', 1, true), "its own address")
    assert(reply.body:find("error-summary", 1, true), "what is wrong")
    local body = look(shopper, "/products/harbour-mug")
    assert(body:find('name="return_to" value="/products/harbour-mug"', 1, true) and not body:find("error-summary__", 1, true), "as before")
  end)

  test.case("print the price that price rules answer now, whatever they answered before", function()
    local answer
    local asked = 0
    local rule = {
      point = "price_rule", plugin = "test.rule", version = "1", id = "test.rule/now", input = { "lines[].id" }, settings = {},
      call = function(input)
        asked = asked + 1
        local ops = {}
        for i, line in ipairs(answer and input.lines or {}) do
          ops[i] = { op = "set_unit", line = line.id, amount = answer, pieces = 1, reason = "sale" }
        end
        return ops
      end,
    }
    local handlers = quote.handlers
    quote.handlers = function(point) return point == "price_rule" and { rule } or handlers(point) end
    local ok, err = pcall(function()
      local shopper = visitor.new()
      for _, amount in ipairs({ 777, 888, 777, false, 888 }) do
        answer = amount
        for _ = 1, 2 do
          for _, target in ipairs({ "/collections/ceramics", "/collections/all?sort_by=price-ascending", "/products/harbour-mug" }) do
            asked = 0
            local body = look(shopper, target)
            assert(asked >= 1, target .. " asks each time")
            for _, other in ipairs({ 777, 888 }) do
              local text = ("price__now\">€%d.%02d<"):format(other // 100, other % 100)
              local main = body:match("<main.-</main>"):gsub('aria%-labelledby="related%-title".*', "")
              test.equal(main:find(text, 1, true) ~= nil, other == amount, target .. " " .. other)
            end
          end
        end
      end
    end)
    quote.handlers = handlers
    forget()
    assert(ok, err)
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
