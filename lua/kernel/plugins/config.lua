--- The settings of handlers: typed, with defaults, kept until a setting changes.
local cache = require("kernel.cache")
local settings = require("kernel.settings")

local config = {}

--- Under which key the shop keeps a setting.
---@param id string of the handler
---@param name string
---@return string
function config.key(id, name)
  return "plugin." .. id .. "." .. name
end

local function read(id, declarations)
  local values = {}
  for name in pairs(declarations) do values[name] = settings.get(config.key(id, name)) end
  return values
end

local function first_missing(declarations, values)
  for name, declared in pairs(declarations) do
    local value = values[name]
    if declared.required and (value == nil or value == "" or type(value) == "table" and next(value) == nil) then return name end
  end
end

local kept = cache.memo("settings", function() return {} end) -- by handler

local function known(handler)
  local entry = kept(handler.id)
  if entry.spec ~= handler.spec then -- another version of the plugin has other settings
    local shared = handler.plugin_settings or {}
    local values = read(handler.id, handler.spec.settings)
    entry.spec, entry.values = handler.spec, values
    entry.missing = first_missing(handler.spec.settings, values) or first_missing(shared, read(handler.plugin, shared))
  end
  return entry
end

--- The settings of a handler, with defaults filled in.
---@param handler merx.Handler
---@return table<string, any>
function config.of(handler)
  return known(handler).values
end

--- The first required setting of a handler, or of its plugin, that is empty: a plugin costs nothing until it is set up.
---@param handler merx.Handler
---@return string? name nil when all are there
function config.missing(handler)
  return known(handler).missing
end

return config
