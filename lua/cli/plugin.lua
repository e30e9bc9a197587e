--- Shows the plugins of this shop.
require("boot")
local args = require("cli.args")
local json = require("native.json")
local native_db = require("native.db")
local plugins = require("kernel.plugins")
local points = require("kernel.points")

local plugin = { usage = [[
usage: merx plugin list [--json]
       merx plugin info ID [--json]

list: every plugin that was found, also those that are skipped and why.
info: what one contributes, its settings and their values.

examples:
  merx plugin list
  merx plugin info merx.flat-rate
]] }

local NAME <const> = "merx plugin"

local function state_of(entry)
  if entry.problem then return "skipped" end
  return entry.enabled and "enabled" or "off"
end

local function about(entry)
  local manifest = entry.manifest or {}
  return {
    id = entry.id, version = manifest.version, name = manifest.name, description = manifest.description, license = manifest.license,
    state = state_of(entry), problem = entry.problem, bundled = entry.bundled, folder = entry.root,
  }
end

local function list(options)
  local all = json.array({})
  for i, entry in ipairs(plugins.list()) do all[i] = about(entry) end
  if options.json then
    io.write(json.encode(all, { pretty = true }), "\n")
    return 0
  end
  for _, entry in ipairs(all) do
    io.write(("%-24s %-8s %-8s %s\n"):format(entry.id, entry.version or "-", entry.state, entry.problem or entry.name))
  end
  return 0
end

local function handlers_of(id)
  local found = json.array({})
  for point, handlers in pairs(points.all()) do
    for place, handler in ipairs(handlers) do
      if handler.plugin == id then
        found[#found + 1] = {
          point = point, id = handler.id, kind = handler.kind, place = place, input = json.array(handler.input), settings = plugins.settings(handler),
        }
      end
    end
  end
  table.sort(found, function(a, b) return a.id < b.id end)
  return found
end

local function info(options)
  local entry
  for _, found in ipairs(plugins.list()) do
    if found.id == options[2] then entry = found end
  end
  if not entry then return args.fail(NAME, { code = "missing", message = "there is no plugin " .. options[2] }) end
  local view = about(entry)
  view.handlers = handlers_of(entry.id)
  if options.json then
    io.write(json.encode(view, { pretty = true }), "\n")
    return 0
  end
  io.write(view.name or view.id, " ", view.version or "", " (", view.state, ")\n", view.description or "", "\n", view.folder, "\n")
  if view.problem then io.write("skipped: ", view.problem, "\n") end
  for _, handler in ipairs(view.handlers) do
    io.write(("\n%s  %s, asked as number %d\n"):format(handler.id, handler.point, handler.place))
    if #handler.input > 0 then io.write("  sees: ", table.concat(handler.input, ", "), "\n") end
    for name, value in pairs(handler.settings) do io.write("  ", name, " = ", tostring(value), "\n") end
  end
  return 0
end

---@param given string[]
---@return integer exit_code
function plugin.run(given)
  local options, code = args.parse(given, { name = NAME, usage = plugin.usage, flags = { json = "flag" }, least = 1, most = 2 })
  if not options then return code end
  if options[1] == "info" and not native_db.main() then return args.no_shop(NAME) end -- it shows the settings, too
  if options[1] == "list" and not options[2] then return list(options) end
  if options[1] == "info" and options[2] then return info(options) end
  io.stderr:write(NAME, ": write list, or info ID\n\n", plugin.usage)
  return 2
end

return plugin
