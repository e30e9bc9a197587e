--- Recomputes what is derived and compares: accounts, orders, payments, the journal. Reads only.
local audit = require("domain.audit")
local db = require("kernel.db")
local derive = require("domain.order.derive")
local json = require("kernel.json")
local payment = require("domain.payment")

local fsck = {}

local BATCH <const> = 200

---@class merx.Finding
---@field check string
---@field entity string
---@field id integer
---@field problem string

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
    check(function(entity, id, problem)
      findings[#findings + 1] = { check = name, entity = entity, id = id, problem = problem }
    end)
  end
  return findings
end

return fsck
