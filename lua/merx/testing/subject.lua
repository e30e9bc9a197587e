--- An entry of a plugin as the conformance suites see it, in a shop of its own.
local fs = require("native.fs")
local host = require("kernel.plugins.host")
local json = require("native.json")
local kinds = require("kernel.plugins.kinds")
local native = require("native.plugin")
local native_db = require("native.db")
local outside = require("merx.testing.outside")
local preludes = require("kernel.plugins.preludes")
local samples = require("merx.testing.samples")
local shop = require("merx.testing.shop")
local tables = require("kernel.plugins.tables")

local subject = {}

local function find_handler(point, id)
  for _, handler in ipairs(require("kernel.points").handlers(point)) do
    if handler.id == id then return handler end
  end
  error("the engine does not know " .. id, 0)
end

local function budget_of(kind, input)
  local lines = type(input) == "table" and type(input.lines) == "table" and #input.lines or 0
  local found = kinds[kind]
  if not found.per_line then return found.budget end
  return { instructions = found.budget.instructions + found.per_line * lines, memory = found.budget.memory }
end

-- The handler in a state that nobody asked yet: nothing is remembered there, neither by it nor for it.
local function fresh(plugin, handler)
  local state = assert(native.open({ id = plugin.id, root = plugin.root, prelude = preludes, host = host.serve(plugin) }))
  local settings = handler.settings
  return setmetatable({
    ask = false,
    settings = settings,
    call = function(input, config, context)
      local ok, result, why = state:call(handler.kind, handler.spec.handler, budget_of(handler.kind, input), input, config, context)
      if ok then return result, why end
      return nil, { code = "plugin." .. result.code, message = result.message }
    end,
  }, { __index = handler })
end

local function sample_of(root, entry)
  local bytes = fs.read(("%s/tests/samples/%s.json"):format(root, entry.id))
  if not bytes then return nil end
  local sample, err = json.decode(bytes)
  if sample == nil then error(("tests/samples/%s.json is not JSON: %s"):format(entry.id, err.message), 0) end
  return sample
end

local function count_rows(plugin)
  local conn, sum = native_db.main(), 0
  local prefix = tables.prefix_of(plugin.id)
  local named = conn:prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, :length) = :prefix")
  for _, row in ipairs(assert(named):all({ length = #prefix, prefix = prefix })) do
    sum = sum + assert(conn:prepare("SELECT count(*) FROM " .. row.name)):value()
  end
  return sum
end

local ASKS_ONLY <const> = { pure = true, view = true }

local kept -- the plugin in the shop of the last case, when that case could change nothing

-- Whatever only answers leaves the shop as it was: the next case may have it. An adapter does more.
local function open_shop(root, contract)
  local plugin, asks_only = kept, ASKS_ONLY[contract.kind] and not contract.functions
  if plugin and asks_only then
    shop.set_clock()
  else
    plugin = shop.open(root)
    outside.stand_in()
  end
  outside.reset()
  kept = asks_only and plugin or nil
  return plugin
end

--- Gives the next case a shop of its own: in this one a handler failed, and may rest now.
function subject.forget()
  kept = nil
end

--- The entry in a shop with the plugin, its settings filled in.
---@param root string
---@param contract merx.Contract
---@param entry table
---@return merx.Subject
function subject.open(root, contract, entry)
  local plugin = open_shop(root, contract)
  shop.set(plugin.id, nil, samples.of(plugin.manifest.settings))
  shop.set(plugin.id, entry.id, samples.of(entry.settings))
  local id = plugin.id .. "/" .. entry.id
  local handler = find_handler(contract.point, id)
  return {
    id = id, entry = entry, handler = handler, sample = sample_of(root, entry), outside = outside.mood, answer_with = outside.answer_with,
    fresh = function() return fresh(plugin, handler) end, rows = function() return count_rows(plugin) end,
  }
end

return subject
