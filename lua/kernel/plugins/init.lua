--- The plugins of this shop: found by folder, read as data, asked through extension points. Each runs
--- in a Lua state of its own; one that is broken is named and skipped, and the shop goes on.
local answers = require("kernel.plugins.answers")
local breaker = require("kernel.plugins.breaker")
local cache = require("kernel.cache")
local contracts = require("kernel.contracts")
local failure = require("kernel.failure")
local fs = require("native.fs")
local i18n = require("kernel.i18n")
local json = require("native.json")
local log = require("kernel.log")
local manifest = require("kernel.plugins.manifest")
local native = require("native.plugin")
local points = require("kernel.points")
local settings = require("kernel.settings")
local thread = require("native.thread")

local plugins = {}

---@class merx.Plugin
---@field id string
---@field root string folder
---@field bundled boolean part of Merx
---@field manifest? table nil when it cannot be read
---@field problem? string why it is skipped
---@field enabled boolean
---@field calls integer
---@field errors integer
---@field last_error? string

local PRELUDE <const> = { "kernel/sandbox/money.lua", "kernel/sandbox/std.lua" }
local MIB <const> = 1024 * 1024

--- Limits of one call by kind of handler (plugins.md), before what a cart adds.
local BUDGETS <const> = {
  pure = { instructions = 20000, memory = 2 * MIB },
  view = { ms = 20, memory = 8 * MIB },
}
local PER_LINE <const> = 2000

local found = {} ---@type merx.Plugin[]
local states = {}

local function read_plugin(parent, folder, bundled)
  local plugin = { id = folder, root = parent .. "/" .. folder, bundled = bundled, enabled = false, calls = 0, errors = 0 }
  local bytes, err = fs.read(plugin.root .. "/plugin.json")
  if not bytes and not fs.exists(plugin.root .. "/plugin.json") then
    plugin.problem = "there is no plugin.json in its folder; if it was unpacked one folder too deep, move it up"
    return plugin
  end
  if not bytes then
    plugin.problem = "its plugin.json cannot be read: " .. err.message
    return plugin
  end
  plugin.manifest, plugin.problem = manifest.parse(bytes, folder, thread.version)
  return plugin
end

local function scan(parent, bundled)
  if not fs.exists(parent) then return end
  for _, folder in ipairs(assert(fs.list(parent))) do
    local about = not folder:find("^%.") and fs.stat(parent .. "/" .. folder)
    if about and about.kind == "dir" then found[#found + 1] = read_plugin(parent, folder, bundled) end
  end
end

local function open_state(plugin)
  local state = states[plugin.id]
  if state then return state end
  local opened, err = native.open({
    id = plugin.id, root = plugin.root, prelude = PRELUDE, memory = 16 * MIB,
  })
  if not opened then return nil, err end
  states[plugin.id] = opened
  return opened
end

local function budget_of(kind, input)
  local limits = BUDGETS[kind]
  local lines = type(input) == "table" and type(input.lines) == "table" and #input.lines or 0
  if limits.instructions and lines > 0 then
    return { instructions = limits.instructions + PER_LINE * lines, memory = limits.memory }
  end
  return limits
end

local function own(prefix, text)
  if type(text) == "string" then return prefix .. text end
  if type(text) == "table" and type(text[1]) == "string" then text[1] = prefix .. text[1] end
  return text
end

-- Keys of messages in a plugin's answers are its own; outside they carry its name.
local function qualify(prefix, ops)
  if type(ops) ~= "table" then return ops end
  for _, op in ipairs(ops) do
    if type(op) == "table" then
      if op.reason then op.reason = own(prefix, op.reason) end
      if op.title then op.title = own(prefix, op.title) end
      if op.description then op.description = own(prefix, op.description) end
      if op.message then op.message = own(prefix, op.message) end
    end
  end
  return ops
end

-- The call of one handler: state, budget, breaker, and the account of what it cost. Answers are for readers only. The
-- second function takes down that what it answered was of no use.
local function make_call(plugin, entry, kind, id)
  local guard, prefix = breaker.new(), plugin.id .. "."
  local known = kind == "pure" and answers.are_lasting(entry.input) and answers.new() or nil
  local function blame(code, message)
    guard:note(false)
    plugin.errors = plugin.errors + 1
    plugin.last_error = message
    log.warn("a plugin's handler failed", { plugin = plugin.id, handler = id, code = code, error = message })
  end
  local function ask(input, config)
    plugin.calls = plugin.calls + 1
    local state, err = open_state(plugin)
    if not state then return false, err end
    local ok, result = state:call(kind, entry.handler, budget_of(kind, input), input, config)
    if ok then return true, kind == "pure" and qualify(prefix, result) or result end
    return false, result
  end
  local function call(input, config)
    if not guard:allows() then
      return failure.new("plugin.paused", id .. " failed too often and rests for half a minute")
    end
    local answer, key
    if known then answer, key = known:find(input, config) end
    if answer ~= nil then return answer end
    local ok, result = ask(input, config)
    if ok then
      guard:note(true)
      if key and result ~= nil then known:keep(key, result) end
      return result
    end
    blame(result.code, result.message)
    return failure.new("plugin." .. result.code, id .. ": " .. result.message)
  end
  return call, blame
end

local function setting_key(id, name)
  return "plugin." .. id .. "." .. name
end

local function define_settings(id, entry)
  for name, declared in pairs(entry.settings) do
    settings.define({
      key = setting_key(id, name), spec = manifest.setting_spec(declared), doc = declared.label or name, type = declared.type,
      label = declared.label and id:match("^[^/]+") .. "." .. declared.label,
    })
  end
end

-- `handler.settings` is worked out when asked for, so that it is never older than the settings are.
local with_settings = {}

local function load_locales(plugin)
  local folder = plugin.root .. "/locales"
  if not fs.exists(folder) then return end
  local publisher, name = plugin.id:match("^([^.]+)%.(.+)$")
  for _, file in ipairs(assert(fs.list(folder))) do
    local locale = file:match("^(.+)%.json$")
    local tree, err
    if locale then tree, err = json.decode(assert(fs.read(folder .. "/" .. file))) end
    if tree then
      i18n.add(locale, { [publisher] = { [name] = tree } })
    elseif locale then
      log.error("texts of a plugin cannot be read", { plugin = plugin.id, file = file, error = err.message })
    end
  end
end

local function handlers_of(plugin, out)
  for place, contract in pairs(contracts.by_place()) do
    for _, entry in ipairs(plugin.manifest.contributes[place] or {}) do
      local id = plugin.id .. "/" .. entry.id
      define_settings(id, entry)
      local call, blame = make_call(plugin, entry, contract.kind, id)
      out[#out + 1] = setmetatable({
        point = contract.point, kind = contract.kind, plugin = plugin.id, version = plugin.manifest.version, id = id,
        title = entry.title and plugin.id .. "." .. entry.title, input = entry.input, before = entry.before,
        after = entry.after, on_error = entry.on_error, spec = entry, flow = entry.flow,
        hold_minutes = entry.hold_minutes, call = call, blame = blame,
      }, with_settings)
    end
  end
end

-- Contributions of two plugins that cannot both be had: the later one by name is named and skipped.
local function has_conflict(plugin, taken)
  if taken[plugin.id] then return "there is another plugin of this id in " .. taken[plugin.id] end
end

--- Finds the plugins and registers what they contribute. Never raises for a plugin's mistake.
---@param folders { path: string, bundled: boolean }[]
---@param options? { safe?: boolean } safe: register nothing
function plugins.load(folders, options)
  found, states = {}, {}
  for _, folder in ipairs(folders) do scan(folder.path, folder.bundled) end
  local handlers, taken = {}, {}
  for _, plugin in ipairs(found) do
    plugin.problem = plugin.problem or has_conflict(plugin, taken)
    if plugin.problem then
      log.error("a plugin is skipped", { plugin = plugin.id, error = plugin.problem })
    elseif not (options and options.safe) then
      taken[plugin.id] = plugin.root
      plugin.enabled = true
      load_locales(plugin)
      handlers_of(plugin, handlers)
    end
  end
  local ok, problem = points.set(handlers)
  if not ok then
    log.error("the plugins cannot be ordered; none is asked", { error = problem })
    points.set({})
  end
end

local settings_of = cache.memo("settings", function(_, handler)
  local config = {}
  for name in pairs(handler.spec.settings) do
    config[name] = settings.get(setting_key(handler.id, name))
  end
  return config
end)

--- The settings of a handler, with defaults filled in.
---@param handler merx.Handler
---@return table<string, any>
function plugins.settings(handler)
  return settings_of(handler.id, handler)
end

function with_settings.__index(handler, name)
  if name == "settings" then return settings_of(handler.id, handler) end
end

--- All plugins found, the broken ones too, by folder and name.
---@return merx.Plugin[]
function plugins.list()
  return found
end

--- Memory and counts of the plugins in this thread, for /metrics and `merx plugin info`.
---@param id string
---@return table?
function plugins.stats(id)
  return states[id] and states[id]:stats()
end

return plugins
