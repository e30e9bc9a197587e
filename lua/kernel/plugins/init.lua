--- The plugins of this shop: found by folder, read as data, asked through extension points. Each runs
--- in a Lua state of its own; one that is broken is named and skipped, and the shop goes on.
local calls = require("kernel.plugins.calls")
local config = require("kernel.plugins.config")
local contracts = require("kernel.contracts")
local deliveries = require("kernel.plugins.deliveries")
local desk = require("kernel.plugins.desk")
local dev = require("kernel.dev")
require("kernel.plugins.forget")
local folders = require("kernel.plugins.folder")
local fs = require("native.fs")
local host = require("kernel.plugins.host")
local i18n = require("kernel.i18n")
local json = require("native.json")
local log = require("kernel.log")
local manifest = require("kernel.plugins.manifest")
local native = require("native.plugin")
local points = require("kernel.points")
local preludes = require("kernel.plugins.preludes")
local resolve = require("kernel.plugins.resolve")
local secrets = require("kernel.plugins.secrets")
local settings = require("kernel.settings")
local slots = require("kernel.plugins.slots")
local signature = require("kernel.signature")
local source_place = require("kernel.plugins.source_place")
local tables = require("kernel.plugins.tables")
local thread = require("native.thread")

require("kernel.plugins.host.plain")
require("kernel.plugins.host.command")
require("kernel.plugins.host.database")
require("kernel.plugins.host.mail")
require("kernel.plugins.host.outgoing")
require("kernel.plugins.host.storage")
require("kernel.plugins.services")
require("kernel.plugins.commands")
require("kernel.plugins.guards")

local plugins = {}

---@class merx.Plugin
---@field id string
---@field root string folder
---@field bundled boolean part of Merx
---@field manifest? table nil when it cannot be read
---@field problem? string why it is skipped
---@field enabled boolean
---@field granted merx.Capabilities what it may do; a bundled plugin all that its manifest asks for
---@field unsigned? boolean nobody vouches for it
---@field generation? integer with which it was loaded
---@field pool? string of the requests that it sends, when others must not hold them up
---@field state? userdata its Lua, once it was needed in this thread
---@field asked? userdata|table the same, as handlers ask it: on a desk somebody listens
---@field signature? string of its files; nil: they may still change unseen
---@field agreed string what was agreed about it
---@field handlers? merx.Handler[] what it contributes, once it was enabled; as are its settings
---@field settings? merx.Setting[]
---@field has_texts? boolean its messages are known
---@field stays? boolean it was there before the last reload
---@field is_left? boolean this thread has gone on to others; what is under way may still ask it
---@field calls integer in this thread, as are errors
---@field errors integer
---@field refused? integer
---@field last_error? string
---@field failure? merx.PluginFailure the last one, on a desk

local MIB <const> = 1024 * 1024

local STATE_MEMORY <const> = 48 * MIB

local found = {} ---@type merx.Plugin[]
local left = {} ---@type merx.Plugin[] those of before, while they have a state
local staying = {} ---@type table<string, merx.Plugin> by folder: those of before a reload, which stay if nothing of them changed
local trusts_files = false -- those that nobody changes by hand are as they were

-- While files and this are the same, a plugin is the same: what was read of it holds, and so does its state.
local function agreed_of(source)
  return ("%s %s %s"):format(source.bundled, source.unsigned, json.encode(source.granted or json.null))
end

local function signature_of(root)
  local of_files, is_settled = signature.of(root)
  return is_settled and of_files or nil
end

-- One that was off begins anew, so that what it does from now on is told from what it did before; one that stays is counted
-- with the generation that it came with.
local function stayed(source, agreed)
  local plugin = staying[source.root]
  if not plugin or not plugin.enabled or source.is_off or not plugin.signature or plugin.agreed ~= agreed then return nil end
  if not (trusts_files and source.is_fixed) and plugin.signature ~= signature_of(source.root) then return nil end
  plugin.enabled, plugin.stays = false, true
  return plugin
end

-- What was granted may be less than what the manifest asks for; without a word about it, it is all of that.
local function read_plugin(source)
  local agreed = agreed_of(source)
  local plugin = stayed(source, agreed)
  if plugin then return plugin end
  plugin = {
    id = source.id, root = source.root, bundled = source.bundled, unsigned = source.unsigned, is_off = source.is_off, generation = source.generation,
    enabled = false, granted = {}, calls = 0, errors = 0, agreed = agreed,
    signature = signature_of(source.root), -- before reading: what is written meanwhile is noticed
  }
  plugin.problem = not plugin.bundled and fs.exists(plugin.root) and folders.problem(plugin.root) or nil
  if plugin.problem then return plugin end
  local bytes, err = fs.read(plugin.root .. "/plugin.json")
  if not bytes and not fs.exists(plugin.root .. "/plugin.json") then
    plugin.problem = "there is no plugin.json in its folder; if it was unpacked one folder too deep, move it up"
    return plugin
  end
  if not bytes then
    plugin.problem = "its plugin.json cannot be read: " .. err.message
    return plugin
  end
  plugin.manifest, plugin.problem = manifest.parse(bytes, source.id, thread.version)
  plugin.granted = source.granted or plugin.manifest and plugin.manifest.capabilities or {}
  return plugin
end

local function scan(parent, bundled, only)
  if not fs.exists(parent) then return end
  for _, folder in ipairs(assert(fs.list(parent))) do
    local about = not folder:find("^%.") and (not only or only[folder]) and fs.stat(parent .. "/" .. folder)
    if about and about.kind == "dir" then
      found[#found + 1] = read_plugin({ id = folder, root = parent .. "/" .. folder, bundled = bundled, unsigned = not bundled })
    end
  end
end

-- One state for each plugin of each generation: what is under way keeps the plugin that it began with.
local function open_state(plugin)
  if plugin.state then return plugin.asked end
  local opened, err = native.open({
    id = plugin.id, root = plugin.root, prelude = preludes, memory = STATE_MEMORY, generation = plugin.generation or 0,
    host = host.serve(plugin),
  })
  if not opened then return nil, err end
  plugin.state, plugin.asked = opened, dev.is_on() and desk.watch(plugin, opened) or opened
  if plugin.is_left then left[#left + 1] = plugin end
  return plugin.asked
end

-- `id` is that of the plugin or of one of its entries.
local function add_settings(plugin, id, declarations)
  for name, declared in pairs(declarations) do
    table.insert(plugin.settings, {
      key = config.key(id, name), spec = manifest.setting_spec(declared), doc = declared.label or name, type = declared.type,
      label = declared.label and plugin.id .. "." .. declared.label, plugin = plugin.id,
      columns = declared.columns, seal = declared.type == "secret" and secrets.seal or nil,
    })
  end
end

-- `handler.settings` is worked out when asked for, so that it is never older than the settings are.
local with_settings = {}

-- The functions of an adapter's module, each with its own breaker.
local function functions_of(plugin, entry, contract, id)
  if not contract.functions or not entry.adapter then return nil end
  local fns = {}
  for name, kind in pairs(contract.functions) do
    fns[name] = calls.make(plugin, { id = id .. "." .. name, kind = kind, name = entry.adapter .. ":" .. name }, open_state).call
  end
  return fns
end

-- Messages are texts, by key; whatever else stands there is none.
local function texts_of(tree)
  local texts = {}
  for key, value in pairs(tree) do
    if type(value) == "table" then
      texts[key] = texts_of(value)
    elseif type(value) == "string" then
      texts[key] = value
    end
  end
  return texts
end

local function load_locales(plugin)
  if plugin.has_texts then return end
  plugin.has_texts = true
  local folder = plugin.root .. "/locales"
  local publisher, name = plugin.id:match("^([^.]+)%.(.+)$")
  for _, file in ipairs(fs.list(folder) or {}) do
    local locale = file:match("^(%l[%w-]*)%.json$")
    local bytes, tree, err
    if locale then bytes, err = fs.read(folder .. "/" .. file) end
    if bytes then tree, err = json.decode(bytes) end
    if type(tree) == "table" then
      i18n.add(locale, { [publisher] = { [name] = texts_of(tree) } })
    elseif locale then
      log.error("texts of a plugin cannot be read", { plugin = plugin.id, file = file, error = err and err.message or "it is no object" })
    end
  end
end

-- What was wrong with an answer is told with the place of the handler that gave it.
local function blamed(plugin, name, blame)
  return function(code, message)
    local told = ("%s: %s"):format(source_place.of(plugin, name), message)
    blame(code, told)
    return told
  end
end

local function add_handlers(plugin)
  local accounts = {}
  for _, kind in ipairs(plugin.granted.accounts or {}) do accounts[kind] = true end
  for place, contract in pairs(contracts.by_place()) do
    for _, entry in ipairs(plugin.manifest.contributes[place] or {}) do
      plugin.pool = plugin.pool or contract.pool
      local id = plugin.id .. "/" .. entry.id
      add_settings(plugin, id, entry.settings)
      local asked = entry.handler
        and calls.make(plugin, { id = id, kind = contract.kind, name = entry.handler, input = entry.input }, open_state) or {}
      table.insert(plugin.handlers, setmetatable({
        point = contract.point, kind = contract.kind, plugin = plugin.id, bundled = plugin.bundled, version = plugin.manifest.version, id = id,
        title = entry.title and plugin.id .. "." .. entry.title, input = entry.input, before = entry.before,
        after = entry.after, on_error = entry.on_error, spec = entry, flow = entry.flow,
        hold_minutes = entry.hold_minutes, call = asked.call, ask = asked.ask, trace = asked.trace,
        blame = asked.blame and blamed(plugin, entry.handler, asked.blame),
        accounts = accounts, plugin_settings = plugin.manifest.settings, fns = functions_of(plugin, entry, contract, id),
      }, with_settings))
    end
  end
end

-- Whether a handler has its slot is said anew each time; what began before heard what was said then.
local function unmarked(handler)
  if handler.is_unbound == nil then return handler end
  local copy = setmetatable({}, with_settings)
  for name, value in pairs(handler) do copy[name] = value end
  copy.is_unbound = nil
  return copy
end

-- What a plugin contributes is made once, so that those who know a handler know it again.
local function register(plugin, out)
  if not plugin.handlers then
    plugin.handlers, plugin.settings = {}, {}
    add_settings(plugin, plugin.id, plugin.manifest.settings)
    add_handlers(plugin)
  end
  for _, definition in ipairs(plugin.settings) do settings.define(definition) end
  for i, handler in ipairs(plugin.handlers) do
    plugin.handlers[i] = unmarked(handler)
    out[#out + 1] = plugin.handlers[i]
  end
end

local loaded -- what load() was given, for a reload

-- Broken and unfit plugins are named; the others are enabled.
local function choose(options)
  local taken, candidates = {}, {}
  for _, plugin in ipairs(found) do
    if not plugin.problem and taken[plugin.id] then
      plugin.problem = "there is another plugin of this id in " .. taken[plugin.id]
    elseif not plugin.problem and not plugin.is_off then
      taken[plugin.id] = plugin.root
      candidates[#candidates + 1] = plugin
    end
  end
  local fit, problems = resolve.check(candidates, options)
  for _, plugin in ipairs(candidates) do plugin.problem = problems[plugin.id] end
  local ready = {}
  for _, plugin in ipairs(fit) do
    plugin.problem = not options.is_trial and not plugin.stays and tables.prepare(plugin) or nil
    if not plugin.problem then ready[#ready + 1] = plugin end
  end
  for _, plugin in ipairs(found) do
    if plugin.problem then log.error("a plugin is skipped", { plugin = plugin.id, error = plugin.problem }) end
  end
  return ready
end

---@class merx.PluginFolder
---@field path string
---@field bundled boolean
---@field only? table<string, boolean> these ids, of all that lie there

-- Reads every plugin of a list: of whole folders, or one by one.
local function read_all(sources)
  for _, source in ipairs(sources) do
    if source.path then
      scan(source.path, source.bundled, source.only)
    else
      found[#found + 1] = read_plugin(source)
    end
  end
end

--- Closes the states of plugins that this thread has gone on from, but those in which an effect waits. Whatever began with
--- one and asks it once more opens it again.
function plugins.close_left()
  if #left == 0 then return end
  local busy = {}
  for _, plugin in ipairs(left) do
    if plugin.state:is_busy() then
      busy[#busy + 1] = plugin
    else
      plugin.state:close()
      plugin.state = nil
    end
  end
  left = busy
end

-- Goes on from those that are asked no more.
local function leave(before)
  local stays = {}
  for _, plugin in ipairs(found) do stays[plugin] = plugin.enabled end
  for _, plugin in ipairs(before) do
    if not stays[plugin] then
      plugin.is_left = true
      if plugin.state then left[#left + 1] = plugin end
    end
  end
  plugins.close_left()
end

--- Finds the plugins and registers what they contribute. Never raises for a plugin's mistake.
---@param sources (merx.PluginFolder|merx.PluginSource)[]|fun(): (merx.PluginFolder|merx.PluginSource)[], table?, integer? a function is asked
--- at each reload, and may give the merchant's pins, the generation and its bindings, too
---@param options? { safe?: boolean, pins?: table, bindings?: table<string, string>, is_trial?: boolean } safe: register nothing; without
--- bindings every handler of a slot is asked
function plugins.load(sources, options)
  options = options or {}
  loaded = { sources, options }
  local before = found
  found = {}
  settings.renew_plugins()
  local list, pins, number, bindings = sources, options.pins, nil, options.bindings
  if type(sources) == "function" then list, pins, number, bindings = sources() end
  read_all(list)
  local handlers = {}
  local fit = choose({ pins = pins, is_trial = options.is_trial })
  for _, plugin in ipairs(options.safe and {} or fit) do
    plugin.enabled = true
    load_locales(plugin)
    register(plugin, handlers)
  end
  if bindings then slots.mark(handlers, bindings) end
  assert(points.set(handlers, pins, number))
  leave(before)
  if not options.is_trial then deliveries.welcome() end
end

local function load_again(trusting)
  for _, plugin in ipairs(found) do staying[plugin.root] = plugin end
  trusts_files = trusting
  local ok, problem = pcall(plugins.load, table.unpack(loaded, 1, 2))
  staying, trusts_files = {}, false
  if not ok then error(problem, 0) end
end

--- Finds and registers them anew: plugins were installed, enabled, changed or taken away. The others keep their states.
function plugins.reload()
  load_again(false)
end

--- The same when another generation is in force: the files of a version never change, so they are not looked at.
function plugins.renew()
  load_again(true)
end

--- Those of a list that this thread has not loaded.
---@param sources merx.PluginSource[]
---@return merx.PluginSource[]
function plugins.newcomers(sources)
  local loaded_from, list = {}, {}
  for _, plugin in ipairs(found) do loaded_from[plugin.root] = plugin.enabled end
  for _, source in ipairs(sources) do
    if not loaded_from[source.root] then list[#list + 1] = source end
  end
  return list
end

--- Runs fn() with other plugins than those that are loaded, which are loaded again after it. No tables are made for them.
---@generic T
---@param sources merx.PluginSource[]
---@param arranged { pins?: merx.Pin[], bindings: table<string, string> }
---@param fn fun(): T
---@return T
function plugins.try(sources, arranged, fn)
  local before = loaded
  plugins.load(sources, { pins = arranged.pins, bindings = arranged.bindings, is_trial = true })
  local ok, result = xpcall(fn, debug.traceback)
  plugins.load(table.unpack(before, 1, 2))
  if not ok then error(result, 0) end
  return result
end

plugins.settings = config.of
plugins.missing_setting = config.missing

function with_settings.__index(handler, name)
  if name == "settings" then return config.of(handler) end
end

--- All plugins found, the broken ones too, by folder and name.
---@return merx.Plugin[]
function plugins.list()
  return found
end

--- Memory and counts of a plugin in this thread.
---@param id string
---@return table?
function plugins.stats(id)
  local plugin = plugins.find(id)
  return plugin and plugin.state and plugin.state:stats()
end

--- The plugin of an id, when it was found.
---@param id string
---@return merx.Plugin?
function plugins.find(id)
  for _, plugin in ipairs(found) do
    if plugin.id == id then return plugin end
  end
end

return plugins
