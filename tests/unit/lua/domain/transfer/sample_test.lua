local shop = require("support.shop")
shop.open()

local catalog = require("domain.catalog")
local db = require("kernel.db")
local fs = require("native.fs")
local listings = require("domain.listings")
local search = require("domain.search")
local test = require("support.test")
local thread = require("native.thread")
local transfer = require("domain.transfer")

local SAMPLE <const> = thread.share .. "/sql/seeds/sample/products.csv"

local function read(path, open_image)
  return transfer.read(assert(fs.read(path)), {
    digits = 2, open_image = open_image or function(name)
      return { digest = name, path = name, type = "image/svg+xml", bytes = 1, width = 800, height = 1000, source = name }
    end,
  })
end

local plan = read(SAMPLE)

test.group("the sample catalogue", function()
  test.case("has no mistakes", function()
    for _, note in ipairs(plan.report.errors) do error(transfer.format_note(note)) end
    assert(#plan.products >= 60, #plan.products)
  end)

  test.case("is imported whole, and again without a change", function()
    local counts = transfer.apply(plan)
    test.equal(counts, { created = #plan.products, updated = 0, failed = 0 })
    local before = db.many("listing_products_after", { id = 0, limit = 1000 })
    counts = transfer.apply(read(SAMPLE))
    test.equal(counts, { created = 0, updated = #plan.products, failed = 0 })
    test.equal(db.many("listing_products_after", { id = 0, limit = 1000 }), before)
  end)

  test.case("shows in lists, in both languages", function()
    local ctx = shop.context()
    local cards, has_more, last = listings.page(ctx, { category_id = 0, sort = "price", limit = 24 })
    test.equal(#cards, 24)
    test.equal(has_more, true)
    for i = 2, #cards do assert(cards[i - 1].price_amount <= cards[i].price_amount) end
    local next_cards = listings.page(ctx, { category_id = 0, sort = "price", limit = 24, after = last })
    assert(next_cards[1].price_amount >= cards[24].price_amount)
    local chinese = listings.cards(shop.context("zh-CN"), { cards[1].product_id })
    assert(chinese[1].title:find("[\228-\233]"), chinese[1].title)
  end)

  test.case("walks every list once, whatever it is sorted by", function()
    local ctx = shop.context()
    local total = listings.count(ctx, 0)
    for sort in pairs(listings.sorts) do
      local seen, after, count = {}, nil, 0
      repeat
        local cards, has_more, last = listings.page(ctx, { category_id = 0, sort = sort, limit = 7, after = after })
        for _, card in ipairs(cards) do
          assert(not seen[card.product_id], sort .. " shows a product twice")
          seen[card.product_id], count = true, count + 1
        end
        after = last
      until not has_more
      test.equal(count, total, sort)
    end
  end)

  test.case("counts what filters show", function()
    local ctx = shop.context()
    for _, category in ipairs(catalog.category_tree(ctx).all) do
      for _, facet in ipairs(listings.facets(ctx, category.id).attributes) do
        for _, term in ipairs(facet.terms) do
          local query = { category_id = category.id, sort = "position", limit = 100, terms = { [facet.attribute_id] = { term.id } } }
          test.equal(#listings.page(ctx, query), term.count, category.handle .. " " .. facet.title .. ": " .. term.title)
        end
      end
    end
  end)

  test.case("is found by words, by parts of words, by article number and in Chinese", function()
    local ctx = shop.context()
    local function titles(words, locale)
      local found = {}
      for _, card in ipairs(listings.cards(shop.context(locale), (search.find(shop.context(locale), words, { limit = 5 })))) do
        found[#found + 1] = card.title
      end
      return table.concat(found, ", ")
    end
    assert(titles("harbour mug"):find("^Harbour Mug"), titles("harbour mug"))
    assert(titles("HARBOURS mu"):find("Harbour Mug"), titles("HARBOURS mu"))
    assert(titles("马克", "zh-CN"):find("马克杯"), titles("马克", "zh-CN"))
    local sku = db.one("listing_card_get", { channel_id = 1, price_list_id = 1, locale = "en", product_id = (search.find(ctx, "harbour mug", { limit = 1 }))[1] })
    assert(sku)
    test.equal(titles("no such thing at all"), "")
    test.equal((search.expression('"; DROP', "en")), '("drop" OR "drop"*)')
  end)

  test.case("gives a product page everything", function()
    local found = assert(catalog.find_product_by_handle(shop.context("zh-CN"), "harbour-mug"))
    test.equal(#found.options, 2)
    assert(#found.images >= 4)
    assert(found.variants[1].amount and found.variants[1].sku)
    assert(found.description:find("<p>", 1, true) and found.title ~= "Harbour Mug")
    test.equal(catalog.find_product_by_handle(shop.context(), "nothing"), nil)
  end)
end)
