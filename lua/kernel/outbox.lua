--- Delivers the facts of the outbox to their subscribers: at least once, in order for each key. What
--- fails waits in a table of exceptions, and holds back later events of its key only. Subscribers of
--- plugins have a task each: one that waits for a slow host holds up nobody else.
local clock = require("native.clock")
local command = require("kernel.command")
local db = require("kernel.db")
local events = require("kernel.events")
local failure = require("kernel.failure")
local json = require("native.json")
local log = require("kernel.log")
local random = require("native.random")
local schema = require("kernel.schema")
local task = require("native.task")

local outbox = {}

local BATCH <const> = 256
local LONGEST_LAG <const> = 30 * 24 * 3600 * 1000 -- nobody may be further behind
local TRIES <const> = 12
local FIRST_WAIT <const> = 1000
local LONGEST_WAIT <const> = 6 * 3600 * 1000

outbox.longest_pause = LONGEST_WAIT + LONGEST_WAIT // 4

--- How long to wait before try number `attempts + 1`: doubled each time, with up to a quarter of jitter.
---@param attempts integer
---@return integer ms
function outbox.backoff(attempts)
  local wait = math.min(FIRST_WAIT << math.min(attempts - 1, 30), LONGEST_WAIT)
  local jitter = string.unpack("<I4", random.bytes(4)) % (wait // 4 + 1)
  return wait + jitter
end

local failure_shape = schema.object({
  seq = schema.integer({ required = true }),
  key = schema.text({ required = true, max = 200 }),
  attempts = schema.integer({ required = true }),
  retry_at = schema.integer(), -- absent: dead
  error = schema.text({ max = 2000, multiline = true }),
})

command.define({
  name = "outbox.ack",
  doc = "Moves a subscriber's cursor on and notes what failed.",
  args = schema.object({
    subscriber = schema.text({ required = true, max = 200 }),
    seq = schema.integer({ required = true }),
    failed = schema.list(failure_shape, { default = {} }),
  }),
  handler = function(tx, args)
    db.run("outbox_cursor_set", { subscriber = args.subscriber, seq = args.seq, at = tx.now })
    for _, failed in ipairs(args.failed) do
      db.run("outbox_exception_put", {
        subscriber = args.subscriber, seq = failed.seq, key = failed.key, attempts = failed.attempts,
        state = failed.retry_at and "waiting" or "dead", next_at = failed.retry_at or tx.now, error = failed.error or "",
      })
    end
    return { seq = args.seq }
  end,
})

command.define({
  name = "outbox.settle",
  doc = "Notes how the retry of a failed delivery went.",
  args = schema.object({
    subscriber = schema.text({ required = true, max = 200 }),
    seq = schema.integer({ required = true }),
    failed = failure_shape,
  }),
  handler = function(_, args)
    if not args.failed then
      db.run("outbox_exception_delete", { subscriber = args.subscriber, seq = args.seq })
    else
      local failed = args.failed
      db.run("outbox_exception_put", {
        subscriber = args.subscriber, seq = args.seq, key = failed.key, attempts = failed.attempts,
        state = failed.retry_at and "waiting" or "dead", next_at = failed.retry_at or 0, error = failed.error or "",
      })
    end
    return { seq = args.seq }
  end,
})

command.define({
  name = "outbox.retry",
  doc = "Brings a dead delivery back.",
  args = schema.object({ subscriber = schema.text({ required = true, max = 200 }), seq = schema.integer({ required = true }) }),
  handler = function(tx, args)
    if db.run("outbox_exception_revive", { subscriber = args.subscriber, seq = args.seq, at = tx.now }) == 0 then
      return failure.new("delivery.missing", ("there is no dead delivery of %d to %s"):format(args.seq, args.subscriber))
    end
    return { seq = args.seq }
  end,
})

command.define({
  name = "outbox.prune",
  doc = "Forgets facts that every subscriber has, or that are older than 30 days.",
  args = schema.object({ lowest = schema.integer({ required = true }) }),
  handler = function(tx, args)
    local too_old = db.value("outbox_last_before", { at = tx.now - LONGEST_LAG }) or 0
    return { deleted = (db.run("outbox_prune", { lowest = math.max(args.lowest, too_old) })) }
  end,
})

local function deliver(subscriber, row)
  local ok, err = xpcall(subscriber.handler, debug.traceback, {
    seq = row.seq, event = row.event, key = row.key, body = json.decode(row.body), at = row.at,
  })
  return ok, ok and nil or tostring(err)
end

-- What a failure becomes: another try later, or a dead letter that a person must look at.
local function describe_failure(subscriber, row, attempts, err, now)
  local dead = attempts >= TRIES
  log.warn("an event could not be delivered", {
    subscriber = subscriber.id, event = row.event, key = row.key, attempts = attempts, dead = dead, error = err,
  })
  return {
    seq = row.seq, key = row.key, attempts = attempts,
    retry_at = not dead and now + outbox.backoff(attempts) or nil, error = err:sub(1, 2000),
  }
end

--- Has subscribers that are new hear of what happens from now on, and not of what was before they came. The writer does
--- this before anything else can happen.
---@param ids string[]
---@param now integer
function outbox.welcome(ids, now)
  local newest = db.value("outbox_newest") or 0
  for _, id in ipairs(ids) do
    if not db.value("outbox_cursor", { subscriber = id }) then db.run("outbox_cursor_set", { subscriber = id, seq = newest, at = now }) end
  end
end

-- New rows behind the cursor. Returns whether there may be more.
local function deliver_new(subscriber)
  local cursor = db.value("outbox_cursor", { subscriber = subscriber.id }) or 0
  local rows = db.many("outbox_after", { seq = cursor, limit = BATCH })
  if #rows == 0 then return false end
  local blocked = {}
  for _, row in ipairs(db.many("outbox_exception_keys", { subscriber = subscriber.id })) do
    blocked[row.key] = true
  end
  local failed = {}
  for _, row in ipairs(rows) do
    if row.event == subscriber.event then
      local now = clock.now()
      if blocked[row.key] then
        failed[#failed + 1] = { seq = row.seq, key = row.key, attempts = 0, retry_at = now }
      else
        local ok, err = deliver(subscriber, row)
        if not ok then
          blocked[row.key] = true
          failed[#failed + 1] = describe_failure(subscriber, row, 1, err, now)
        end
      end
    end
  end
  assert(command.run("outbox.ack", { subscriber = subscriber.id, seq = rows[#rows].seq, failed = failed }))
  return #rows == BATCH
end

-- Failed deliveries that are due, the oldest of each key only.
local function retry_due(subscriber)
  local now = clock.now()
  for _, row in ipairs(db.many("outbox_exceptions_due", { subscriber = subscriber.id, now = now, limit = BATCH })) do
    local ok, err = deliver(subscriber, row)
    local failed = not ok and describe_failure(subscriber, row, row.attempts + 1, err, now) or nil
    assert(command.run("outbox.settle", { subscriber = subscriber.id, seq = row.seq, failed = failed }))
  end
end

--- Asks to forget what everybody has. Facts that nobody subscribed to are had by everybody.
function outbox.prune()
  local lowest = db.value("outbox_newest")
  if not lowest then return end
  for _, subscriber in ipairs(events.subscribers()) do
    lowest = math.min(lowest, db.value("outbox_cursor", { subscriber = subscriber.id }) or 0)
  end
  assert(command.run("outbox.prune", { lowest = lowest }))
end

local busy = {} -- subscribers of plugins whose task runs

local function serve(subscriber)
  local more = deliver_new(subscriber)
  retry_due(subscriber)
  return more
end

local function serve_aside(subscriber)
  if busy[subscriber.id] then return end
  busy[subscriber.id] = true
  task.spawn(function()
    local ok, more = xpcall(serve, debug.traceback, subscriber)
    busy[subscriber.id] = nil
    if not ok then log.error("a subscriber could not be served", { subscriber = subscriber.id, error = tostring(more) }) end
    task.wake_jobs()
  end)
end

-- Whether there is anything for a subscriber now: tasks are not made for nothing.
local function has_work(subscriber)
  local cursor = db.value("outbox_cursor", { subscriber = subscriber.id })
  return not cursor or cursor < (db.value("outbox_newest") or 0)
    or #db.many("outbox_exceptions_due", { subscriber = subscriber.id, now = clock.now(), limit = 1 }) > 0
end

--- Delivers all that is due now.
---@return boolean more there is more at once
---@return integer? next_at when the next retry is due, ms UTC
function outbox.run()
  local more, soonest = false, math.maxinteger
  for _, subscriber in ipairs(events.subscribers()) do
    if not subscriber.plugin or not task.current() then
      more = serve(subscriber) or more
    elseif has_work(subscriber) then
      serve_aside(subscriber)
    end
    -- A task that runs wakes the thread when it ends: what it has to do is not due a second time.
    if not busy[subscriber.id] then
      soonest = math.min(soonest, db.value("outbox_next_retry", { subscriber = subscriber.id }) or math.maxinteger)
    end
  end
  return more, soonest < math.maxinteger and soonest or nil
end

return outbox
