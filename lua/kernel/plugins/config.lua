--- The settings of handlers: typed, with defaults, kept until a setting changes.
local cache = require("kernel.cache")
local mail = require("kernel.mail")
local settings = require("kernel.settings")

local config = {}

--- Under which key the shop keeps a setting.
---@param id string of the handler
---@param name string
---@return string
function config.key(id, name)
  return "plugin." .. id .. "." .. name
end

--- What the keys of all settings of a plugin lie between, for queries: "." and "/" do.
---@param plugin string
---@return { from: string, to: string }
function config.range(plugin)
  return { from = "plugin." .. plugin .. ".", to = "plugin." .. plugin .. "0" }
end

local function read(id, declarations)
  local values = {}
  for name in pairs(declarations) do values[name] = settings.get(config.key(id, name)) end
  return values
end

-- By name, so that everybody is told the same one.
local function first_missing(declarations, values)
  local first
  for name, declared in pairs(declarations) do
    local value = values[name]
    local is_empty = value == nil or value == "" or type(value) == "table" and next(value) == nil
    if declared.required and is_empty and (not first or name < first) then first = name end
  end
  return first
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

-- The merchant's promotions bring settings of their own.
local HAS_OTHERS <const> = { promotion_condition = true, promotion_action = true }

--- Why a handler is not asked now although it is enabled.
---@param handler merx.Handler
---@return string? words nil when it is
function config.idle(handler)
  if HAS_OTHERS[handler.point] then return nil end
  local missing = config.missing(handler)
  if missing then return "its setting " .. missing .. " is empty" end
  if handler.spec.needs == "mail" and not mail.is_on() then return "the shop has no mail server (mail.host, mail.from)" end
end

return config
