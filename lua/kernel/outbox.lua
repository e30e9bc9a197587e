--- Delivers the facts of the outbox to their subscribers: at least once, in order for each key. What
--- fails waits in a table of exceptions, and holds back later events of its key only. Subscribers of
--- plugins have a task each: one that waits for a slow host holds up nobody else.
local clock = require("native.clock")
local command = require("kernel.command")
local db = require("kernel.db")
local events = require("kernel.events")
local failure = require("kernel.failure")
local json = require("native.json")
local native_db = require("native.db")
local log = require("kernel.log")
local random = require("native.random")
local schema = require("kernel.schema")
local task = require("native.task")
local turns = require("kernel.turns")

local outbox = {}

local BATCH <const> = 256
local LONGEST_LAG <const> = 30 * 24 * 3600 * 1000 -- nobody may be further behind
local TRIES <const> = 12
local FIRST_WAIT <const> = 1000
local LONGEST_WAIT <const> = 6 * 3600 * 1000
local LONGEST_MEMORY <const> = 5000 -- ms until a cursor is written that moved past what was not for its subscriber

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
  name = "outbox.pass",
  doc = "Moves cursors past what was not for their subscribers.",
  args = schema.object({ cursors = schema.list(schema.object({
    subscriber = schema.text({ required = true, max = 200 }), seq = schema.integer({ required = true }),
  }), { required = true }) }),
  handler = function(tx, args)
    for _, cursor in ipairs(args.cursors) do
      db.run("outbox_cursor_set", { subscriber = cursor.subscriber, seq = cursor.seq, at = tx.now })
    end
    return { moved = #args.cursors }
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

---@class merx.OutboxPlace how far the subscribers have looked in a database, as this thread knows
---@field seen table<string, integer> up to here everything was delivered, or was for others
---@field unwritten table<string, integer> of these, what their cursors do not say yet
---@field looked integer up to here was looked which kinds there are
---@field written_at integer

local places = setmetatable({}, { __mode = "k" }) ---@type table<userdata, merx.OutboxPlace>

local function place()
  local conn = native_db.main()
  local found = places[conn]
  if not found then
    found = { seen = {}, unwritten = {}, written_at = 0, looked = 0 }
    places[conn] = found
  end
  return found
end

local function seen_by(subscriber)
  return math.max(place().seen[subscriber.id] or 0, db.value("outbox_cursor", { subscriber = subscriber.id }) or 0)
end

-- Of which kinds there is anything new since this was asked last; `newest` was read before.
local function look_for_kinds(newest)
  local here, kinds = place(), {}
  local from = here.looked
  if from < newest then
    for _, row in ipairs(db.many("outbox_kinds_after", { seq = from })) do kinds[row.event] = true end
    here.looked = newest
  end
  return kinds, from
end

-- What there is for a subscriber and how far this reaches. Whoever has seen all that was there before needs not be asked
-- when nothing of its kind came.
local function find_new(subscriber, newest, kinds, from)
  local here = place()
  local seen = here.seen[subscriber.id] or 0
  if seen >= newest then return nil end
  if seen >= from and seen > 0 and not kinds[subscriber.event] then
    here.seen[subscriber.id], here.unwritten[subscriber.id] = newest, newest
    return nil
  end
  local rows = db.many("outbox_after", { seq = seen_by(subscriber), event = subscriber.event, limit = BATCH })
  local through = #rows == BATCH and rows[BATCH].seq or math.max(newest, rows[1] and rows[#rows].seq or 0)
  if #rows > 0 and not (subscriber.is_idle and subscriber.is_idle()) then return rows, through end
  here.seen[subscriber.id], here.unwritten[subscriber.id] = through, through
end

-- Cursors that moved past what was not for their subscribers are written now and then, together. Returns when.
local function write_unwritten(now)
  local here = place()
  if not next(here.unwritten) then return math.maxinteger end
  local due = here.written_at + LONGEST_MEMORY
  if now < due and now >= here.written_at then return due end
  local cursors = {}
  for id, seq in pairs(here.unwritten) do cursors[#cursors + 1] = { subscriber = id, seq = seq } end
  here.unwritten, here.written_at = {}, now
  assert(command.run("outbox.pass", { cursors = cursors }))
  return math.maxinteger
end

-- Returns whether there may be more.
local function deliver_new(subscriber, rows, through)
  local blocked = {}
  for _, row in ipairs(db.many("outbox_exception_keys", { subscriber = subscriber.id })) do
    blocked[row.key] = true
  end
  local failed = {}
  for _, row in ipairs(rows) do
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
  assert(command.run("outbox.ack", { subscriber = subscriber.id, seq = through, failed = failed }))
  local here = place()
  here.seen[subscriber.id], here.unwritten[subscriber.id] = through, nil
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
  for _, subscriber in ipairs(events.subscribers()) do lowest = math.min(lowest, seen_by(subscriber)) end
  assert(command.run("outbox.prune", { lowest = lowest }))
end

local busy = {} -- subscribers of plugins whose task runs

local function serve(subscriber, rows, through)
  local more = rows and deliver_new(subscriber, rows, through) or false
  retry_due(subscriber)
  return more
end

local function serve_aside(subscriber, rows, through)
  busy[subscriber.id] = true
  turns.begin(function()
    local ok, err = xpcall(serve, debug.traceback, subscriber, rows, through)
    busy[subscriber.id] = nil
    if not ok then log.error("a subscriber could not be served", { subscriber = subscriber.id, error = tostring(err) }) end
    task.wake_jobs()
  end)
end

local function next_retries()
  local found = {}
  for _, row in ipairs(db.many("outbox_next_retries")) do found[row.subscriber] = row.at end
  return found
end

--- Delivers all that is due now.
---@return boolean more there is more at once
---@return integer? next_at when the next retry is due, ms UTC
function outbox.run()
  local newest, retries, now, more = db.value("outbox_newest") or 0, next_retries(), clock.now(), false
  local kinds, from = look_for_kinds(newest)
  for _, subscriber in ipairs(events.subscribers()) do
    if not busy[subscriber.id] then
      local rows, through = find_new(subscriber, newest, kinds, from)
      local is_due = rows or (retries[subscriber.id] or math.maxinteger) <= now
      if is_due and subscriber.plugin and task.current() then
        serve_aside(subscriber, rows, through)
      elseif is_due then
        more = serve(subscriber, rows, through) or more
      end
    end
  end
  local soonest = write_unwritten(now)
  -- A task that runs wakes the thread when it ends: what it has to do is not due a second time.
  for subscriber, at in pairs(next_retries()) do
    if not busy[subscriber] then soonest = math.min(soonest, at) end
  end
  return more, soonest < math.maxinteger and soonest or nil
end

return outbox
