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
---@field type? string of a plugin's setting, as "money"
---@field label? string key of the message that names it
---@field columns? table<string, table> of a plugin's table, as its manifest declares them
---@field plugin? string whose it is: such a one goes when the plugins change
---@field is_stale? boolean its plugin was loaded anew and has it no more
---@field seal? fun(key: string, value: string): string of a secret: what is kept instead of the value

local definitions = {} ---@type table<string, merx.Setting>

---@param definition merx.Setting
function settings.define(definition)
  local other = definitions[definition.key]
  assert(not other or other.plugin and other.is_stale, "the setting " .. definition.key .. " is defined twice")
  definitions[definition.key], definition.is_stale = definition, nil
end

local values = cache.memo("settings", function()
  local found = {}
  for _, row in ipairs(db.many("settings_all")) do
    local value = json.decode(row.value)
    if value ~= json.null then found[row.key] = value end -- null: as if nobody had ever set it
  end
  return found
end)

--- The value of a setting; whoever asks depends on it.
---@param key string
---@return any
function settings.get(key)
  local definition = definitions[key] or error("there is no setting " .. tostring(key), 2)
  if definition.plugin then cache.read("plugins") end -- another version of it may have another default
  local value = values("all")[key]
  if value == nil then return definition.spec.default end
  return value
end

--- Before plugins are loaded anew: their settings may be defined again. Those that are not stay readable until the next
--- time, for what is under way; values stay for good.
function settings.renew_plugins()
  for key, definition in pairs(definitions) do
    if definition.is_stale then definitions[key] = nil else definition.is_stale = definition.plugin ~= nil end
  end
end

local HIDDEN <const> = "••••••"

--- The value as people may see it: of a secret only whether there is one.
---@param key string
---@return any
function settings.shown(key)
  local value = settings.get(key)
  if definitions[key].seal and value ~= nil then return HIDDEN end
  return value
end

---@return table<string, merx.Setting>
function settings.list()
  local list = {}
  for key, definition in pairs(definitions) do
    if not definition.is_stale then list[key] = definition end
  end
  return list
end

--- Rises with every change of a setting: what was looked at is told from what is.
---@return integer
function settings.revision()
  return db.value("settings_revision")
end

local function put(tx, key, value)
  local before, seal = settings.get(key), definitions[key].seal
  if seal then
    if value == nil or value == json.null or value == HIDDEN then return false end -- a form that was sent as it came
    db.run("settings_set", { key = key, value = json.encode(seal(key, value)), at = tx.now })
    tx.audit({ action = "settings.set", entity = "setting", id = key, after = { value = HIDDEN } })
    return true
  end
  if json.encode(before) == json.encode(value) or before == nil and value == json.null then return false end
  db.run("settings_set", { key = key, value = json.encode(value), at = tx.now })
  tx.audit({ action = "settings.set", entity = "setting", id = key, before = { value = before }, after = { value = value } })
  return true
end

-- All values, or every mistake by its key.
local function check_all(given)
  local found, fields, args = {}, {}, {}
  for key, raw in pairs(given) do
    local definition = definitions[key]
    if not definition then return failure.new("setting.unknown", "there is no setting " .. key) end
    local clean, err = schema.check(schema.object({ value = definition.spec }), { value = raw }, { coerce = true })
    if clean and clean.value == nil then clean.value = json.null end
    if clean then
      found[key] = clean.value
    else
      local path = err.fields.value and "value" or next(err.fields) -- of several parts one may be wrong
      fields[key], args[key] = err.fields[path], err.args[path]
    end
  end
  if not next(fields) then return found end
  local _, err = failure.new("invalid", "wrong settings: nothing was changed", fields)
  err.args = args
  return nil, err
end

command.define({
  name = "settings.set_all",
  doc = "Changes several settings together, or none. `seen`: the revision that was looked at.",
  args = schema.object({
    values = schema.map(schema.any(), { max = 500, required = true }), seen = schema.integer({ min = 0 }),
  }),
  handler = function(tx, args)
    if args.seen and args.seen ~= settings.revision() then
      return failure.new("settings.stale", "the settings changed since they were looked at")
    end
    local clean, err = check_all(args.values)
    if not clean then return nil, err end
    local keys, changed = {}, 0
    for key in pairs(clean) do keys[#keys + 1] = key end
    table.sort(keys)
    for _, key in ipairs(keys) do
      if put(tx, key, clean[key]) then changed = changed + 1 end
    end
    if changed > 0 then tx.touch("settings") end
    return { changed = changed }
  end,
})

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
    if put(tx, args.key, value.value) then tx.touch("settings") end
    return { key = args.key }
  end,
})

return settings
