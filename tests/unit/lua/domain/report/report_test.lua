local shop = require("support.shop")
shop.open()

local clock = require("native.clock")
local command = require("kernel.command")
local db = require("kernel.db")
local explain = require("domain.report.explain")
local native = require("native.db")
local report = require("domain.report")
local test = require("support.test")
require("domain.transfer")

local DAY <const> = 24 * 3600 * 1000

local placed = 0

-- An order as a row, as far as reports look at it.
local function order(given)
  placed = placed + 1
  local row = { at = clock.now(), total = 1000, currency = "EUR", state = "confirmed", delivery = "unfulfilled", is_test = 0, email = "ann@example.com" }
  for name, value in pairs(given or {}) do row[name] = value end
  assert(native.main():exec(([[
    INSERT INTO orders (token, number, state, delivery_state, is_test, email, email_key, locale, currency, base_currency, list_amount, subtotal_amount,
           discount_amount, delivery_amount, fee_amount, tax_amount, added_tax_amount, total_amount, due_amount, is_tax_included, policy, ledger,
           quote_hash, placed_at, created_at, updated_at)
    VALUES ('t%d', '%d', '%s', '%s', %d, '%s', '%s', 'en', '%s', 'EUR', 0, 0, 0, 0, 0, 0, 0, %d, 0, 1, '{}', '[]', '', %d, 0, 0)]]):format(
    placed, 1000 + placed, row.state, row.delivery, row.is_test, row.email, row.email:lower(), row.currency, row.total, row.at)))
  return tostring(1000 + placed)
end

local function numbers(rows)
  local list = {}
  for i, row in ipairs(rows) do list[i] = row.number end
  return list
end

local function fresh()
  shop.open()
  placed = 0
end

test.group("sales", function()
  test.case("count what was placed in the span, in one currency, neither cancelled nor a test", function()
    fresh()
    local from = clock.now() // DAY * DAY
    order({ at = from, total = 1000 })
    order({ at = from + DAY - 1, total = 250, state = "placed" })
    order({ at = from + DAY, total = 7 })
    order({ at = from - 1, total = 7 })
    order({ at = from, state = "cancelled" })
    order({ at = from, is_test = 1 })
    order({ at = from, currency = "USD" })
    test.equal(report.sales("EUR", from, from + DAY), { orders = 2, amount = 1250 })
    test.equal(report.has_other_currencies("EUR", from, from + DAY), true)
    test.equal(report.has_other_currencies("EUR", from - DAY, from), false)
  end)

  test.case("by day add up to those of the span, with days on which nothing was sold", function()
    fresh()
    local from = clock.now() // DAY * DAY - 6 * DAY
    for i, day in ipairs({ 0, 0, 2, 6 }) do order({ at = from + day * DAY + i, total = 100 * i }) end
    local days = report.sales_by_day("EUR", from, 7)
    local sum = { orders = 0, amount = 0 }
    for _, day in ipairs(days) do sum = { orders = sum.orders + day.orders, amount = sum.amount + day.amount } end
    test.equal(#days, 7)
    test.equal({ days[1].amount, days[2].amount, days[3].amount, days[7].orders }, { 300, 0, 300, 1 })
    test.equal(sum, report.sales("EUR", from, from + 7 * DAY))
  end)
end)

test.group("lists of orders", function()
  test.case("hold those that wait for a parcel, and nothing else", function()
    fresh()
    local first = order()
    order({ delivery = "shipped" })
    order({ state = "placed" })
    order({ state = "cancelled" })
    order({ state = "completed", delivery = "delivered" })
    local second = order({ delivery = "partly_shipped" })
    test.equal(numbers(report.list_oldest_to_ship(9)), { first, second })
    test.equal(numbers(report.list_orders({ state = "to_ship" }, 9)), { second, first })
    test.equal(report.count_to_ship(9), 2)
    test.equal(report.count_to_ship(1), 1)
  end)

  test.case("go on where the page before ended", function()
    fresh()
    for _ = 1, 5 do order() end
    local page = report.list_orders({}, 2)
    test.equal(numbers(page), { "1005", "1004" })
    test.equal(numbers(report.list_orders({}, 9, page[2].id)), { "1003", "1002", "1001" })
  end)

  test.case("find a number, and addresses that begin as typed", function()
    fresh()
    order({ email = "ann@example.com" })
    order({ email = "anna@example.com" })
    order({ email = "ben@example.com" })
    test.equal(numbers(report.list_orders({ typed = " #1002 " }, 9)), { "1002" })
    test.equal(numbers(report.list_orders({ typed = "ANN" }, 9)), { "1002", "1001" })
    test.equal(numbers(report.list_orders({ typed = "ann@" }, 9)), { "1001" })
    test.equal(numbers(report.list_orders({ typed = "%" }, 9)), {})
    test.equal(numbers(report.list_orders({ typed = "1009" }, 9)), {})
  end)
end)

test.group("stock", function()
  local made = 0

  local function product(given)
    made = made + 1
    local fields = {
      title = "Mug " .. made, kind = "simple", code = "P-" .. made, tracking = "variant", state = "active",
      variants = { { title = "", sku = "SKU-" .. made, regular_amount = 1299, stock = 10, ships = true } },
    }
    for name, value in pairs(given or {}) do fields[name] = value end
    local id = assert(command.run("catalog.put_product", { product = fields })).id
    local variant_id = report.find_product(shop.context(), id).variants[1].id
    return id, variant_id
  end

  test.case("runs out at the merchant's mark, or at three pieces; what may be ordered back never does", function()
    fresh()
    local plenty, marked = select(2, product()), select(2, product())
    local few, back = select(2, product()), select(2, product())
    assert(command.run("stock.set", { variant_id = plenty, quantity = 4 }))
    assert(command.run("stock.set", { variant_id = marked, quantity = 8, low_at = 9 }))
    assert(command.run("stock.set", { variant_id = few, quantity = 3 }))
    assert(command.run("stock.set", { variant_id = back, quantity = 0, can_backorder = true }))
    local owners = {}
    for i, row in ipairs(report.list_low_stock(9)) do owners[i] = row.owner_id end
    test.equal(owners, { few, marked })
    assert(command.run("stock.adjust", { variant_id = plenty, delta = -1 }))
    test.equal(#report.list_low_stock(9), 3, "as soon as it is so")
    assert(command.run("stock.adjust", { variant_id = few, delta = 5 }))
    test.equal(#report.list_low_stock(9), 2)
    native.main():exec("UPDATE products SET state = 'archived'")
    test.equal(#report.list_low_stock(9), 0)
  end)

  test.case("of a product counted as a whole is shared by its variants", function()
    fresh()
    local id = product({ tracking = "product", kind = "variable", options = { { name = "Size", values = { "S", "L" } } }, stock = 7, variants = {
      { title = "S", sku = "S-1", regular_amount = 100, options = { Size = "S" } }, { title = "L", sku = "L-1", regular_amount = 100, options = { Size = "L" } },
    } })
    local found = report.find_product(shop.context(), id)
    test.equal(found.shared_stock.on_hand, 7)
    for _, variant in ipairs(found.variants) do test.equal(variant.stock, found.shared_stock) end
  end)

  test.case("tells why it changed, newest first", function()
    fresh()
    local _, variant_id = product()
    assert(command.run("stock.adjust", { variant_id = variant_id, delta = 5, note = "Delivery 7" }, { actor = "staff:1" }))
    assert(command.run("stock.adjust", { variant_id = variant_id, delta = -2, reason = "damaged" }, { actor = "staff:1" }))
    local moves = report.list_movements(variant_id, 2)
    test.equal({ moves[1].delta, moves[1].reason, moves[2].note, moves[2].actor }, { -2, "damaged", "Delivery 7", "staff:1" })
  end)
end)

test.case("the short lists of the first page are read from indexes of their own", function()
  local conn = shop.open()
  for name, index in pairs({
    report_to_ship_count = "orders_to_ship", report_orders_to_ship = "orders_to_ship", report_orders_oldest_to_ship = "orders_to_ship",
    report_stock_low = "accounts_low",
  }) do
    local plan = {}
    for i, row in ipairs(assert(conn:prepare("EXPLAIN QUERY PLAN " .. db.queries()[name].sql)):all({})) do plan[i] = row.detail end
    plan = table.concat(plan, "; ")
    test.truthy(plan:find("USING INDEX " .. index, 1, true) or plan:find("USING COVERING INDEX " .. index, 1, true), name .. ": " .. plan)
    test.equal(plan:find("TEMP B-TREE", 1, true), nil, name .. " sorts: " .. plan)
  end
end)

test.case("the steps of an explanation add up to the total, also when a line was given away", function()
  local line = { id = 1, key = "l1", kind = "goods", list_unit_amount = 1000, list_pieces = 1, quantity = 3, title = "Mug" }
  local entries = {
    { op = "off_line", phase = "promotions", target = "l1", delta = -300 }, { op = "rate", phase = "delivery", target = "delivery", delta = 490 },
    { op = "tax", phase = "tax", target = "order", delta = 0, amount = 509 },
  }
  local function total(given)
    local sum, included = 0, nil
    for _, step in ipairs(explain.steps(given)) do
      sum, included = sum + step.amount, included or step.included
    end
    return sum, included
  end
  test.equal({ total({ lines = { line }, list_amount = 3000, ledger = entries }) }, { 3190, 509 })
  local gift = { id = 2, key = "l2", kind = "goods", list_unit_amount = 500, list_pieces = 1, quantity = 1, title = "Bag" }
  local steps = explain.steps({ lines = { line, gift }, list_amount = 3000, ledger = entries })
  test.equal({ steps[1].kind, steps[1].amount }, { "list", 3000 })
  test.equal({ total({ lines = { line, gift }, list_amount = 3000, ledger = entries }) }, { 3190, 509 })
end)
