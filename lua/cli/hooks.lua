--- Shows where a plugin can take part: extension points, guards, events, commands, jobs, calls, views.
require("boot")
local args = require("cli.args")
local command = require("kernel.command")
local contracts = require("kernel.contracts")
local events = require("kernel.events")
local host = require("kernel.plugins.host")
local jobs = require("kernel.jobs")
local json = require("native.json")
local points = require("kernel.points")
local views = require("kernel.plugins.views")

local hooks = { usage = [[
usage: merx hooks [--json] [NAME]

Extension points with the handlers that answer them in order, what can be guarded,
events with their subscribers, commands, jobs, the calls that plugins may make, and
the views that they may read. NAME shows only what holds it. docs/reference/ says
what each of them takes.

examples:
  merx hooks
  merx hooks price
]] }

local function sorted(map)
  local names = {}
  for name in pairs(map) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function described(map)
  local list = json.array({})
  for i, name in ipairs(sorted(map)) do list[i] = { name = name, doc = map[name].doc } end
  return list
end

local function host_calls()
  local list = json.array({})
  for i, name in ipairs(sorted(host.list())) do
    local call = host.list()[name]
    local kinds = table.concat(sorted(call.kinds), ", ")
    list[i] = { name = name, kinds = json.array(sorted(call.kinds)), capability = call.capability, doc = "in handlers of the kind " .. kinds }
  end
  return list
end

--- All that there is, by what it is: each with its name and what it does.
---@return table<string, { name: string, doc: string }[]>
function hooks.collect()
  local found = { points = json.array({}), events = json.array({}), jobs = json.array({}) }
  for _, place in ipairs(sorted(contracts.by_place())) do
    local point = contracts.by_place()[place]
    local handlers = json.array({})
    for i, handler in ipairs(points.handlers(point.point)) do handlers[i] = handler.id end
    table.insert(found.points, { name = point.point, manifest = place, kind = point.kind, doc = point.doc, handlers = handlers })
  end
  for _, name in ipairs(sorted(events.definitions())) do
    local subscribers = json.array({})
    for _, subscriber in ipairs(events.subscribers()) do
      if subscriber.event == name then subscribers[#subscribers + 1] = subscriber.id end
    end
    table.insert(found.events, { name = name, doc = events.definitions()[name].doc, subscribers = subscribers })
  end
  found.guards, found.commands, found.views = described(command.guarded()), described(command.list()), described(views.list())
  found.calls = host_calls()
  for _, name in ipairs(sorted(jobs.list())) do
    table.insert(found.jobs, { name = name, doc = jobs.list()[name].doc, every_ms = jobs.list()[name].every })
  end
  return found
end

local SECTIONS <const> = {
  { "Extension points", "points" }, { "What can be guarded", "guards" }, { "Events", "events" }, { "Commands", "commands" },
  { "Jobs", "jobs" }, { "Calls of plugins", "calls" }, { "Views that plugins may read", "views" },
}

-- A section of which nothing holds the name that was asked for is left out.
local function print_section(title, list, filter)
  local lines = {}
  for _, entry in ipairs(list) do
    if not filter or entry.name:find(filter, 1, true) then
      lines[#lines + 1] = ("  %-28s %s\n"):format(entry.name, entry.doc)
      for i, name in ipairs(entry.handlers or entry.subscribers or {}) do lines[#lines + 1] = ("  %28s %d. %s\n"):format("", i, name) end
    end
  end
  if #lines > 0 then io.write(title, "\n", table.concat(lines), "\n") end
end

---@param given string[]
---@return integer exit_code
function hooks.run(given)
  local options, code = args.parse(given, { name = "merx hooks", usage = hooks.usage, flags = { json = "flag" }, most = 1 })
  if not options then return code end
  local found = hooks.collect()
  if options.json then
    io.write(json.encode(found, { pretty = true }), "\n")
    return 0
  end
  for _, section in ipairs(SECTIONS) do print_section(section[1], found[section[2]], options[1]) end
  return 0
end

return hooks
