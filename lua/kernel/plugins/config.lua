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

local values_of = cache.memo("settings", function(_, handler)
  local values = {}
  for name in pairs(handler.spec.settings) do
    values[name] = settings.get(config.key(handler.id, name))
  end
  return values
end)

--- The settings of a handler, with defaults filled in.
---@param handler merx.Handler
---@return table<string, any>
function config.of(handler)
  return values_of(handler.id, handler)
end

--- The first required setting of a handler that is empty: a plugin costs nothing until it is set up.
---@param handler merx.Handler
---@return string? name nil when all are there
function config.missing(handler)
  local values = config.of(handler)
  for name, declared in pairs(handler.spec.settings) do
    local value = values[name]
    if declared.required and (value == nil or value == "" or type(value) == "table" and next(value) == nil) then return name end
  end
end

return config
