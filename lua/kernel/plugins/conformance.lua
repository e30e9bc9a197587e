--- What the contracts of the kernel promise: of events, jobs, commands, guards and services.
local conformance = require("kernel.conformance")
local json = require("kernel.json")

local expect = conformance.expect

local NOW <const> = 1767225600000 -- 2026-01-01

local function told(err)
  return type(err) == "table" and tostring(err.message) or tostring(err)
end

-- A handler that raised, ran out of its budget or of memory: that is never the answer to a question.
local function is_fault(err)
  return type(err) == "table" and tostring(err.code):find("^plugin%.") ~= nil
end

local SAMPLE <const> = "; if it needs something to work on, put that into tests/samples/%s.json"

local function expect_no_fault(subject, err, what)
  expect(not is_fault(err), "%s: %s" .. SAMPLE, what, told(err), subject.entry.id)
end

-- ---- events and jobs: at least once ----------------------------------------------------------------------------------

local function event_of(subject)
  return { seq = 1, event = subject.entry.on, key = "sample:1", body = subject.sample or {}, at = NOW }
end

local function job_input()
  return { args = {}, now = NOW }
end

local function deliver(subject, input)
  local answer, err = subject.handler.call(input, subject.handler.settings)
  return answer == nil and err or nil
end

local function twice(make_input)
  return function(subject)
    subject.outside("answers")
    expect_no_fault(subject, deliver(subject, make_input(subject)), "the first time")
    local rows = subject.rows()
    expect_no_fault(subject, deliver(subject, make_input(subject)), "the second time")
    expect(subject.rows() == rows, "the second time it left %d rows more in its tables: use a key that is the same both times",
      subject.rows() - rows)
  end
end

local function survives_silence(make_input)
  return function(subject)
    subject.outside("silent")
    local err = deliver(subject, make_input(subject))
    expect(not is_fault(err) or err.code == "plugin.error", "while nobody outside answers: %s", told(err))
  end
end

for point, make_input in pairs({ event = event_of, job = job_input }) do
  conformance.define(point, {
    { name = "twice is as good as once", run = twice(make_input) },
    { name = "a silent world outside ends in an answer or an error", run = survives_silence(make_input) },
  })
end

-- ---- commands and guards: in the writer ------------------------------------------------------------------------------

local function run_command(subject, args)
  local plugin, entry = subject.id:match("^(.*)/(.*)$")
  return require("kernel.command").run(plugin .. "." .. entry, args)
end

conformance.define("command", {
  { name = "arguments that are not there are refused, or do no harm", run = function(subject)
    local rows = subject.rows()
    local result, err = run_command(subject, {})
    expect(not is_fault(err), "without arguments it raised (%s): return nil, { code = …, message = … } instead", told(err))
    expect(result ~= nil or subject.rows() == rows, "it refused, and left rows behind")
  end },
  { name = "arguments of the wrong type are refused, or do no harm", run = function(subject)
    for name in pairs(subject.sample or {}) do
      local args = {}
      for other, value in pairs(subject.sample) do args[other] = value end
      args[name] = { "neither a text nor a number" }
      local _, err = run_command(subject, args)
      expect(not is_fault(err), "with a list as %s it raised (%s): return nil, { code = …, message = … } instead", name, told(err))
    end
  end },
})

local function guard_answer(subject, handler)
  return handler.call(subject.sample or {}, handler.settings, { now = NOW, actor = "test" })
end

local function same(a, b)
  return json.encode({ a }) == json.encode({ b })
end

local function same_twice(ask)
  return function(subject)
    local first, first_err = ask(subject, subject.fresh())
    local second, second_err = ask(subject, subject.fresh())
    expect_no_fault(subject, first_err, "asked the first time")
    expect_no_fault(subject, second_err, "asked the second time")
    expect(same(first, second), "the same question had two answers")
  end
end

conformance.define("guard", {
  { name = "the same question has the same answer", run = same_twice(guard_answer) },
  { name = "it says nothing, or a message", run = function(subject)
    local answer, err = guard_answer(subject, subject.handler)
    expect_no_fault(subject, err, "asked")
    expect(answer == nil or type(answer) == "table" and answer.message, "a guard answers nil, or { message = … }")
  end },
})

-- ---- services: pure --------------------------------------------------------------------------------------------------

conformance.define("service", {
  { name = "the same question has the same answer", run = same_twice(function(subject, handler)
    return handler.call(subject.sample or {}, handler.settings)
  end) },
  { name = "a question that makes no sense is answered, too", run = function(subject)
    for _, input in ipairs({ {}, { "unexpected" }, { unexpected = { true } } }) do
      local _, err = subject.handler.call(input, subject.handler.settings)
      expect(not is_fault(err), "it raised (%s): return nil, { code = …, message = … } instead", told(err))
    end
  end },
})

return true
