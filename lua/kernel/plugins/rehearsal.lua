--- A plugin tried out before it is put in force: its handlers are loaded in a state of its own, its migrations are made in
--- a copy of the tables that it has here. Nothing of the shop is touched.
local contracts = require("kernel.contracts")
local failure = require("kernel.failure")
local fs = require("native.fs")
local host = require("kernel.plugins.host")
local manifest = require("kernel.plugins.manifest")
local native = require("native.plugin")
local preludes = require("kernel.plugins.preludes")
local table_copy = require("kernel.plugins.table_copy")
local tables = require("kernel.plugins.tables")
local thread = require("native.thread")

local rehearsal = {}

local MEMORY <const> = 48 * 1024 * 1024

local function refuse(message, ...)
  return failure.new("plugin.invalid", message:format(...))
end

-- Every function that a manifest names, with the kind as which it is asked.
local function functions_of(found)
  local list = {}
  for place, contract in pairs(contracts.by_place()) do
    for _, entry in ipairs(found.contributes[place] or {}) do
      if entry.handler then list[#list + 1] = { kind = contract.kind, name = entry.handler, entry = entry.id } end
      for name, kind in pairs(entry.adapter and contract.functions or {}) do
        list[#list + 1] = { kind = kind, name = entry.adapter .. ":" .. name, entry = entry.id }
      end
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

local function load_all(plugin)
  local state, err = native.open({ id = plugin.id, root = plugin.root, prelude = preludes, memory = MEMORY, host = host.serve(plugin) })
  if not state then return refuse("%s cannot be opened: %s", plugin.id, err.message) end
  local list = functions_of(plugin.manifest)
  for _, fn in ipairs(list) do
    local ok, problem = state:load(fn.kind, fn.name)
    if not ok then return refuse("%s/%s: its handler %s does not load: %s", plugin.id, fn.entry, fn.name, problem.message) end
  end
  return #list
end

local function migrate(plugin)
  local folder = plugin.root .. "/migrations"
  if not fs.exists(folder) then return 0 end
  if not plugin.granted.tables then
    return refuse('%s has migrations, but does not ask for tables: its plugin.json lacks "capabilities": { "tables": true }', plugin.id)
  end
  local conn = table_copy.open(plugin.id)
  local done, err = tables.migrate(conn, plugin.id, plugin.root)
  conn:close()
  if not done then return refuse("%s: its migrations fail in this shop, so nothing was changed: %s", plugin.id, err.message) end
  return #assert(fs.list(folder))
end

--- Tries a plugin out.
---@param plugin { id: string, root: string, bundled: boolean, granted: merx.Capabilities }
---@return { handlers: integer, migrations: integer }?
---@return merx.Error?
function rehearsal.run(plugin)
  local found, problem = manifest.parse(assert(fs.read(plugin.root .. "/plugin.json")), plugin.id, thread.version)
  if not found then return refuse("%s: %s", plugin.id, problem) end
  local tried = { id = plugin.id, root = plugin.root, bundled = plugin.bundled, granted = plugin.granted, manifest = found, calls = 0, errors = 0 }
  local handlers, broken = load_all(tried)
  if not handlers then return nil, broken end
  local migrations, failed = migrate(tried)
  if not migrations then return nil, failed end
  return { handlers = handlers, migrations = migrations }
end

return rehearsal
