--- What a plugin may ask of the engine. Each call says in which kinds of handler it may be made and which capability it
--- needs; all else is refused, noted in the audit journal, and told to the author in one sentence.
local clock = require("native.clock")
local command = require("kernel.command")
local log = require("kernel.log")
local schema = require("kernel.schema")
local task = require("native.task")

local host = {}

---@class merx.HostCall
---@field kinds table<string, boolean> of handlers that may make it
---@field capability? string the key under `capabilities` that it needs, for the reference
---@field needs? fun(plugin: merx.Plugin, ...): string? the line to add to plugin.json, when it is not granted
---@field refuses? fun(plugin: merx.Plugin, kind: string, ...): string? why it may not be asked for just this
---@field call fun(plugin: merx.Plugin, kind: string, ...): ... result, or nil and an error

local ALL <const> = { pure = true, view = true, command = true, effect = true }

host.anywhere = ALL

local calls = {} ---@type table<string, merx.HostCall>

---@param name string as "http.request"
---@param definition merx.HostCall
function host.define(name, definition)
  assert(not calls[name], "the host call " .. name .. " is defined twice")
  calls[name] = definition
end

---@return table<string, merx.HostCall>
function host.list()
  return calls
end

-- ---- refusals ----------------------------------------------------------------------------------------------------------

command.define({
  name = "plugins.note_refusal",
  doc = "Writes into the journal that a plugin asked for what it may not have.",
  args = schema.object({
    plugin = schema.text({ required = true, max = 60 }), call = schema.text({ required = true, max = 60 }),
    why = schema.text({ required = true, max = 500, multiline = true }),
  }),
  handler = function(tx, args)
    tx.audit({ action = "plugin.refused", entity = "plugin", id = args.plugin, after = { call = args.call, why = args.why } })
    return {}
  end,
})

local MINUTE <const> = 60 * 1000000000
local noted = {} -- when each refusal was told last: a loop of them is one line a minute

--- Takes down that a plugin asked for what it may not have: in the log and the journal, once a minute for each call.
---@param plugin merx.Plugin
---@param name string of the call
---@param why string
function host.note(plugin, name, why)
  local key, now = plugin.id .. " " .. name, clock.mono()
  plugin.refused = (plugin.refused or 0) + 1
  if noted[key] and now - noted[key] < MINUTE then return end
  noted[key] = now
  log.warn("a plugin was refused", { plugin = plugin.id, call = name, why = why })
  local args = { plugin = plugin.id, call = name, why = why }
  if task.current() then
    task.spawn(function() command.run("plugins.note_refusal", args) end)
  else
    command.later("plugins.note_refusal", args)
  end
end

local function refuse(plugin, name, why)
  host.note(plugin, name, why)
  return false, why
end

local function list_of(kinds)
  local names = {}
  for kind in pairs(kinds) do names[#names + 1] = kind end
  table.sort(names)
  return table.concat(names, ", ")
end

-- What P gets: true and the results, or false and what is raised there.
local function answer(plugin, kind, name, ...)
  local definition = calls[name]
  if not definition then return refuse(plugin, tostring(name), "there is no host call " .. tostring(name)) end
  if not definition.kinds[kind] then
    return refuse(plugin, name, ("shop.%s may not be called in a %s handler; it may in: %s"):format(name, kind, list_of(definition.kinds)))
  end
  local missing = definition.needs and definition.needs(plugin, ...)
  if missing then
    return refuse(plugin, name, ("shop.%s needs a capability that %s was not granted: add %s to its plugin.json"):format(name, plugin.id, missing))
  end
  local why = definition.refuses and definition.refuses(plugin, kind, ...)
  if why then return refuse(plugin, name, why) end
  return true, definition.call(plugin, kind, ...)
end

--- What answers the host calls of one plugin, for native.plugin.open().
---@param plugin merx.Plugin
---@return fun(kind: string, name: string, ...): boolean, ...
function host.serve(plugin)
  return function(kind, name, ...) return answer(plugin, kind, name, ...) end
end

return host
