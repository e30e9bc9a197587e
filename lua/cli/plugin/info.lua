--- Shows one plugin: what it contributes, what that sees, what it is set to, and what it costs the running server.
local about = require("cli.plugin.about")
local args = require("cli.args")
local config = require("kernel.plugins.config")
local json = require("native.json")
local plugins = require("kernel.plugins")
local points = require("kernel.points")
local settings = require("kernel.settings")
local task = require("native.task")

local info = { summary = "Shows what one plugin contributes, sees and is set to, and what it costs.", usage = [[
usage: merx plugin info ID [--json]

What a plugin contributes, what each part of it sees, its settings and their values. Of a
running server also how often it was asked and failed and how long its code ran, in all
threads since the server started, and the memory of its Lua states now.

examples:
  merx plugin info merx.flat-rate
  merx plugin info merx.flat-rate --json
]] }

local NAME <const> = "merx plugin info"

-- Values as people may see them, by name; `owner` is a plugin or one of its handlers.
local function shown(owner, declarations)
  local values = {}
  for name in pairs(declarations) do
    local key = "plugin." .. owner .. "." .. name
    values[name] = settings.list()[key] and settings.shown(key)
  end
  return values
end

local function print_settings(owner, declarations, indent)
  local names, values = {}, shown(owner, declarations)
  for name in pairs(declarations) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local value = values[name]
    io.write(indent, name, " = ", value == nil and "(not set)" or type(value) == "string" and value or json.encode(value), "\n")
  end
end

local function handlers_of(id)
  local found = json.array({})
  for point, handlers in pairs(points.all()) do
    for place, handler in ipairs(handlers) do
      if handler.plugin == id then
        found[#found + 1] = {
          point = point, id = handler.id, kind = handler.kind, place = place, input = json.array(handler.input), is_unbound = handler.is_unbound,
          idle = config.idle(handler),
          settings = shown(handler.id, handler.spec.settings), declared = handler.spec.settings,
        }
      end
    end
  end
  table.sort(found, function(a, b) return a.id < b.id end)
  return found
end

-- What it did in all threads and generations of the running server; nil and why nothing is known.
local function running(id)
  local answer, err = task.ask_server("plugins")
  if not answer then return nil, err.message end
  local sum = { calls = 0, errors = 0, seconds = 0.0, memory = 0 }
  for _, entry in ipairs(json.decode(answer).plugins) do
    if entry.id == id then
      for name, value in pairs(sum) do sum[name] = value + entry[name] end
    end
  end
  return sum
end

local KIB <const> = 1024

local function print_running(sum, problem)
  if not sum then
    io.write("calls, errors, time and memory are those of a running server: ", problem, "\n")
    return
  end
  io.write(("since the server started: %d calls, %d errors, %.3f s; now %d KiB of memory\n"):format(
    sum.calls, sum.errors, sum.seconds, (sum.memory + KIB - 1) // KIB))
end

local function print_text(view, entry)
  io.write(view.name or view.id, " ", view.version or "", " (", view.state, ")\n", view.description or "", "\n", view.folder, "\n")
  if view.unsigned then io.write("UNSIGNED: nobody vouches for its files\n") end
  if view.problem then io.write("skipped: ", view.problem, "\n") end
  for _, line in ipairs(view.may) do io.write("it may ", line, "\n") end
  for _, pin in ipairs(view.pins) do io.write("pinned: ", about.pin(pin), "\n") end
  for _, binding in ipairs(view.bound) do io.write("bound: ", binding.slot, " to ", binding.handler, "\n") end
  print_running(view.running, view.not_running)
  if entry.enabled then print_settings(entry.id, entry.manifest.settings, "") end
  for _, handler in ipairs(view.handlers) do
    local when = handler.is_unbound and "not asked, another one is bound" or handler.idle and "not asked: " .. handler.idle
      or ("asked as number %d"):format(handler.place)
    io.write(("\n%s  %s, %s\n"):format(handler.id, handler.point, when))
    if #handler.input > 0 then io.write("  sees: ", table.concat(handler.input, ", "), "\n") end
    print_settings(handler.id, handler.declared, "  ")
  end
end

---@param given string[]
---@return integer exit_code
function info.run(given)
  local options, code = args.parse(given, { name = NAME, usage = info.usage, flags = { json = "flag" }, least = 1, shop = true })
  if not options then return code end
  local entry
  for _, found in ipairs(plugins.list()) do
    if found.id == options[1] then entry = found end
  end
  if not entry then return args.fail(NAME, { code = "missing", message = "there is no plugin " .. options[1] }) end
  local view = about.view(entry)
  view.handlers = handlers_of(entry.id)
  view.running, view.not_running = running(entry.id)
  view.settings = entry.enabled and shown(entry.id, entry.manifest.settings) or nil
  if options.json then
    for _, handler in ipairs(view.handlers) do handler.declared = nil end
    io.write(json.encode(view, { pretty = true }), "\n")
  else
    print_text(view, entry)
  end
  return 0
end

return info
