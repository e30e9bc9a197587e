local shop = require("support.shop")
shop.open()

local catalog = require("domain.catalog")
local command = require("kernel.command")
local db = require("kernel.db")
local listings = require("domain.listings")
local test = require("support.test")
local transfer = require("domain.transfer")

local DAY <const> = 86400000

local plan = transfer.read("SKU,Name,Regular price,Sale price,Date sale price starts,Date sale price ends\n"
  .. "A,Cup,20,15,2026-01-03,2026-01-05\nB,Jug,18,,,\n", { digits = 2, open_image = function() return nil, "none" end })
test.equal(transfer.apply(plan), { created = 2, updated = 0, failed = 0 })

local function titles()
  local found = {}
  for _, card in ipairs((listings.page(shop.context(), { category_id = 0, sort = "price", limit = 10 }))) do found[#found + 1] = card.title end
  return table.concat(found, " ")
end

-- What the card of the cup, and its page, say that it cost before it was reduced.
local function lowest()
  local ctx = shop.context()
  for _, card in ipairs((listings.page(ctx, { category_id = 0, sort = "price", limit = 10 }))) do
    if card.title == "Cup" then return card.lowest_amount, catalog.find_product(ctx, card.product_id).variants[1].lowest_amount end
  end
end

local function history()
  local amounts = {}
  local built = db.built("SELECT h.amount, h.until_at FROM price_history AS h JOIN variants AS v ON v.id = h.variant_id WHERE v.sku = 'A' ORDER BY h.id")
  for _, row in ipairs(built:many()) do amounts[#amounts + 1] = row.amount .. (row.until_at and "" or "+") end
  return table.concat(amounts, " ")
end

test.case("a sale that begins and ends by the clock moves lists and history, and is noted once", function()
  assert(command.run("listings.follow_prices", {}))
  test.equal(titles(), "Jug Cup")
  test.equal(history(), "2000+")
  shop.wait(3 * DAY)
  assert(command.run("listings.follow_prices", {}))
  test.equal(titles(), "Cup Jug")
  test.equal(history(), "2000 1500+")
  test.equal({ lowest() }, { 2000, 2000 })
  assert(command.run("listings.follow_prices", {}))
  test.equal(history(), "2000 1500+")
  shop.wait(3 * DAY)
  assert(command.run("listings.follow_prices", {}))
  test.equal(titles(), "Jug Cup")
  test.equal(history(), "2000 1500 2000+")
  test.equal({ lowest() }, {})
end)

test.case("what was always reduced here cost nothing else before", function()
  local always = transfer.read("SKU,Name,Regular price,Sale price\nC,Plate,30,24\n", { digits = 2, open_image = function() return nil, "none" end })
  test.equal(transfer.apply(always), { created = 1, updated = 0, failed = 0 })
  for _, card in ipairs((listings.page(shop.context(), { category_id = 0, sort = "price", limit = 10 }))) do
    if card.title == "Plate" then test.equal(card.lowest_amount, nil) end
  end
end)
