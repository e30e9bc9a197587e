--- Commands of staff that move an order's money. What providers tell comes in by order/provider.lua.
local command = require("kernel.command")
local db = require("kernel.db")
local failure = require("kernel.failure")
local inventory = require("domain.inventory")
local payment = require("domain.payment")
local schema = require("kernel.schema")
local settle = require("domain.order.settle")

local id = schema.id({ required = true })
local version = schema.integer({ min = 0 })

-- Why money of an order that changed since it was looked at is not moved.
local function stale_order(args)
  local order = args.version and db.one("order_state_row", { id = args.order_id })
  if not order or order.version == args.version then return nil end
  local _, err = failure.new("order.stale", "the order changed since it was looked at", nil, { version = order.version })
  return err
end

command.define({
  name = "payment.record",
  doc = "Staff received the money of an offline payment: cash, a bank transfer.",
  args = schema.object({
    order_id = id, version = version, amount = schema.integer({ min = 1 }), reference = schema.text({ max = 200 }),
  }),
  handler = function(tx, args)
    local stale = stale_order(args)
    if stale then return nil, stale end
    for _, row in ipairs(payment.list(args.order_id)) do
      if row.flow == "offline" and row.kind == "charge" and row.state ~= "voided" and row.captured_amount < row.amount then
        local amount = args.amount or row.amount - row.captured_amount
        if amount > row.amount - row.captured_amount then
          return failure.new("payment.too_much", "more than is due", { amount = "payment.too_much" })
        end
        local done = row.captured_amount + amount == row.amount
        payment.apply(tx, row, { result = "captured", ref = args.reference or "by-hand:" .. tx.uuid(), amount = amount })
        settle.run(tx, args.order_id, "payment recorded")
        tx.audit({ action = "payment.record", entity = "order", id = args.order_id, after = { amount = amount } })
        return { id = row.id, is_paid = done }
      end
    end
    return failure.new("payment.missing", "no payment of this order waits for money")
  end,
})

command.define({
  name = "payment.capture",
  doc = "Asks the provider for money that it promised.",
  args = schema.object({ payment_id = id, order_id = schema.id(), version = version, amount = schema.integer({ min = 1 }) }),
  handler = function(tx, args)
    local row = payment.find(args.payment_id)
    local is_of_order = row and (not args.order_id or row.order_id == args.order_id)
    if not is_of_order or row.state ~= "authorized" then return failure.new("payment.not_authorized", "nothing is promised there") end
    local stale = stale_order({ order_id = row.order_id, version = args.version })
    if stale then return nil, stale end
    if db.value("order_is_held", { order_id = row.order_id }) then
      return failure.new("order.held", "the order waits: nothing is captured meanwhile")
    end
    if payment.has_open_operations(row.order_id) then return failure.new("payment.busy", "the provider is being asked already") end
    if (args.amount or 0) > row.amount then return failure.new("payment.too_much", "more than was promised") end
    tx.audit({ action = "payment.capture", entity = "order", id = row.order_id, after = { amount = args.amount or row.amount } })
    return { key = payment.ask(tx, row.id, "capture", args.amount or row.amount) }
  end,
})

-- What was paid for a line, tax included, and what of it went back already.
local function refundable_lines(order_id)
  local lines, added = {}, {}
  for _, tax in ipairs(db.many("order_taxes_of", { order_id = order_id })) do
    if tax.is_included == 0 then added[tax.line_id] = (added[tax.line_id] or 0) + tax.amount end
  end
  for _, line in ipairs(db.many("order_lines_of", { order_id = order_id })) do
    lines[line.id] = {
      id = line.id, quantity = line.quantity, gross = line.total_amount + (added[line.id] or 0), tax = line.tax_amount,
      done = { quantity = 0, amount = 0, tax_amount = 0 },
    }
  end
  for _, done in ipairs(db.many("refunded_of_lines", { order_id = order_id })) do lines[done.line_id].done = done end
  return lines
end

-- The parts of each line that was asked for, and their sum.
local function work_out(order_id, wanted)
  local lines, rows, sum, taxes = refundable_lines(order_id), {}, 0, 0
  for _, want in ipairs(wanted) do
    local line = lines[want.line_id]
    if not line then return failure.new("line.missing", "the order has no line " .. want.line_id) end
    local part, err
    if want.amount then
      part, err = payment.refund_amount(line, line.done, want.amount)
    else
      part, err = payment.refund_pieces(line, line.done, want.quantity)
    end
    if not part then return nil, err end
    rows[#rows + 1] = { line_id = line.id, quantity = want.quantity or 0, amount = part.amount, tax_amount = part.tax_amount }
    line.done = {
      quantity = line.done.quantity + (want.quantity or 0), amount = line.done.amount + part.amount,
      tax_amount = line.done.tax_amount + part.tax_amount,
    }
    sum, taxes = sum + part.amount, taxes + part.tax_amount
  end
  return { rows = rows, amount = sum, tax_amount = taxes }
end

-- Several payments may give the sum back: each refund row carries its lines in turn.
local function give_back(tx, spread, work, reason)
  local ids, at, left_row, tax_left = {}, 1, nil, work.tax_amount
  for i, part in ipairs(spread) do
    local tax = i == #spread and tax_left or tax_left * part.amount // math.max(1, work.amount)
    tax_left = tax_left - tax
    local refund_id = payment.refund(tx, part.payment, { amount = part.amount, tax_amount = tax, reason = reason })
    ids[#ids + 1] = refund_id
    local room = part.amount
    while room > 0 and at <= #work.rows do
      local row = left_row or work.rows[at]
      local amount = math.min(room, row.amount)
      local is_whole = amount == row.amount
      local row_tax = is_whole and row.tax_amount or row.tax_amount * amount // row.amount
      db.run("refund_line_insert", {
        refund_id = refund_id, line_id = row.line_id, quantity = is_whole and row.quantity or 0, amount = amount, tax_amount = row_tax,
      })
      left_row = not is_whole and {
        line_id = row.line_id, quantity = row.quantity, amount = row.amount - amount, tax_amount = row.tax_amount - row_tax,
      } or nil
      if is_whole then at = at + 1 end
      room = room - amount
    end
  end
  return ids
end

local order_money = {}

--- What of each line can still be given back: pieces that were bought and sums that were paid, less what went back.
---@param order_id integer
---@return table<integer, { quantity: integer, amount: integer }> by line
function order_money.refundable(order_id)
  local left = {}
  for line_id, line in pairs(refundable_lines(order_id)) do
    left[line_id] = { quantity = line.quantity - line.done.quantity, amount = line.gross - line.done.amount }
  end
  return left
end

--- Works out a refund and moves nothing: how much, and through which payments.
---@param order_id integer
---@param wanted { line_id: integer, quantity: integer }[]
---@return { amount: integer, tax_amount: integer, parts: { payment: table, amount: integer }[] }? quoted
---@return merx.Error? err "refund.too_many", "refund.too_much", "refund.nothing"
function order_money.quote_refund(order_id, wanted)
  local work, err = work_out(order_id, wanted)
  if not work then return nil, err end
  if work.amount == 0 then return failure.new("refund.nothing", "nothing was paid for that") end
  local parts, problem = payment.spread(payment.list_refundable(order_id), work.amount)
  if not parts then return nil, problem end
  return { amount = work.amount, tax_amount = work.tax_amount, parts = parts }
end

command.define({
  name = "payment.refund",
  doc = "Gives money back for pieces of lines or for sums of lines; the newest payment first.",
  args = schema.object({
    order_id = id, version = version, reason = schema.text({ max = 500, default = "" }), is_restocked = schema.boolean({ default = false }),
    lines = schema.list(schema.object({
      line_id = id, quantity = schema.integer({ min = 1 }), amount = schema.integer({ min = 1 }),
    }, { required = true }), { required = true, min = 1, max = 500 }),
  }),
  handler = function(tx, args)
    local stale = stale_order(args)
    if stale then return nil, stale end
    for i, want in ipairs(args.lines) do
      if (want.quantity == nil) == (want.amount == nil) then
        return failure.new("invalid", "a line is refunded by quantity or by amount", { ["lines." .. i] = "refund.either" })
      end
    end
    local work, err = work_out(args.order_id, args.lines)
    if not work then return nil, err end
    if work.amount == 0 then return failure.new("refund.nothing", "nothing was paid for that") end
    local spread, problem = payment.spread(payment.list_refundable(args.order_id), work.amount)
    if not spread then return nil, problem end
    local ids = give_back(tx, spread, work, args.reason)
    if args.is_restocked then
      for _, want in ipairs(args.lines) do
        if want.quantity then inventory.restock(tx, args.order_id, want.line_id, want.quantity) end
      end
    end
    settle.run(tx, args.order_id, "refund")
    tx.audit({ action = "payment.refund", entity = "order", id = args.order_id, after = { amount = work.amount, reason = args.reason } })
    return { ids = ids, amount = work.amount, tax_amount = work.tax_amount }
  end,
})

return order_money
