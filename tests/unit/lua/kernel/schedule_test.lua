local schedule = require("kernel.schedule")
local test = require("support.test")

local MINUTE <const>, DAY <const> = 60000, 86400000
local THURSDAY <const> = 1767225600000 -- 2026-01-01 00:00

local NEXT <const> = {
  { "every 15m", THURSDAY, THURSDAY + 15 * MINUTE },
  { "at 03:30", THURSDAY, THURSDAY + 210 * MINUTE },
  { "at 03:30", THURSDAY + 210 * MINUTE, THURSDAY + DAY + 210 * MINUTE },
  { "at mon 00:00", THURSDAY, THURSDAY + 4 * DAY },
  { "at thu 00:00", THURSDAY, THURSDAY + 7 * DAY },
  { "at 1 00:00", THURSDAY, THURSDAY + 31 * DAY },
  { "at 28 23:59", THURSDAY, THURSDAY + 27 * DAY + 1439 * MINUTE },
}

for _, case in ipairs(NEXT) do
  test.case(case[1] .. " after " .. (case[2] - THURSDAY) // MINUTE .. " minutes", function()
    test.equal(schedule.next(assert(schedule.parse(case[1])), case[2]), case[3])
  end)
end

for _, text in ipairs({ "", "every 1s", "every m", "every 15 m", "at 24:00", "at 3:30", "at 31 00:00", "at someday 00:00", "* * * * *" }) do
  test.case("no schedule: " .. text, function()
    local found, problem = schedule.parse(text)
    test.equal(found, nil)
    test.truthy(problem)
  end)
end
