--- Typed settings of the shop: declared in code, changed by the command `settings.set`.
local cache = require("kernel.cache")
local command = require("kernel.command")
local db = require("kernel.db")
local failure = require("kernel.failure")
local json = require("native.json")
local schema = require("kernel.schema")

local settings = {}

---@class merx.Setting
---@field key string room and name, as "shop.name"
---@field spec merx.Schema its `default` is the value until somebody sets one
---@field doc string

local definitions = {} ---@type table<string, merx.Setting>
---@param definition merx.Setting
function settings.define(definition)
  assert(not definitions[definition.key], "the setting " .. definition.key .. " is defined twice")
  definitions[definition.key] = definition
end

local values = cache.memo("settings", function()
  local found = {}
  for _, row in ipairs(db.many("settings_all")) do found[row.key] = json.decode(row.value) end
  return found
end)

--- The value of a setting; whoever asks depends on it.
---@param key string
---@return any
function settings.get(key)
  local definition = definitions[key] or error("there is no setting " .. tostring(key), 2)
  local value = values("all")[key]
  if value == nil then return definition.spec.default end
  return value
end

---@return table<string, merx.Setting>
function settings.list()
  return definitions
end

command.define({
  name = "settings.set",
  doc = "Changes one setting.",
  args = schema.object({ key = schema.text({ required = true, max = 100 }), value = schema.any() }),
  handler = function(tx, args)
    local definition = definitions[args.key]
    if not definition then
      return failure.new("setting.unknown", "there is no setting " .. args.key)
    end
    local value, err = schema.check(schema.object({ value = definition.spec }), { value = args.value })
    if not value then return nil, err end
    local before = settings.get(args.key)
    db.run("settings_set", { key = args.key, value = json.encode(value.value), at = tx.now })
    tx.touch("settings")
    tx.audit({ action = "settings.set", entity = "setting", id = args.key,
      before = { value = before }, after = { value = value.value } })
    return { key = args.key }
  end,
})

return settings
