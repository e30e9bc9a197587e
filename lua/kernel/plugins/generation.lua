--- Generations: which plugins a shop has, in which version, and what the merchant granted them. A generation never
--- changes; each change makes the next one, and the one before stays to go back to. No code of a plugin runs here.
local cache = require("kernel.cache")
local command = require("kernel.command")
local config = require("kernel.plugins.config")
local db = require("kernel.db")
local failure = require("kernel.failure")
local fs = require("native.fs")
local json = require("native.json")
local manifest = require("kernel.plugins.manifest")
local native_db = require("native.db")
local schema = require("kernel.schema")
local tables = require("kernel.plugins.tables")
local task = require("native.task")
local thread = require("native.thread")

local generation = {}

---@class merx.Generation
---@field id integer
---@field plugins merx.Installed[] sorted by id; bundled ones only when the merchant switched them off
---@field pins { [1]: string, [2]: string }[]
---@field bindings table<string, string>
---@field parent_id? integer

---@class merx.Installed
---@field id string
---@field version string
---@field digest string of its package; "" for a folder that was unpacked by hand
---@field root string
---@field bundled boolean
---@field enabled boolean
---@field granted merx.Capabilities
---@field unsigned boolean
---@field key? string id of the key that signed it

local KEPT <const> = 5
local WATCHED_MS <const> = 10 * 60 * 1000

--- Where the files of an installed version lie.
---@param id string
---@param version string
---@param digest string
---@return string
function generation.root_of(id, version, digest)
  if digest == "" then return ("%s/plugins/%s"):format(thread.data, id) end
  return ("%s/plugins/%s/%s-%s"):format(thread.data, id, version, digest:sub(1, 12))
end

local function read_plugins(text)
  local list = json.decode(text)
  for _, entry in ipairs(list) do
    entry.root = entry.bundled and ("%s/plugins/%s"):format(thread.share, entry.id) or generation.root_of(entry.id, entry.version, entry.digest)
  end
  return list
end

local function open(row)
  if not row then return nil end
  row.plugins, row.pins, row.bindings = read_plugins(row.plugins), json.decode(row.pins), json.decode(row.bindings)
  return row
end

local active = cache.memo("plugins", function() return open(db.one("generation_active")) end)

--- The generation that is in force, the same table until another is; nil while the shop is as it was delivered.
---@return merx.Generation?
function generation.current()
  if not native_db.main() then return nil end
  return active("active")
end

-- Folders of plugins that lie in `parent`, by name.
local function folders_in(parent)
  local names = {}
  for _, name in ipairs(fs.exists(parent) and fs.list(parent) or {}) do
    local about = not name:find("^%.") and fs.stat(parent .. "/" .. name)
    if about and about.kind == "dir" then names[#names + 1] = name end
  end
  return names
end

--- Whether a plugin is part of Merx.
---@param id string
---@return boolean
function generation.is_bundled(id)
  return fs.exists(("%s/plugins/%s/plugin.json"):format(thread.share, id))
end

--- The newest generations, newest first, without their plugins' places.
---@return table[]
function generation.recent()
  local rows = db.many("generations_recent", { limit = KEPT })
  for _, row in ipairs(rows) do row.plugins = read_plugins(row.plugins) end
  return rows
end

--- One generation, if it is still there.
---@param id? integer
---@return merx.Generation?
function generation.by_id(id)
  return id and open(db.one("generation_by_id", { id = id })) or nil
end

-- A folder of installed versions, or of one that was to come and did not: not a plugin that was unpacked by hand.
local function holds_versions(folder)
  for _, name in ipairs(folders_in(folder)) do
    if name:find("^%d+%.%d+%.%d+%-%x+$") then return true end
  end
  return #assert(fs.list(folder)) == 0
end

--- What somebody unpacked by hand, for development: in force until there is a first generation, and then a part of it.
---@return merx.Installed[] by id; version "" for what cannot be read
function generation.unpacked()
  local list = {}
  for _, id in ipairs(thread.data and folders_in(thread.data .. "/plugins") or {}) do
    local root = generation.root_of(id, "", "")
    local bytes = fs.read(root .. "/plugin.json")
    if bytes or not holds_versions(root) then
      local found = bytes and manifest.parse(bytes, id, thread.version)
      list[#list + 1] = {
        id = id, version = found and found.version or "", digest = "", root = root, bundled = false, enabled = true,
        granted = found and found.capabilities or {}, unsigned = true,
      }
    end
  end
  return list
end

-- Installed plugins of the generation in force, or of a shop that has none yet.
local function in_force()
  local now = generation.current()
  return now and now.plugins or generation.unpacked()
end

--- What is installed under an id.
---@param id string
---@return merx.Installed?
function generation.find(id)
  for _, entry in ipairs(in_force()) do
    if entry.id == id then return entry end
  end
end

--- The plugins of the generation in force with one put in, replaced or (nil) taken out.
---@param id string
---@param entry? merx.Installed
---@return merx.Installed[]
function generation.with(id, entry)
  local list = {}
  for _, other in ipairs(in_force()) do
    if other.id ~= id and other.version ~= "" then list[#list + 1] = other end
  end
  list[#list + 1] = entry
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end

---@class merx.PluginSource where one plugin lies, and what was agreed about it
---@field id string
---@field root string
---@field bundled boolean
---@field is_off boolean
---@field unsigned boolean
---@field granted? merx.Capabilities nil: all that its manifest asks for
---@field is_fixed boolean its files are those of a version: another version lies elsewhere, or comes with another Merx
---@field generation integer

--- What a thread loads for a list of installed plugins: the bundled ones, then those.
---@param installed? merx.Installed[] what is in force without it
---@return merx.PluginSource[] by id, bundled ones first
function generation.sources(installed)
  installed = installed or in_force()
  local off, list = {}, {}
  for _, entry in ipairs(installed) do
    if entry.bundled then off[entry.id] = not entry.enabled end
  end
  for _, id in ipairs(folders_in(thread.share .. "/plugins")) do
    list[#list + 1] = {
      id = id, root = ("%s/plugins/%s"):format(thread.share, id), bundled = true, is_off = off[id] == true, unsigned = false, is_fixed = true,
    }
  end
  for _, entry in ipairs(installed) do
    if not entry.bundled then
      list[#list + 1] = {
        id = entry.id, root = entry.root, bundled = false, is_off = not entry.enabled, unsigned = entry.unsigned, granted = entry.granted,
        is_fixed = entry.digest ~= "",
      }
    end
  end
  for _, source in ipairs(list) do source.generation = generation.seen() end
  return list
end

--- The number by which a command is told what it was worked out from.
---@return integer
function generation.seen()
  local now = generation.current()
  return now and now.id or 0
end

--- Whether the files of a version are still needed by a generation that can be gone back to.
---@param id string
---@param version string
---@param digest string
---@return boolean
function generation.is_kept(id, version, digest)
  for _, row in ipairs(generation.recent()) do
    for _, entry in ipairs(row.plugins) do
      if entry.id == id and entry.version == version and entry.digest:sub(1, #digest) == digest then return true end
    end
  end
  return false
end

--- The keys that the merchant trusts for the plugins of a publisher.
---@param publisher string
---@return { key_id: string, public_key: string, added_at: integer }[]
function generation.keys_of(publisher)
  return db.many("publisher_keys", { publisher = publisher })
end

---@return { publisher: string, key_id: string, public_key: string, added_at: integer }[]
function generation.publishers()
  return db.many("publishers_all")
end

--- What stands before the dot of a plugin's id.
---@param id string
---@return string
function generation.publisher_of(id)
  return id:match("^[^.]+")
end

-- ---- the switch ------------------------------------------------------------------------------------------------------

local ID <const> = "^%l[%l%d-]*%.%l[%l%d-]*$"

local installed = schema.object({
  id = schema.text({ required = true, max = 60, pattern = ID }),
  version = schema.text({ required = true, max = 30 }),
  digest = schema.text({ default = "", max = 64, pattern = "^%x*$" }),
  bundled = schema.boolean({ default = false }), enabled = schema.boolean({ default = true }),
  granted = schema.any(), unsigned = schema.boolean({ default = false }),
  key = schema.text({ max = 16, pattern = "^%x+$" }), root = schema.text({ max = 4096 }),
}, { required = true })

local function by_id(list)
  local map = {}
  for _, entry in ipairs(list) do map[entry.id] = entry end
  return map
end

local function summary(entry)
  return entry and {
    version = entry.version, digest = entry.digest, enabled = entry.enabled, granted = entry.granted, unsigned = entry.unsigned, key = entry.key,
  }
end

-- Each plugin that is other than before, in the journal.
local function audit(tx, action, before, after, arranged)
  local had, has, ids = by_id(before), by_id(after), {}
  for id in pairs(had) do ids[id] = true end
  for id in pairs(has) do ids[id] = true end
  for id in pairs(ids) do
    if json.encode(summary(had[id])) ~= json.encode(summary(has[id])) then
      tx.audit({ action = action, entity = "plugin", id = id, before = summary(had[id]), after = summary(has[id]) })
    end
  end
  tx.audit({ action = action, entity = "generation", id = generation.seen(), after = arranged })
end

-- The writer's own judgement of what comes new into a generation; files and signatures were looked at by whoever asks.
local function entry_problem(entry)
  if entry.bundled then return nil end
  if not entry.key and not entry.unsigned then return entry.id .. " is neither signed nor said to be unsigned" end
  if entry.key then
    local trusted = false
    for _, key in ipairs(generation.keys_of(generation.publisher_of(entry.id))) do trusted = trusted or key.key_id == entry.key end
    if not trusted then return ("the key %s is not trusted for %s"):format(entry.key, entry.id) end
  end
  local earlier = entry.digest ~= "" and db.one("plugin_version_find", { plugin = entry.id, version = entry.version })
  if earlier and earlier.digest ~= entry.digest then
    return ("%s %s was installed before with another content: a version never changes, its publisher must give it a new number"):format(
      entry.id, entry.version)
  end
end

local function check_new(before, after)
  local had = by_id(before)
  for _, entry in ipairs(after) do
    local old = had[entry.id]
    if not old or old.version ~= entry.version or old.digest ~= entry.digest or old.key ~= entry.key then
      local problem = entry_problem(entry)
      if problem then return failure.new("generation.invalid", problem) end
    end
  end
  return true
end

local function strip(list)
  local out = json.array({})
  for i, entry in ipairs(list) do
    out[i] = {
      id = entry.id, version = entry.version, digest = entry.digest, bundled = entry.bundled or nil, enabled = entry.enabled,
      granted = entry.granted or {}, unsigned = entry.unsigned, key = entry.key,
    }
  end
  return out
end

-- The secrets of plugins that are taken away: nobody needs them any more, and going back does not bring them.
local function wipe_secrets(before, after)
  local has, wiped = by_id(after), 0
  for _, entry in ipairs(before) do
    if not entry.bundled and not has[entry.id] then wiped = wiped + db.run("settings_wipe_secrets", config.range(entry.id)) end
  end
  return wiped
end

-- The generation of a shop that never changed anything: something to go back to.
local function lay_base(tx, plugins)
  local _, id = db.run("generation_insert", {
    state = "retired", plugins = json.encode(strip(plugins)), pins = "[]", bindings = "{}", note = "as delivered", at = tx.now,
  })
  return id
end

-- Every thread takes up what is in force now, after this commit.
local function announce(tx)
  tx.touch("plugins")
  task.renew()
end

local ACTIONS <const> = schema.enum({ "install", "enable", "disable", "upgrade", "uninstall", "arrange", required = true })

command.define({
  name = "generation.switch",
  doc = "Puts a new set of plugins in force, and wipes the secrets of those that are gone. `seen`: the generation that it was worked out from.",
  args = schema.object({
    action = ACTIONS, seen = schema.integer({ required = true, min = 0 }),
    plugins = schema.list(installed, { required = true, max = 500 }),
    pins = schema.list(schema.list(schema.text({ required = true, max = 120 }), { required = true, max = 2 }), { max = 500 }),
    bindings = schema.map(schema.text({ required = true, max = 120 }), { max = 50 }),
    base = schema.list(installed, { max = 500, default = {} }), -- what the first generation of all begins with
    note = schema.text({ max = 500, default = "" }), watch = schema.boolean({ default = false }),
  }),
  handler = function(tx, args)
    local before = generation.current()
    if args.seen ~= (before and before.id or 0) then
      return failure.new("generation.conflict", "the plugins were changed meanwhile: look at them and try again")
    end
    local old = before and before.plugins or args.base
    local ok, refused = check_new(old, args.plugins)
    if not ok then return nil, refused end
    for _, pin in ipairs(args.pins or {}) do
      if #pin ~= 2 then return failure.new("generation.invalid", "a pin says which of two is asked first") end
    end
    for _, entry in ipairs(args.plugins) do
      if entry.digest ~= "" then
        db.run("plugin_version_add", { plugin = entry.id, version = entry.version, digest = entry.digest, key_id = entry.key, at = tx.now })
      end
    end
    local parent = before and before.id or lay_base(tx, args.base)
    db.run("generation_retire", { state = "retired" })
    local _, id = db.run("generation_insert", {
      state = "active", plugins = json.encode(strip(args.plugins)), parent_id = parent, note = args.note, at = tx.now,
      pins = json.encode(json.array(args.pins or before and before.pins or {})),
      bindings = json.encode(args.bindings or before and before.bindings or {}),
      watched_until = args.watch and tx.now + WATCHED_MS or nil,
    })
    db.run("generations_prune", { kept = KEPT })
    local wiped = wipe_secrets(old, args.plugins)
    if wiped > 0 then tx.touch("settings") end
    announce(tx)
    audit(tx, "plugin." .. args.action, old, args.plugins, { note = args.note, pins = args.pins, bindings = args.bindings, wiped = wiped > 0 and wiped or nil })
    return { generation = id, before = before and before.id or 0, wiped = wiped }
  end,
})

command.define({
  name = "generation.rollback",
  doc = "Puts an earlier generation in force again: `to`, or the one before. `failed`: the present one is taken back because it fails; "
    .. "`unready`: if it still lacks tables.",
  args = schema.object({
    to = schema.integer({ min = 1 }), seen = schema.integer({ required = true, min = 0 }),
    failed = schema.boolean({ default = false }), unready = schema.boolean({ default = false }),
    note = schema.text({ max = 500, default = "" }),
  }),
  handler = function(tx, args)
    local before = generation.current()
    if not before then return failure.new("generation.missing", "there is nothing to go back to: no plugin was ever changed") end
    if args.seen ~= before.id then
      return failure.new("generation.conflict", "the plugins were changed meanwhile: look at them and try again")
    end
    if args.unready and tables.are_ready(generation.sources()) then
      return failure.new("generation.ready", "its tables are there")
    end
    local target = generation.by_id(args.to or before.parent_id)
    if not target or target.id == before.id then
      return failure.new("generation.missing", args.to and ("there is no generation %d to go back to"):format(args.to)
        or "there is no generation before this one any more")
    end
    db.run("generation_retire", { state = args.failed and "failed" or "retired" })
    db.run("generation_activate", { id = target.id })
    announce(tx)
    audit(tx, "plugin.rollback", before.plugins, target.plugins, { note = args.note, pins = target.pins, bindings = target.bindings })
    return { generation = target.id, before = before.id }
  end,
})

-- ---- publishers ------------------------------------------------------------------------------------------------------

command.define({
  name = "publisher.trust",
  doc = "Trusts a key for the plugins of a publisher. `also`: besides the keys that are trusted already.",
  args = schema.object({
    publisher = schema.text({ required = true, max = 30, pattern = "^%l[%l%d-]*$" }),
    key_id = schema.text({ required = true, max = 16, pattern = "^%x+$" }),
    public_key = schema.text({ required = true, max = 100 }), also = schema.boolean({ default = false }),
  }),
  handler = function(tx, args)
    local known = generation.keys_of(args.publisher)
    for _, key in ipairs(known) do
      if key.key_id == args.key_id and key.public_key ~= args.public_key then
        return failure.new("publisher.conflict", "another key of this id is trusted: it was made to be mistaken for that one")
      end
      if key.key_id == args.key_id then return { publisher = args.publisher, key_id = args.key_id } end
    end
    if #known > 0 and not args.also then
      return failure.new("publisher.conflict", ("%s has the key %s: ask the publisher why there is a new one, then add --also"):format(
        args.publisher, known[1].key_id))
    end
    db.run("publisher_trust", { publisher = args.publisher, key_id = args.key_id, public_key = args.public_key, at = tx.now })
    tx.audit({ action = "publisher.trust", entity = "publisher", id = args.publisher, after = { key = args.key_id, public_key = args.public_key } })
    return { publisher = args.publisher, key_id = args.key_id }
  end,
})

command.define({
  name = "publisher.distrust",
  doc = "Trusts a key no more. What it signed stays installed.",
  args = schema.object({
    publisher = schema.text({ required = true, max = 30 }), key_id = schema.text({ required = true, max = 16 }),
  }),
  handler = function(tx, args)
    if db.run("publisher_distrust", args) == 0 then
      return failure.new("publisher.missing", ("%s has no key %s"):format(args.publisher, args.key_id))
    end
    tx.audit({ action = "publisher.distrust", entity = "publisher", id = args.publisher, before = { key = args.key_id } })
    return { publisher = args.publisher, key_id = args.key_id }
  end,
})

return generation
