local clock_guard = require("kernel.clock_guard")
local test = require("support.test")

local MINUTE <const> = 60000
local HOUR <const> = 60 * MINUTE
local YEAR <const> = 365 * 24 * HOUR
local START <const> = 1767225600000

test.group("a clock", function()
  test.case("is believed while it goes on, drifts, or is set back", function()
    local guard = clock_guard.new()
    for minute = 0, 200 do test.equal(guard:check(START + minute * MINUTE + minute * 200, minute * MINUTE), nil) end
    test.equal(guard:check(START, 201 * MINUTE), nil)
    test.equal(guard:check(START - YEAR, 202 * MINUTE), nil)
    test.equal(guard:check(START - YEAR + MINUTE, 203 * MINUTE), nil)
  end)

  test.case("is doubted when it leaps ahead, until it is set right", function()
    local guard = clock_guard.new()
    test.equal(guard:check(START, 0), nil)
    test.equal(guard:check(START + YEAR, 0), YEAR)
    test.equal(guard:check(START + YEAR + MINUTE, MINUTE), YEAR)
    test.equal(guard:check(START + 2 * MINUTE, 2 * MINUTE), nil)
    test.equal(guard:check(START + 3 * MINUTE, 3 * MINUTE), nil)
  end)

  test.case("is believed after a quarter of an hour in which nobody set it right", function()
    local guard = clock_guard.new()
    guard:check(START, 0)
    for minute = 1, 15 do test.equal(guard:check(START + 9 * HOUR + minute * MINUTE, minute * MINUTE), 9 * HOUR, minute) end
    test.equal(guard:check(START + 9 * HOUR + 16 * MINUTE, 16 * MINUTE), nil)
    test.equal(guard:check(START + 9 * HOUR + 17 * MINUTE, 17 * MINUTE), nil)
    test.equal(guard:check(START + 99 * HOUR, 18 * MINUTE), 90 * HOUR - 18 * MINUTE)
  end)
end)
