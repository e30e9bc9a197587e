--- Shows what waits to be done, what never worked, and tries it again.
require("boot")
local args = require("cli.args")
local calendar = require("kernel.calendar")
local command = require("kernel.command")
local db = require("kernel.db")
local jobs = require("kernel.jobs")
local json = require("native.json")

local tool = { usage = [[
usage: merx jobs [list] [--dead] [--json]
       merx jobs retry ID
       merx jobs retry --all

list   what waits and when it is due; last what never worked ("dead"). A line of a
       delivery is an event that a subscriber has not taken.
retry  tries a dead one again, or all of them. IDs are those that list shows.

examples:
  merx jobs
  merx jobs --dead
  merx jobs retry job:17
  merx jobs retry merx.web-hooks/order-placed:240
]] }

local NAME <const> = "merx jobs"
local MOST <const> = 500

local function entries(only_dead)
  local list = json.array({})
  for _, row in ipairs(db.many("jobs_all", { limit = MOST })) do
    if not only_dead or row.state == "dead" then
      local definition = jobs.list()[row.name]
      list[#list + 1] = {
        id = "job:" .. row.id, kind = "job", name = row.name, state = row.state, due_at = row.run_at, attempts = row.attempts, error = row.error,
        doc = definition and definition.doc or nil,
      }
    end
  end
  for _, row in ipairs(db.many("outbox_exceptions_all", { limit = MOST })) do
    if not only_dead or row.state == "dead" then
      list[#list + 1] = {
        id = row.subscriber .. ":" .. row.seq, kind = "delivery", name = row.subscriber, event = row.event, key = row.key, state = row.state,
        due_at = row.next_at, attempts = row.attempts, error = row.error ~= "" and row.error or nil,
      }
    end
  end
  return list
end

-- UTC, as logs have it.
local function when(ms)
  local year, month, day = calendar.date(ms // 86400000)
  local seconds = ms // 1000 % 86400
  return ("%04d-%02d-%02d %02d:%02d:%02d"):format(year, month, day, seconds // 3600, seconds // 60 % 60, seconds % 60)
end

local function first_line(text)
  return (text or ""):match("^[^\n]*"):sub(1, 100)
end

local function show(options)
  local list = entries(options.dead)
  if options.json then
    io.write(json.encode(list, { pretty = true }), "\n")
    return 0
  end
  if #list == 0 then io.write(options.dead and "nothing is dead\n" or "nothing waits\n") end
  for _, entry in ipairs(list) do
    local due = entry.state == "dead" and "dead" or when(entry.due_at)
    local tries = entry.attempts > 0 and ("%d tries  %s"):format(entry.attempts, first_line(entry.error)) or ""
    io.write((("%-40s %-26s %-20s %s"):format(entry.id, entry.event or entry.name, due, tries):gsub("%s+$", "")), "\n")
  end
  return 0
end

local function retry_one(id)
  local job = math.tointeger(tonumber(id:match("^job:(%d+)$")))
  if job then return command.run("jobs.retry", { id = job }, { actor = "cli" }) end
  local subscriber, seq = id:match("^(.+):(%d+)$")
  if not subscriber then return nil, { code = "missing", message = id .. " is no ID: merx jobs shows them" } end
  return command.run("outbox.retry", { subscriber = subscriber, seq = math.tointeger(tonumber(seq)) }, { actor = "cli" })
end

local function retry(options)
  local ids = { options[2] }
  if options.all then
    ids = {}
    for _, entry in ipairs(entries(true)) do ids[#ids + 1] = entry.id end
  end
  for _, id in ipairs(ids) do
    local done, err = retry_one(id)
    if not done then return args.fail(NAME, { code = "missing", message = err.message }) end
  end
  io.write(("%d to be tried again\n"):format(#ids))
  return 0
end

---@param given string[]
---@return integer exit_code
function tool.run(given)
  local options, code = args.parse(given, {
    name = NAME, usage = tool.usage, flags = { json = "flag", dead = "flag", all = "flag" }, most = 2, shop = true,
  })
  if not options then return code end
  if (options[1] == nil or options[1] == "list") and not options[2] then return show(options) end
  if options[1] == "retry" and (options[2] ~= nil) ~= (options.all == true) then return retry(options) end
  io.stderr:write(NAME, ": write list, retry ID or retry --all\n\n", tool.usage)
  return 2
end

return tool
