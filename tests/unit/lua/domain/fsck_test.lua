local shop = require("support.shop")
shop.open()

local command = require("kernel.command")
local fs = require("native.fs")
local fsck = require("domain.fsck")
local native = require("native.db")
local test = require("support.test")
local thread = require("native.thread")
local transfer = require("domain.transfer")

-- The sample shop, and the ids of two of its products.
local function open_sample()
  shop.open()
  local plan = transfer.read(assert(fs.read(thread.share .. "/sql/seeds/sample/products.csv")), {
    digits = 2, open_image = function() return nil, "none" end,
  })
  test.equal(transfer.apply(plan).failed, 0)
  return native.main()
end

local function checks_of(findings)
  local set, names = {}, {}
  for _, finding in ipairs(findings) do set[finding.check] = true end
  for name in pairs(set) do names[#names + 1] = name end
  table.sort(names)
  return table.concat(names, " ")
end

local function first(conn, sql)
  return assert(assert(conn:prepare(sql)):one())
end

-- Each harm is a statement, which check sees it, and whether it can be worked out anew.
local HARMS <const> = {
  { "a price of a list", "UPDATE listings SET price_amount = price_amount + 1 WHERE rowid_is", "listings" },
  { "a list that lost a product", "DELETE FROM listings WHERE rowid_is", "counts listings" },
  { "a card with another title", "UPDATE listing_cards SET title = 'Nothing' WHERE card_is", "listings" },
  { "the lowest price of a card that is not reduced", "UPDATE listing_cards SET lowest_amount = 1 WHERE card_is", "listings" },
  { "a card that is gone", "DELETE FROM listing_cards WHERE card_is", "listings" },
  { "a title in a wrong place", "UPDATE listing_titles SET title_key = 'zzz' WHERE card_is", "listings" },
  { "a count", "UPDATE listing_counts SET total = total + 3 WHERE category_id = 0", "counts" },
  { "a count of a filter", "UPDATE listing_facets SET total = 0", "counts" },
  { "a document that is gone", "DELETE FROM search_documents WHERE id = 1", "search" },
  { "a document of other texts", "UPDATE search_documents SET digest = 'x' WHERE id = 1", "search" },
  { "words that are gone", "DELETE FROM search_index WHERE rowid = 1", "search" },
  { "words of another product", "DELETE FROM search_index WHERE rowid = 1;"
    .. "INSERT INTO search_index (rowid, title, codes, words, body) VALUES (1, 'nothing', '', '', '')", "search" },
  { "words of no product", "INSERT INTO search_index (rowid, title, codes, words, body) VALUES (4711, 'stray', '', '', '')", "search" },
}

test.group("fsck", function()
  test.case("finds nothing in a shop that was only changed by commands", function()
    open_sample()
    for _, finding in ipairs(fsck.run()) do error(finding.check .. " " .. finding.id .. " " .. finding.problem) end
  end)

  test.case("names what is derived and differs, and works it out anew", function()
    for _, harm in ipairs(HARMS) do
      local what, sql, check = table.unpack(harm)
      local conn = open_sample()
      local row = first(conn, "SELECT product_id, category_id FROM listings WHERE category_id <> 0 ORDER BY product_id LIMIT 1")
      sql = sql:gsub("rowid_is", ("product_id = %d AND category_id = %d"):format(row.product_id, row.category_id))
        :gsub("card_is", "locale = 'en' AND product_id = " .. row.product_id)
      assert(conn:exec(sql))
      local findings = fsck.run()
      test.equal(checks_of(findings), check, what)
      assert(fsck.repair(findings))
      for _, finding in ipairs(fsck.run()) do error(what .. " was not mended: " .. finding.problem) end
    end
  end)

  test.case("compares the lowest price before a reduction with the history", function()
    local conn = open_sample()
    local reduced = first(conn, "SELECT product_id, list_amount FROM listing_cards AS c WHERE locale = 'en' AND offers <> '[]' AND EXISTS "
      .. "(SELECT 1 FROM listings AS l WHERE l.product_id = c.product_id AND l.is_on_sale = 1)")
    local variant = first(conn, "SELECT variant_id AS id FROM listing_cards WHERE product_id = " .. reduced.product_id).id
    -- It cost less some days before the sale, and the card does not say so.
    assert(conn:exec(("INSERT INTO price_history (variant_id, channel_id, currency, amount, from_at, until_at, cause) "
      .. "SELECT variant_id, channel_id, currency, 77, from_at - 1000, from_at, 'edit' FROM price_history WHERE variant_id = %d AND until_at IS NULL"):format(variant)))
    local findings = fsck.run()
    test.equal(checks_of(findings), "listings")
    assert(fsck.repair(findings))
    test.equal(#fsck.run(), 0)
    test.equal(first(conn, "SELECT lowest_amount FROM listing_cards WHERE locale = 'en' AND product_id = " .. reduced.product_id).lowest_amount, 77)
  end)

  test.case("finds nothing when a sale of a member of a group began by the clock", function()
    local later = { digits = 2, open_image = function() return nil, "none" end }
    shop.open()
    local plan = transfer.read("ID,Type,SKU,Name,Regular price,Sale price,Date sale price starts,Date sale price ends,Grouped products\n"
      .. "1,simple,a,Cup,20,15,2026-01-03,2026-01-05,\n2,grouped,set,Set,,,,,id:1\n", later)
    test.equal(transfer.apply(plan), { created = 2, updated = 0, failed = 0 })
    for _ = 1, 3 do
      for _, finding in ipairs(fsck.run()) do error(finding.check .. " " .. finding.id .. " " .. finding.problem) end
      shop.wait(2 * 86400000)
      for _, finding in ipairs(fsck.run()) do error("before the clock was followed: " .. finding.id .. " " .. finding.problem) end
      assert(command.run("listings.follow_prices", {}))
    end
  end)

  test.case("sees stock that does not add up, and leaves it alone", function()
    local conn = open_sample()
    assert(conn:exec("UPDATE accounts SET balance = balance + 1 WHERE id = (SELECT min(id) FROM accounts)"))
    assert(conn:exec("UPDATE accounts SET held = held + 1 WHERE id = (SELECT min(id) FROM accounts)"))
    local findings = fsck.run()
    test.equal(#findings, 2)
    test.equal(checks_of(findings), "stock")
    test.equal(fsck.repair(findings), 0)
    test.equal(#fsck.run(), 2)
  end)
end)
