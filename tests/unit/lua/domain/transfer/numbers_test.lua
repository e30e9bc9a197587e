local shop = require("support.shop")
shop.open()

local catalog = require("domain.catalog")
local command = require("kernel.command")
local db = require("kernel.db")
local product_file = require("support.product_file")
local test = require("support.test")
local transfer = require("domain.transfer")

local HEAD <const> = "ID,Type,SKU,Name,Parent,Regular price,Attribute 1 name,Attribute 1 value(s)\n"

local read, messages = product_file.read, product_file.messages

-- Judges and writes a file; says what it did.
local function import(rows)
  local plan = read(HEAD .. rows)
  transfer.check(plan)
  test.equal(messages(plan.report.errors), "")
  local counts = transfer.apply(plan)
  test.equal(messages(plan.report.errors), "")
  return counts
end

local function simple(id, sku, name)
  return ("%s,simple,%s,%s,,1.00,,\n"):format(id, sku, name)
end

-- Title by article number, of all variants that are sold.
local function titles()
  local found, last = {}, 0
  for _, row in ipairs(db.many("listing_products_after", { id = last, limit = 100 })) do
    local product = catalog.load_product(shop.context(), row.id)
    for _, variant in ipairs(product.variants) do
      found[variant.sku or "none"] = product.title .. (variant.title ~= "" and " " .. variant.title or "")
    end
  end
  return found
end

-- The command that writes products, stopped after some of them: what a kill between two commits leaves.
local function with_commands(limit, fn)
  local run, count = command.run, 0
  command.run = function(...)
    count = count + 1
    if count > limit then error("killed", 0) end
    return run(...)
  end
  local ok, err = pcall(fn)
  command.run = run
  test.equal({ ok, err }, { false, "killed" })
end

test.group("article numbers that move inside a file", function()
  test.case("two products exchange theirs and stay who they are", function()
    shop.open()
    import(simple(1, "a", "Apple") .. simple(2, "b", "Bread"))
    local before = db.value("product_of_sku", { sku_key = "a" })
    test.equal(import(simple(1, "b", "Apple") .. simple(2, "a", "Bread")), { created = 0, updated = 2, failed = 0 })
    test.equal(titles(), { a = "Bread", b = "Apple" })
    test.equal(db.value("product_of_sku", { sku_key = "b" }), before)
  end)

  test.case("a variant keeps its id, and with it carts and stock, when its number changes", function()
    shop.open()
    import(simple(1, "a", "Apple"))
    local context = shop.context()
    local function variant(sku)
      return catalog.load_product(context, db.value("product_of_sku", { sku_key = sku })).variants[1].id
    end
    local before = variant("a")
    import(simple(1, "z", "Apple"))
    test.equal(variant("z"), before)
  end)

  test.case("three go round, and three move up a place", function()
    shop.open()
    import(simple(1, "a", "Apple") .. simple(2, "b", "Bread") .. simple(3, "c", "Cheese"))
    import(simple(1, "b", "Apple") .. simple(2, "c", "Bread") .. simple(3, "a", "Cheese"))
    test.equal(titles(), { b = "Apple", c = "Bread", a = "Cheese" })
    import(simple(1, "c", "Apple") .. simple(2, "d", "Bread") .. simple(3, "b", "Cheese"))
    test.equal(titles(), { c = "Apple", d = "Bread", b = "Cheese" })
  end)

  test.case("a new product takes the number of one that gave it up, in either order", function()
    shop.open()
    import(simple(1, "a", "Apple") .. simple(2, "b", "Bread"))
    test.equal(import(simple(3, "a", "Cheese") .. simple(1, "a2", "Apple")), { created = 1, updated = 1, failed = 0 })
    test.equal(import(simple(2, "b2", "Bread") .. simple(4, "b", "Dates")), { created = 1, updated = 1, failed = 0 })
    test.equal(titles(), { a = "Cheese", a2 = "Apple", b = "Dates", b2 = "Bread" })
  end)

  test.case("variations of one product exchange theirs, and one moves to another product", function()
    shop.open()
    local function cup(red, blue)
      return ("1,variable,cup,Cup,,,Colour,\"Red, Blue\"\n2,variation,%s,,cup,1.00,Colour,Red\n3,variation,%s,,cup,1.00,Colour,Blue\n"):format(red, blue)
    end
    import(cup("r", "b"))
    import(cup("b", "r"))
    test.equal(titles(), { b = "Cup Red", r = "Cup Blue" })
    import(simple(9, "r", "Last blue cup") .. "1,variable,cup,Cup,,,Colour,Red\n2,variation,b,,cup,1.00,Colour,Red\n")
    test.equal(titles(), { b = "Cup Red", r = "Last blue cup" })
  end)

  test.case("a product that nobody else names by id is found by its number, once", function()
    shop.open()
    import(simple("", "a", "Apple") .. simple("", "b", "Bread"))
    import(simple("", "b", "Brown bread") .. simple("", "a", "Apple"))
    test.equal(titles(), { a = "Apple", b = "Brown bread" })
  end)

  test.case("a number that a product outside the file has is still a mistake", function()
    shop.open()
    import(simple(1, "a", "Apple") .. simple(2, "b", "Bread") .. simple(3, "c", "Cheese"))
    local plan = read(HEAD .. simple(1, "b", "Apple") .. simple(2, "c", "Bread"))
    transfer.check(plan)
    test.equal(messages(plan.report.errors), 'line 3, column "SKU": the SKU c belongs to "Cheese" in the shop; give one of them another')
  end)

  test.case("whatever commit it is killed after, nobody is without a number and the same file finishes it", function()
    local old = simple(1, "a", "Apple") .. simple(2, "b", "Bread") .. simple(3, "c", "Cheese") .. simple(4, "d", "Dates")
    local new = simple(1, "b", "Apple") .. simple(2, "a", "Bread") .. simple(3, "d", "Cheese") .. simple(4, "e", "Dates")
    for commits = 0, 2 do -- the exchange is one, each of the others one
      shop.open()
      import(old)
      with_commands(commits, function() import(new) end)
      local count = 0
      for sku in pairs(titles()) do
        count = count + 1
        assert(sku ~= "none", "a product lost its number after " .. commits .. " commits")
      end
      test.equal(count, 4)
      import(new)
      test.equal(titles(), { b = "Apple", a = "Bread", d = "Cheese", e = "Dates" })
    end
  end)

  test.case("more products than one commit may hold cannot go round, and it says so before writing", function()
    shop.open()
    local old, new = {}, {}
    for i = 1, 101 do
      old[i] = simple(i, "s" .. i, "Thing " .. i)
      new[i] = simple(i, "s" .. i % 101 + 1, "Thing " .. i)
    end
    import(table.concat(old))
    local plan = read(HEAD .. table.concat(new))
    transfer.check(plan)
    test.equal(messages(plan.report.errors), 'line 2, column "SKU": 101 products exchange their SKUs in a circle, at most 100 can at once; '
      .. "give one of them a new SKU, import, and then import this file")
  end)
end)
