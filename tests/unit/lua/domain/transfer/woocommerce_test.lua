local shop = require("support.shop")
shop.open()

local catalog = require("domain.catalog")
local fs = require("native.fs")
local product_file = require("support.product_file")
local test = require("support.test")
local thread = require("native.thread")
local transfer = require("domain.transfer")

local DATA <const> = os.getenv("MERX_TEST_DATA") or thread.share .. "/../shared/data"
local SAMPLE <const> = DATA .. "/woocommerce/sample_products.csv"

local read, messages = product_file.read, product_file.messages

if fs.exists(SAMPLE) then
  test.group("WooCommerce's own sample file", function()
    test.case("arrives with all 25 rows: 18 products and 7 variations", function()
      local plan = read(assert(fs.read(SAMPLE)))
      test.equal(messages(plan.report.errors), "")
      test.equal(plan.rows, 25)
      test.equal(#plan.products, 18)
      local variations = 0
      for _, entry in ipairs(plan.products) do
        if entry.input.kind == "variable" then variations = variations + #entry.input.variants end
      end
      test.equal(variations, 7)
      test.equal(transfer.apply(plan), { created = 18, updated = 0, failed = 0 })
    end)

    test.case("keeps prices, sale prices, attributes, categories and relations", function()
      local ctx = shop.context()
      local beanie = assert(catalog.find_product_by_handle(ctx, "beanie"))
      test.equal(beanie.variants[1].amount, 1800)
      test.equal(beanie.variants[1].compare_amount, 2000)
      test.equal(beanie.category.title, "Accessories")
      local hoodie = assert(catalog.find_product_by_handle(ctx, "hoodie"))
      test.equal(#hoodie.variants, 4)
      test.equal({ hoodie.options[1].title, hoodie.options[2].title }, { "Color", "Logo" })
      local group = assert(catalog.find_product_by_handle(ctx, "logo-collection"))
      test.equal(#group.relations.member, 3)
      local pennant = assert(catalog.find_product_by_handle(ctx, "wordpress-pennant"))
      test.equal(pennant.kind, "external")
      test.equal(pennant.external_url, "https://mercantile.wordpress.org/product/wordpress-pennant/")
      local album = assert(catalog.find_product_by_handle(ctx, "album"))
      test.equal(album.variants[1].is_downloadable, 1)
      test.equal(album.variants[1].ships, 0)
    end)

    test.case("names every picture that could not be fetched by its row", function()
      local plan = read(assert(fs.read(SAMPLE)))
      local lines = {}
      for _, note in ipairs(plan.report.notes) do
        if note.column == "Images" then lines[note.line] = true end
      end
      local count = 0
      for _ in pairs(lines) do count = count + 1 end
      assert(count >= 20, messages(plan.report.notes))
    end)
  end)
else
  test.case("SKIPPED: WooCommerce's sample file is not at " .. SAMPLE, function() end)
end

test.group("a product file with mistakes", function()
  local function errors(text)
    local plan = read(text)
    return messages(plan.report.errors)
  end

  test.case("says that it is none", function()
    test.equal(errors("a,b\n1,2\n"), 'line 1: this is no product file: there is no column "Name" or "SKU"')
    assert(errors(""):find("line 1"))
  end)

  test.case("names line, column and reason of each", function()
    local found = errors("Type,SKU,Name,Regular price,Sale price,Stock\n"
      .. "simple,A,One,ten,,\n" .. "simple,A,Two,5,6,1.5\n" .. "variation,B,,3,,\n" .. "thing,C,,1,,\n")
    test.equal(found, table.concat({
      'line 2, column "Regular price": write a number like 12.50, not "ten"',
      'line 3, column "SKU": the SKU A stands in line 2, too; make one of them different',
      'line 3, column "Sale price": the sale price is above the regular price',
      'line 3, column "Stock": write a whole number, not "1.5"',
      'line 4, column "Parent": a variation needs the SKU of its product here',
      'line 5, column "Name": a product needs a name',
      'line 5, column "Type": the type "thing" is not known; write simple, variable, variation, grouped or external',
    }, "\n"))
  end)

  test.case("names what is broken by its place, once", function()
    local head = "SKU,Name,Regular price\n"
    test.equal(errors(head .. 'A,"One,1\n'), "line 2: at character 3: a quote is opened here and never closed")
    test.equal(errors(head .. "A,One,1\nB,Two,2,and more\n"),
      "line 3: there are 4 cells and 3 columns; put quotes around a cell that holds a delimiter")
    test.equal(errors(head .. "A,One,1,,\n"), "")
    test.equal(errors(head .. "A,O\0ne,1\n"), 'line 2, column "Name": there are characters in this cell that cannot be shown; type it anew')
    test.equal(errors(head .. "A," .. ("x"):rep(501) .. ",1\n"), 'line 2, column "Name": a name has at most 500 characters')
    test.equal(errors(head), "line 1: there is no product below the names of the columns")
  end)

  test.case("refuses an ID or a SKU that stands there twice, and a SKU that nobody can type", function()
    local head = "ID,SKU,Name,Regular price\n"
    test.equal(errors(head .. "7,A,One,1\n7,B,Two,2\n"), 'line 3, column "ID": the ID 7 stands in line 2, too; make one of them different')
    test.equal(errors(head .. "7,A,One,1\n8, a,Two,2\n"), 'line 3, column "SKU": the SKU a stands in line 2, too; make one of them different')
    test.equal(errors(head .. "7," .. ("x"):rep(201) .. ",One,1\n"), 'line 2, column "SKU": a SKU has at most 200 characters')
  end)

  test.case("says which variations a buyer could not tell apart", function()
    local plan = read("SKU,Name,Type,Parent,Regular price,Attribute 1 name,Attribute 1 value(s)\nv,V,variable,,,Size,\"S, M\"\n"
      .. "v1,V,variation,v,1,Size,S\nv2,V,variation,v,2,Size,M\nv3,V,variation,v,3,Size,S\n")
    test.equal(messages(plan.report.errors), "")
    test.equal(messages(plan.report.notes), "line 5: this variation has the same values as that of line 3; a buyer cannot choose it")
  end)

  test.case("wants a name by which a product is found again", function()
    test.equal(errors("SKU,Name,Regular price\n,One,1\n"),
      'line 2, column "SKU": a product needs an ID or a SKU, so that it is found when this file is imported again')
  end)

  test.case("says which kind of file it wants instead of a workbook", function()
    assert(errors("PK\3\4" .. ("\0\1"):rep(50)):find("save it as \"CSV UTF-8\"", 1, true))
    test.equal(messages(read("Handle,Title\nx,y\n").report.notes), "", "columns of another kind of file are not counted up")
  end)

  test.case("says that a price is missing only where none stands, and how it read what is not UTF-8", function()
    test.equal(messages(read("SKU,Name,Type,Regular price\nA,One,simple,x\n").report.notes), "")
    local western, chinese = read("SKU,Name,Type,Regular price\nA,Caf\xe9,simple,1\n"), read("SKU,Name,Type,Regular price\nA,\xcd\xeb,simple,1\n")
    assert(messages(western.report.notes):find("read as WINDOWS-1252", 1, true))
    test.equal(western.products[1].input.title, "Café")
    assert(messages(chinese.report.notes):find("read as GB18030", 1, true))
    test.equal(chinese.products[1].input.title, "碗")
  end)

  test.case("understands decimal commas, groups of thousands and semicolons", function()
    local plan = read("SKU;Name;Regular price\nA;One;1.299,50\nB;Two;3,5\n")
    test.equal(messages(plan.report.errors), "")
    test.equal(plan.products[1].input.variants[1].regular_amount, 129950)
    test.equal(plan.products[2].input.variants[1].regular_amount, 350)
  end)

  test.case("says which price it rounded", function()
    local plan = read("SKU,Name,Regular price\nA,One,1.005\n")
    test.equal(plan.products[1].input.variants[1].regular_amount, 101)
    assert(messages(plan.report.notes):find("rounded to 1.01 from 1.005", 1, true))
  end)

  test.case("takes out what could run", function()
    local plan = read('SKU,Name,Description\nA,One,"<p onclick=""x()"">Hi<script>alert(1)</script></p>"\n')
    test.equal(plan.products[1].input.description, "<p>Hi</p>")
  end)
end)

test.case("an article number of another product of the shop is found before anything is written", function()
  local head = "ID,Type,SKU,Name,Regular price\n"
  test.equal(transfer.apply(read(head .. "9001,simple,taken,Owner,1\n9002,simple,mine,Mine,1\n")).failed, 0)
  local plan = read(head .. "9003,simple,new,New,1\n9002,simple,Taken,Mine,1\n")
  transfer.check(plan)
  test.equal(messages(plan.report.errors), 'line 3, column "SKU": the SKU Taken belongs to "Owner" in the shop; give one of them another')
  plan = read(head .. "9002,simple,mine,Mine,2\n9001,simple,taken,Owner,2\n")
  transfer.check(plan)
  test.equal(messages(plan.report.errors), "", "the same file again")
end)
