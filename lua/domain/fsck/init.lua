--- Recomputes what is derived and compares: accounts, orders, payments, the journal, lists and cards, the search index.
--- Looking only reads; what belongs to the catalogue can be worked out anew by commands.
local audit = require("domain.audit")
local clock = require("kernel.clock")
local command = require("kernel.command")
local db = require("kernel.db")
local derive = require("domain.order.derive")
local json = require("kernel.json")
local listings = require("domain.listings")
local payment = require("domain.payment")
local search = require("domain.search")
require("domain.fsck.commands")

local fsck = {}

local BATCH <const> = 200

---@class merx.Finding
---@field check string
---@field entity string
---@field id integer
---@field problem string
---@field row? table what a repair needs

local function each(query, fn)
  local after = 0
  repeat
    local rows = db.many(query, { after = after, limit = BATCH })
    for _, row in ipairs(rows) do
      fn(row)
      after = row.id
    end
  until #rows < BATCH
end

local checks = {}

function checks.stock(found)
  each("accounts_wrong_balance", function(row)
    found("account", row.id, ("the balance of %s %d is not what came less what was sold"):format(row.kind, row.owner_id))
  end)
  each("accounts_wrong_held", function(row)
    found("account", row.id, ("%s %d holds %d, its holds say %d"):format(row.kind, row.owner_id, row.held, row.counted))
  end)
end

function checks.payments(found)
  each("payments_wrong_sums", function(row)
    found("payment", row.id, "its sums are not those of its captures, refunds and disputes")
  end)
end

local function check_ledger(row, found)
  local sum = row.list_amount
  for _, entry in ipairs(json.decode(row.ledger)) do sum = sum + entry.delta end
  if sum ~= row.total_amount then found("order", row.id, "list price and ledger do not make the total") end
end

local function check_states(row, found)
  local goods = {}
  for _, line in ipairs(db.many("order_lines_of", { order_id = row.id })) do
    if line.kind == "goods" then goods[#goods + 1] = line end
  end
  local paid = payment.state_of_order(row.total_amount, payment.list(row.id), payment.has_open_operations(row.id))
  local delivered = derive.delivery_state(goods, db.many("fulfilments_of", { order_id = row.id }))
  if paid ~= row.payment_state then
    found("order", row.id, ("payment is %s, its rows say %s"):format(row.payment_state, paid))
  end
  if delivered ~= row.delivery_state then
    found("order", row.id, ("delivery is %s, its rows say %s"):format(row.delivery_state, delivered))
  end
end

function checks.orders(found)
  each("orders_wrong_lines", function(row) found("order", row.id, "its lines and taxes do not make the total") end)
  each("orders_after", function(row)
    check_ledger(row, found)
    check_states(row, found)
  end)
end

-- Products whose price has just begun or ended by the clock: their rows follow within half a minute.
local function due_products(now)
  local last = db.one("schedule_find", { name = "listings.follow_prices" })
  local due = {}
  for _, row in ipairs(db.many("listing_price_windows", { after = last and last.last_at or 0, ["until"] = now })) do
    due[row.product_id] = true
    for _, group_id in ipairs(listings.groups_of(row.product_id)) do due[group_id] = true end
  end
  return due
end

local function each_product(fn)
  local after = 0
  repeat
    local rows = db.many("listing_products_after", { id = after, limit = BATCH })
    for _, row in ipairs(rows) do
      fn(row.id)
      after = row.id
    end
  until #rows < BATCH
end

function checks.listings(found)
  local now = clock.now()
  local due = due_products(now)
  each_product(function(id)
    if due[id] then return end
    for _, sentence in ipairs(listings.differences(id, now)) do found("product", id, sentence) end
  end)
end

function checks.search(found)
  each_product(function(id)
    for _, sentence in ipairs(search.differences(id)) do found("product", id, sentence) end
  end)
  local after = 0
  repeat
    local rows = search.strays(after, BATCH)
    for _, row in ipairs(rows) do
      found("search_index", row.id, "it belongs to no document", row)
      after = row.id
    end
  until #rows < BATCH
end

function checks.counts(found)
  for _, row in ipairs(db.many("listing_counts_wrong", { limit = BATCH })) do
    found("list", row.category_id, ("says %d products, has %d"):format(row.total, row.counted), row)
  end
  for _, row in ipairs(db.many("listing_facets_wrong", { limit = BATCH })) do
    found("list", row.category_id, ("says %d products of term %d, has %d"):format(row.total, row.term_id, row.counted), row)
  end
end

function checks.journal(found)
  local report = audit.verify()
  if report.broken then found("audit", report.broken, report.problem) end
end

--- The names of all checks.
---@return string[]
function fsck.names()
  local names = {}
  for name in pairs(checks) do names[#names + 1] = name end
  table.sort(names)
  return names
end

--- Runs the checks that are named, or all.
---@param names? string[]
---@return merx.Finding[]
function fsck.run(names)
  local findings = {}
  for _, name in ipairs(names or fsck.names()) do
    local check = checks[name] or error("there is no check called " .. tostring(name), 2)
    check(function(entity, id, problem, row)
      findings[#findings + 1] = { check = name, entity = entity, id = id, problem = problem, row = row }
    end)
  end
  return findings
end

local REBUILT_AT_ONCE <const> = 10 -- products in one command: the writer is everybody's
local ROUNDS <const> = 50 -- of counts, a batch each

local function run_in_parts(name, field, list)
  for first = 1, #list, REBUILT_AT_ONCE do
    local part = table.move(list, first, math.min(first + REBUILT_AT_ONCE - 1, #list), 1, {})
    local ok, err = command.run(name, { [field] = part })
    if not ok then return nil, err end
  end
  return true
end

-- What is wrong with products and with the index, as two lists of ids.
local function wrong_rows(findings)
  local products, strays, seen = {}, {}, {}
  for _, finding in ipairs(findings) do
    if finding.entity == "product" and not seen[finding.id] then
      seen[finding.id] = true
      products[#products + 1] = finding.id
    elseif finding.entity == "search_index" then
      strays[#strays + 1] = finding.id
    end
  end
  return products, strays
end

-- Counts are made of rows, so they come last.
local function recount()
  for _ = 1, ROUNDS do
    local rows = {}
    for _, finding in ipairs(fsck.run({ "counts" })) do rows[#rows + 1] = finding.row end
    if #rows == 0 then return true end
    local ok, err = run_in_parts("fsck.recount", "rows", rows)
    if not ok then return nil, err end
  end
  return true
end

--- Works out anew what can be: lists, cards, titles, counts, the search index. Money, stock and orders are never
--- changed by a machine that found them wrong.
---@param findings merx.Finding[] of fsck.run()
---@return integer? products that were worked out anew
---@return merx.Error? err
function fsck.repair(findings)
  local products, strays = wrong_rows(findings)
  local ok, err = run_in_parts("fsck.rebuild", "products", products)
  if ok then ok, err = run_in_parts("fsck.sweep", "documents", strays) end
  if ok then ok, err = recount() end
  if not ok then return nil, err end
  return #products
end

return fsck
