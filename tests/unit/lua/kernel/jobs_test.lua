local shop = require("support.shop")
shop.open()

local command = require("kernel.command")
local db = require("kernel.db")
local jobs = require("kernel.jobs")
local test = require("support.test")

local HOUR <const> = 3600000
local YEAR <const> = 365 * 24 * HOUR

local ran = 0
jobs.define({ name = "test.repeat", every = HOUR, doc = "Counts.", handler = function() ran = ran + 1 end })

local function run_at()
  return db.built("SELECT run_at FROM jobs WHERE key = 'every:test.repeat'"):one().run_at
end

test.group("jobs", function()
  test.case("come again after a clock that was a year ahead was set right", function()
    local clock = require("native.clock")
    jobs.tick(1)
    test.equal(ran, 1)
    shop.wait(YEAR)
    jobs.tick(1)
    test.equal(ran, 2)
    shop.wait(-YEAR)
    jobs.tick(1)
    test.equal(ran, 2) -- not all at once either
    test.equal(run_at() - clock.now(), HOUR)
    shop.wait(HOUR + 1)
    jobs.tick(1)
    test.equal(ran, 3)
    local before = run_at() -- and keep their times when a clock is only kept right
    shop.wait(-5000)
    jobs.tick(1)
    test.equal(run_at(), before)
    test.equal(assert(command.run("jobs.follow_clock", {})).moved, 0)
    shop.wait(5000)
  end)

  test.case("listeners are called in each round, and a failing one harms nobody", function()
    local calls = {}
    jobs.on_tick(function() error("no") end)
    jobs.on_tick(function(_, is_last)
      calls[#calls + 1] = is_last
      return 1500
    end)
    assert(jobs.tick(1) <= 1500)
    jobs.tick(nil)
    test.equal(calls, { false, true })
  end)
end)
