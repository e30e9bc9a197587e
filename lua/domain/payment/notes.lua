--- How captures, refunds and disputes are counted: rows by the provider's id, each once, or a running total that never falls;
--- never both for one payment. What comes first decides.
local db = require("kernel.db")
local log = require("kernel.log")

local notes = {}

-- Whether a provider that told in one way before may tell in this one.
local function agrees(row, field, way, what)
  row[field] = row[field] or way
  if row[field] == way then return true end
  log.warn("a provider tells of " .. what .. " in two ways; the second is not counted", { payment = row.id })
  return false
end

--- Whether a capture would make more than was asked for.
---@param row table payment
---@param told merx.News
---@return boolean
function notes.is_too_much(row, told)
  if not told.ref then return (told.amount or row.amount) > row.amount end
  if db.value("capture_find", { payment_id = row.id, provider_ref = told.ref }) then return false end
  return db.value("captures_sum", { payment_id = row.id }) + (told.amount or row.amount) > row.amount and row.reports ~= "total"
end

---@param tx merx.Tx
---@param row table payment
---@param told merx.News
function notes.capture(tx, row, told)
  if not agrees(row, "reports", told.ref and "rows" or "total", "captures") then return end
  local amount = told.amount or row.amount
  if told.ref then
    db.run("capture_insert", { payment_id = row.id, provider_ref = told.ref, amount = amount, at = tx.now })
  else
    db.run("capture_raise", { payment_id = row.id, amount = amount, at = tx.now })
  end
end

-- A running total: refunds that were asked for are done as far as it reaches; the rest was given back without us.
local function raise_refunds(tx, row, total)
  local left = total - db.value("refunds_sum", { payment_id = row.id })
  for _, asked in ipairs(db.many("refunds_pending", { payment_id = row.id })) do
    if asked.amount <= left then
      db.run("refund_done", { id = asked.id, provider_ref = asked.operation_key, at = tx.now })
      left = left - asked.amount
    end
  end
  if left > 0 then db.run("refund_raise", { order_id = row.order_id, payment_id = row.id, amount = left, actor = tx.actor, at = tx.now }) end
end

-- A refund that we asked for is told; one that the merchant made at the provider is new to us.
local function note_row(tx, row, told)
  local params = { order_id = row.order_id, payment_id = row.id, provider_ref = told.ref, amount = told.amount, at = tx.now }
  if db.run("refund_told", params) > 0 or db.run("refund_named", params) > 0 then return end
  params.tax_amount, params.state, params.reason, params.actor = 0, "done", "provider", tx.actor
  db.run("refund_insert", params)
end

---@param tx merx.Tx
---@param row table payment
---@param told merx.News
---@param key? string of the operation that it answers
function notes.refund(tx, row, told, key)
  if told.ref and db.value("refund_known", { payment_id = row.id, provider_ref = told.ref }) then return end
  local asked = key and db.one("refund_of_operation", { operation_key = key })
  if asked and asked.state == "pending" then
    db.run("refund_done", { id = asked.id, provider_ref = told.ref or key, at = tx.now })
  elseif told.ref then
    if agrees(row, "refund_reports", "rows", "refunds") then note_row(tx, row, told) end
  elseif not key and agrees(row, "refund_reports", "total", "refunds") then
    raise_refunds(tx, row, told.amount)
  end
end

--- Money that moves without us. Its end is told once; what comes late does not open it again.
---@param tx merx.Tx
---@param row table payment
---@param told merx.News
function notes.dispute(tx, row, told)
  db.run("dispute_put", {
    payment_id = row.id, provider_ref = told.ref or "dispute", state = told.state or "opened", amount = told.amount or row.amount,
    fee_amount = told.fee or 0, deadline_at = told.deadline_at, at = tx.now,
  })
end

return notes
