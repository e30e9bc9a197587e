--- Shows where a plugin can take part: extension points, events, commands, jobs.
require("boot")
local args = require("cli.args")
local command = require("kernel.command")
local contracts = require("kernel.contracts")
local events = require("kernel.events")
local jobs = require("kernel.jobs")
local json = require("native.json")
local points = require("kernel.points")

local hooks = { usage = [[
usage: merx hooks [--json] [NAME]

Extension points with the handlers that answer them in order, events with their
subscribers, commands and jobs. NAME shows only what holds it.

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

local function collect()
  local found = { points = json.array({}), events = json.array({}), commands = json.array({}), jobs = json.array({}) }
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
  for _, name in ipairs(sorted(command.list())) do table.insert(found.commands, { name = name, doc = command.list()[name].doc }) end
  for _, name in ipairs(sorted(jobs.list())) do
    table.insert(found.jobs, { name = name, doc = jobs.list()[name].doc, every_ms = jobs.list()[name].every })
  end
  return found
end

local function print_section(title, list, filter)
  io.write(title, "\n")
  for _, entry in ipairs(list) do
    if not filter or entry.name:find(filter, 1, true) then
      local behind = entry.handlers or entry.subscribers
      io.write(("  %-28s %s\n"):format(entry.name, entry.doc or (entry.kind .. " handlers")))
      for i, name in ipairs(behind or {}) do io.write(("  %28s %d. %s\n"):format("", i, name)) end
    end
  end
  io.write("\n")
end

---@param given string[]
---@return integer exit_code
function hooks.run(given)
  local options, code = args.parse(given, { name = "merx hooks", usage = hooks.usage, flags = { json = "flag" }, most = 1 })
  if not options then return code end
  local found = collect()
  if options.json then
    io.write(json.encode(found, { pretty = true }), "\n")
    return 0
  end
  for _, section in ipairs({ { "Extension points", found.points }, { "Events", found.events }, { "Commands", found.commands }, { "Jobs", found.jobs } }) do
    print_section(section[1], section[2], options[1])
  end
  return 0
end

return hooks
