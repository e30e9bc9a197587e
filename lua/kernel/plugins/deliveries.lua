--- Events and jobs of plugins: effects in the jobs thread. Facts come from the outbox, at least once and in order for each
--- key; schedules are an interval, or a time of the day or of the week.
local clock = require("native.clock")
local config = require("kernel.plugins.config")
local contracts = require("kernel.contracts")
local events = require("kernel.events")
local jobs = require("kernel.jobs")
local native_db = require("native.db")
local outbox = require("kernel.outbox")
local points = require("kernel.points")
local schedule = require("kernel.schedule")
local schema = require("kernel.schema")
local thread = require("native.thread")

local deliveries = {}

contracts.define({
  point = "event", place = "events", kind = "effect", on_error = "retry", pool = "webhooks",
  doc = "Hears a fact after its commit, at least once, in order for each key.", answer = "nothing",
  given = {
    seq = "integer: number of the fact, which a second delivery has too", event = "string: name of the event", key = "string: what it is about, as order:17",
    body = "map: what the event tells", at = "integer: UTC milliseconds",
  },
  fields = {
    on = schema.text({ required = true, max = 100, pattern = "^%l[%l%d_.-]*$", doc = "name of the event" }),
    needs = schema.enum({ "mail", doc = "mail: nothing is heard while the shop has no mail server, and nothing of that time later" }),
  },
  check = function(entry, found)
    local is_of_plugin = entry.on:find("^[^.]+%.[^.]+%.")
    if not events.definitions()[entry.on] and not is_of_plugin then
      return ("events.%s: there is no event %s; merx hooks lists them"):format(entry.id, entry.on)
    end
    return nil, found
  end,
})

contracts.define({
  point = "job", place = "jobs", kind = "effect", on_error = "retry",
  doc = "Runs on a schedule.", answer = "nothing",
  given = { args = "map: empty for a schedule", now = "integer: UTC milliseconds" },
  fields = {
    every = schema.text({
      required = true, max = 50, doc = "\"every 15m\", \"at 03:30\", \"at mon 03:30\" or \"at 1 03:30\" (day of the month), in UTC",
      regex = "^(every [0-9]+[smhd]|at ([0-9A-Za-z]+ )?[0-9]{2}:[0-9]{2})$",
    }),
  },
  check = function(entry)
    local _, problem = schedule.parse(entry.every)
    return problem and ("jobs.%s.every: %s"):format(entry.id, problem)
  end,
})

-- A handler that fails raises here: whoever delivers tries again later.
local function run(handler, input)
  local answer, err = handler.call(input, handler.settings)
  if answer == nil and err ~= nil then error(type(err) == "table" and err.message or tostring(err), 0) end
end

events.more_with(function()
  local list = {}
  for i, handler in ipairs(points.handlers("event")) do
    list[i] = {
      id = handler.id, event = handler.spec.on, plugin = handler.plugin, is_idle = function() return config.idle(handler) ~= nil end,
      handler = function(event) run(handler, { seq = event.seq, event = event.event, key = event.key, body = event.body, at = event.at }) end,
    }
  end
  return list
end)

jobs.more_with(function()
  local list = {}
  for _, handler in ipairs(points.handlers("job")) do
    list[handler.id] = {
      name = handler.id, doc = handler.title or "a job of " .. handler.plugin, schedule = assert(schedule.parse(handler.spec.every)),
      plugin = handler.plugin, handler = function(args, now)
        if not config.idle(handler) then run(handler, { args = args, now = now }) end
      end,
    }
  end
  return list
end)

--- Gives new subscribers their place in the outbox; when plugins were loaded, in the writer alone.
function deliveries.welcome()
  local conn, ids = native_db.main(), {}
  if thread.role ~= "writer" or not conn then return end
  for i, handler in ipairs(points.handlers("event")) do ids[i] = handler.id end
  local is_inside = conn:in_transaction()
  if not is_inside then conn:begin() end
  outbox.welcome(ids, clock.now())
  if not is_inside then assert(conn:commit()) end
end

return deliveries
