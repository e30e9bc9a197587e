--- Work that waits: queued by a command in its own transaction, or on a schedule; run in the jobs
--- thread, tried again with growing pauses, and kept as a dead letter when it never works.
local clock = require("native.clock")
local clock_guard = require("kernel.clock_guard")
local command = require("kernel.command")
local db = require("kernel.db")
local failure = require("kernel.failure")
local json = require("native.json")
local log = require("kernel.log")
local outbox = require("kernel.outbox")
local points = require("kernel.points")
local schedule = require("kernel.schedule")
local schema = require("kernel.schema")
local task = require("native.task")
local thread = require("native.thread")
local turns = require("kernel.turns")

local jobs = {}

---@class merx.Job
---@field name string room and what it does, as "stock.expire_holds"
---@field handler fun(args: table, now: integer) a raise means: try again later
---@field every? integer ms between two runs, for a job that always comes again
---@field schedule? merx.Schedule instead of `every`
---@field doc string

local TRIES <const> = 12
local BATCH <const> = 32
local LONGEST_REST <const> = 60000

local definitions = {} ---@type table<string, merx.Job>

---@param definition merx.Job
function jobs.define(definition)
  assert(not definitions[definition.name], "the job " .. definition.name .. " is defined twice")
  definitions[definition.name] = definition
end

local beginnings = {} ---@type fun()[]

--- Does something once, when the jobs thread of a server begins. One that fails does not stop the others.
---@param fn fun()
function jobs.at_start(fn)
  beginnings[#beginnings + 1] = fn
end

local list_more

--- Sets who knows further jobs, which come and go: those of plugins.
---@param list fun(): table<string, merx.Job>
function jobs.more_with(list)
  list_more = list
end

---@return table<string, merx.Job>
function jobs.list()
  local all = list_more and list_more() or {}
  for name, definition in pairs(definitions) do all[name] = definition end
  return all
end

-- When a job that always comes again is due after `now`, or nothing.
local function next_run(definition, now)
  if definition.schedule then return schedule.next(definition.schedule, now) end
  return definition.every and now + definition.every
end

command.define({
  name = "jobs.schedule",
  doc = "Makes sure that a repeating job has its row.",
  args = schema.object({ name = schema.text({ required = true }), at = schema.integer({ required = true }) }),
  handler = function(tx, args)
    db.run("job_add", { name = args.name, key = "every:" .. args.name, args = "{}", run_at = args.at, created_at = tx.now })
    return { name = args.name }
  end,
})

local AHEAD <const> = 60000 -- ms; less is the drift that keeping a clock right mends

command.define({
  name = "jobs.follow_clock",
  doc = "Brings work nearer that was put off by a clock that went wrong: nothing waits a year because it was next year for a while.",
  args = schema.object({}),
  handler = function(tx)
    local moved = db.run("jobs_follow_clock", { now = tx.now, ahead = tx.now + AHEAD })
      + db.run("outbox_exceptions_follow_clock", { latest = tx.now + outbox.longest_pause })
    return { moved = moved }
  end,
})

command.define({
  name = "jobs.settle",
  doc = "Notes how a job went: done, due again, or dead.",
  args = schema.object({
    id = schema.id({ required = true }),
    run_at = schema.integer(), -- when it is due again
    attempts = schema.integer({ default = 0 }),
    error = schema.text({ max = 2000, multiline = true }),
  }),
  handler = function(tx, args)
    local row = { id = args.id, run_at = args.run_at, attempts = args.attempts, error = args.error, at = tx.now }
    if args.run_at then
      db.run("job_again", row)
    elseif args.error then
      db.run("job_dead", row)
    else
      db.run("job_delete", { id = args.id })
    end
    return { id = args.id }
  end,
})

command.define({
  name = "jobs.retry",
  doc = "Brings a dead job back.",
  args = schema.object({ id = schema.id({ required = true }) }),
  handler = function(tx, args)
    if db.run("job_revive", { id = args.id, at = tx.now }) == 0 then
      return failure.new("job.missing", "there is no dead job " .. args.id)
    end
    return { id = args.id }
  end,
})

local function run_one(row)
  local definition = jobs.list()[row.name]
  if not definition and row.name:find("/", 1, true) then -- its plugin is not there now; it comes with it again
    assert(command.run("jobs.settle", { id = row.id }))
    return
  end
  local ok, err = false, "there is no job called " .. row.name
  if definition then
    ok, err = xpcall(definition.handler, debug.traceback, json.decode(row.args), clock.now())
  end
  local now = clock.now()
  if ok then
    assert(command.run("jobs.settle", { id = row.id, run_at = next_run(definition, now) }))
    return
  end
  local attempts = row.attempts + 1
  local repeats = definition and (definition.every or definition.schedule)
  local again = (repeats or attempts < TRIES) and now + outbox.backoff(math.min(attempts, TRIES)) or nil
  log.warn("a job failed", { job = row.name, id = row.id, attempts = attempts, error = tostring(err) })
  assert(command.run("jobs.settle", {
    id = row.id, run_at = again, attempts = attempts, error = tostring(err):sub(1, 2000),
  }))
end

local MOST_ASIDE <const> = 16 -- jobs of plugins at a time
local ASIDE_PAUSE <const> = 1000
local aside, aside_count = {}, 0

-- Jobs of plugins wait for hosts: each is a task of its own. Answers whether it was begun.
local function begin_one(row)
  if not row.name:find("/", 1, true) or not task.current() then
    run_one(row)
    return true
  end
  if aside[row.id] or aside_count >= MOST_ASIDE then return false end
  aside[row.id], aside_count = true, aside_count + 1
  turns.begin(function()
    local ok, err = xpcall(run_one, debug.traceback, row)
    aside[row.id], aside_count = nil, aside_count - 1
    if not ok then log.error("a job could not be run", { job = row.name, id = row.id, error = tostring(err) }) end
    task.wake_jobs()
  end)
  return true
end

local HOUR <const> = 3600 * 1000
local RESULTS_KEPT <const> = 30 * 24 * HOUR

command.define({
  name = "command.prune",
  doc = "Forgets the answers of commands older than 30 days.",
  args = schema.object({}),
  handler = function(tx)
    return { deleted = (db.run("command_results_prune", { before = tx.now - RESULTS_KEPT })) }
  end,
})

jobs.define({
  name = "kernel.prune", every = HOUR,
  doc = "Keeps the outbox and the answers of commands from growing.",
  handler = function()
    outbox.prune()
    assert(command.run("command.prune", {}))
  end,
})

local scheduled = false
local listeners = {}

--- Has `fn` called in each round of the jobs thread, for what is too small and too often for a job of its own.
---@param fn fun(now: integer, is_last: boolean): integer ms until it wants to be called again
function jobs.on_tick(fn)
  listeners[#listeners + 1] = fn
end

-- What fails here is logged and must not keep jobs from running.
local function call_listeners(now, is_last)
  local soonest = LONGEST_REST
  for _, fn in ipairs(listeners) do
    local ok, wanted = xpcall(fn, debug.traceback, now, is_last)
    if ok then
      soonest = math.min(soonest, wanted)
    else
      log.error("a listener of the jobs thread failed", { error = wanted })
    end
  end
  return soonest
end

local last_now = 0

-- At the start, and whenever time has run backwards since the last round.
local function follow_clock()
  local now = clock.now()
  if not scheduled or now < last_now - AHEAD then
    local moved = assert(command.run("jobs.follow_clock", {})).moved
    if moved > 0 then log.warn("the clock went back: what it had put off is due as if it had been right", { count = moved }) end
  end
  last_now = now
end

local guard = clock_guard.new()
local has_told = false
local may_doubt = thread.role == "jobs" and thread.options.allow_fake_clock ~= "true"

-- Whether jobs may go by the clock: one that leapt ahead would have them forget carts, orders and answers.
local function is_believed()
  local leap = may_doubt and guard:check(clock.now(), clock.mono() // 1000000)
  if leap and not has_told then
    log.warn("the clock leapt ahead: repeating jobs wait a quarter of an hour for somebody to set it right", { minutes = leap // 60000 })
  end
  has_told = leap ~= nil and leap ~= false
  return not leap
end

local seen_plugins = -1

-- Each job that always comes again has its row; one of a plugin may come while the shop runs.
local function ensure_rows()
  local now = clock.now()
  seen_plugins = points.revision()
  for name, definition in pairs(jobs.list()) do
    local at = definition.schedule and not definition.schedule.every and schedule.next(definition.schedule, now) or now
    if definition.every or definition.schedule then assert(command.run("jobs.schedule", { name = name, at = at })) end
  end
end

local function ensure_schedules()
  ensure_rows()
  scheduled = true
  for _, begin in ipairs(beginnings) do
    local ok, err = xpcall(begin, debug.traceback)
    if not ok then log.error("a task of the start failed", { error = tostring(err) }) end
  end
end

--- One round of the jobs thread: outbox, due jobs, listeners. The last one before the end has no time and keeps only what
--- listeners would lose.
---@param now? integer
---@return integer ms until it wants to be called again
function jobs.tick(now)
  if not now then return call_listeners(clock.now(), true) end
  task.pin(points.generation())
  follow_clock()
  if not scheduled then ensure_schedules() elseif seen_plugins ~= points.revision() then ensure_rows() end
  local more, next_at = outbox.run()
  local listener_rest = call_listeners(clock.now(), false)
  if not is_believed() then return listener_rest end
  local due, begun = db.many("jobs_due", { now = clock.now(), limit = BATCH }), 0
  for _, row in ipairs(due) do begun = begun + (begin_one(row) and 1 or 0) end
  if more or begun == BATCH then return 0 end
  local next_job = db.value("job_next_at")
  if next_job and aside_count > 0 then next_job = math.max(next_job, clock.now() + ASIDE_PAUSE) end -- what runs still stands there as due
  local soonest = math.min(next_at or math.maxinteger, next_job or math.maxinteger)
  return math.max(0, math.min(soonest - clock.now(), listener_rest))
end

return jobs
