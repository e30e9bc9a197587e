-- What an author is told of an operation that was refused.
local shop = require("support.shop")
shop.open()
require("domain.draft.contracts")
local op_fault = require("kernel.plugins.op_fault")
local test = require("support.test")

local CASES <const> = {
  { "a float for money", "price_rule", { op = "set_unit", line = "1", amount = 855.0 },
    "operation 1 (set_unit): amount must be an integer, it is the float 855.0; `money` rounds as the engine does" },
  { "a fraction for money", "price_rule", { op = "set_unit", line = "1", amount = 9.5 }, "amount must be an integer, it is the float 9.5;" },
  { "no number at all", "fee_rule", { op = "fee", id = "f", amount = 0 / 0 }, "amount must be an integer, it is the float" },
  { "a text for money", "fee_rule", { op = "fee", id = "f", amount = "100" }, 'amount must be an integer, it is "100"' },
  { "less than nothing", "promotion_action", { op = "off_order", amount = -100 }, "amount must be 0 to 10^15, it is -100" },
  { "more than there is", "delivery_method", { op = "rate", id = "std", amount = 1 << 60 }, "amount must be 0 to 10^15" },
  { "nothing at all", "price_rule", { op = "set_unit", line = "1" }, "amount is missing" },
  { "two of what excludes each other", "promotion_action", { op = "off_order", amount = 1, ppm = 1 }, "it needs exactly one of amount, ppm" },
  { "a reason that is a number", "price_rule", { op = "set_unit", line = "1", amount = 1, reason = 5 }, "reason must be a key, or { key, name = value }, it is 5" },
}

for _, case in ipairs(CASES) do
  test.case(case[1] .. " is told by its field", function() test.contains(op_fault.of(case[2], { case[3] }), case[4]) end)
end

test.case("what is right, or is no list of operations, is not blamed", function()
  test.equal(op_fault.of("price_rule", { { op = "set_unit", line = "1", amount = 855, reason = { "less" } } }), nil)
  for _, answer in ipairs({ 5, "x", {}, { 5 }, { { op = "set_total" } } }) do test.equal(op_fault.of("price_rule", answer), nil) end
  test.equal(op_fault.of("route", { {} }), nil)
end)

test.case("the second of two is named", function()
  local answer = { { op = "set_unit", line = "1", amount = 855 }, { op = "set_unit", line = "2", amount = 1.5 } }
  test.contains(op_fault.of("price_rule", answer), "operation 2 (set_unit): amount")
end)
