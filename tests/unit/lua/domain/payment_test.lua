local test = require("support.test")
local machine = require("domain.payment.machine")
local refunds = require("domain.payment.refunds")

local STATES <const> = { "created", "requires_action", "authorized", "captured", "failed", "voided" }
local RESULTS <const> = { "requires_action", "authorized", "captured", "failed", "voided", "refunded", "disputed" }

test.group("payment.machine", function()
  test.property("no news moves a captured payment", function(any)
    local payment = { state = "captured", captured_amount = 100 }
    test.equal(machine.next_state(payment, any.one_of(RESULTS)), "captured")
  end)

  test.property("news told twice changes nothing the second time", function(any)
    local payment = { state = any.one_of(STATES), captured_amount = 0 }
    local result = any.one_of(RESULTS)
    payment.state = machine.next_state(payment, result)
    test.equal(machine.next_state(payment, result), payment.state)
  end)

  test.case("the state of an order's money follows from its payments", function()
    local function state(due, list, open) return machine.payment_state(due, list, open or false) end
    local function row(name, captured, refunded)
      return { state = name, captured_amount = captured or 0, refunded_amount = refunded or 0 }
    end
    test.equal(state(100, { row("created") }), "unpaid")
    test.equal(state(100, { row("created") }, true), "pending")
    test.equal(state(100, { row("requires_action") }), "pending")
    test.equal(state(100, { row("authorized") }), "authorized")
    test.equal(state(100, { row("captured", 40) }), "partly_paid")
    test.equal(state(100, { row("failed"), row("captured", 100) }), "paid")
    test.equal(state(100, { row("captured", 100, 40) }), "partly_refunded")
    test.equal(state(100, { row("captured", 100, 100) }), "refunded")
    test.equal(state(100, { row("failed") }), "failed")
    test.equal(state(100, { row("voided") }), "voided")
    test.equal(state(0, {}), "paid")
  end)
end)

test.group("refunds", function()
  test.property("any sequence of pieces and sums ends exactly at what was paid, and never passes it", function(any)
    local line = { quantity = any.integer(1, 12), gross = any.integer(0, 100000) }
    line.tax = any.integer(0, line.gross)
    local done = { quantity = 0, amount = 0, tax_amount = 0 }
    local function take(part, pieces)
      test.truthy(part.amount >= 0 and part.tax_amount >= 0)
      done = { quantity = done.quantity + pieces, amount = done.amount + part.amount, tax_amount = done.tax_amount + part.tax_amount }
      test.truthy(done.amount <= line.gross and done.tax_amount <= line.tax)
    end
    while done.quantity < line.quantity do
      local pieces = any.integer(1, line.quantity - done.quantity)
      take(assert(refunds.pieces(line, done, pieces)), pieces)
    end
    test.equal({ done.amount, done.tax_amount }, { line.gross, line.tax })
    test.fails("refund.too_many", refunds.pieces(line, done, 1))
    test.fails("refund.too_much", refunds.amount(line, done, 1))
  end, 300)

  test.property("sums of the merchant's own end there, too", function(any)
    local line = { quantity = 3, gross = any.integer(1, 100000) }
    line.tax = any.integer(0, line.gross)
    local done = { quantity = 0, amount = 0, tax_amount = 0 }
    while done.amount < line.gross do
      local part = assert(refunds.amount(line, done, any.integer(1, line.gross - done.amount)))
      done = { quantity = 0, amount = done.amount + part.amount, tax_amount = done.tax_amount + part.tax_amount }
    end
    test.equal(done.tax_amount, line.tax)
  end)

  test.case("the golden refund: 10 pieces for 179.25 go back as 179.25", function()
    local line, sum = { quantity = 10, gross = 17925, tax = 2988 }, 0
    local done = { quantity = 0, amount = 0, tax_amount = 0 }
    for _ = 1, 10 do
      local part = assert(refunds.pieces(line, done, 1))
      done = { quantity = done.quantity + 1, amount = done.amount + part.amount, tax_amount = done.tax_amount + part.tax_amount }
      sum = sum + part.amount
    end
    test.equal({ sum, done.tax_amount }, { 17925, 2988 })
  end)

  test.case("go to the newest payment first, and never beyond what it kept", function()
    local parts = assert(refunds.spread({ { id = 1, refundable = 500 }, { id = 2, refundable = 300 } }, 600))
    test.equal({ parts[1].payment.id, parts[1].amount, parts[2].amount }, { 2, 300, 300 })
    test.fails("refund.too_much", refunds.spread({ { id = 1, refundable = 500 } }, 501))
  end)
end)
