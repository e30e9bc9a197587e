--- The shop that the specs of a plugin run in: in memory, with real migrations, commands and queries, the plugin and what
--- it needs. Each case has one of its own.
local clock = require("native.clock")
local fs = require("native.fs")
local json = require("native.json")
local native_db = require("native.db")
local thread = require("native.thread")

local shop = {}

local BEGIN <const> = 1767225600000 -- 2026-01-01 00:00 UTC

-- So that mail is sent at all; nobody is asked.
local MAIL <const> = { ["mail.host"] = "mail.example.com", ["mail.from"] = "shop@example.com" }

--- The folder of the plugin whose test file is running, found by the file's own place.
---@return string root absolute
---@return string id
function shop.find_root()
  for level = 2, 40 do
    local info = debug.getinfo(level, "S")
    local root = info and info.source:match("^@(.+)/tests/[^/]+%.lua$")
    if root and not fs.exists(root .. "/plugin.json") then root = thread.share .. "/" .. root end
    if root and fs.exists(root .. "/plugin.json") then return root, root:match("[^/]+$") end
    if not info then break end
  end
  error("merx.testing is for files in the folder tests of a plugin, beside its plugin.json", 0)
end

local function read_manifest(root)
  local bytes = fs.read(root .. "/plugin.json")
  local found = bytes and json.decode(bytes)
  return type(found) == "table" and found or {}
end

-- The ids that a manifest needs, of itself or for their services.
local function needs_of(manifest)
  local ids = {}
  for id in pairs(type(manifest.requires) == "table" and manifest.requires or {}) do ids[#ids + 1] = id end
  local capabilities = type(manifest.capabilities) == "table" and manifest.capabilities or {}
  for _, name in ipairs(capabilities.services or {}) do ids[#ids + 1] = name:match("^[^/]+") end
  return ids
end

-- Adds a plugin and all that it needs to the folders they lie in.
local function add(folders, id, parents)
  for _, parent in ipairs(parents) do
    if fs.exists(parent .. "/" .. id .. "/plugin.json") then
      if folders[parent][id] then return end
      folders[parent][id] = true
      for _, other in ipairs(needs_of(read_manifest(parent .. "/" .. id))) do add(folders, other, parents) end
      return
    end
  end
end

--- The folders to load: the plugin, those that it needs, and `others`.
---@param root string
---@param others? string[] ids
---@return { path: string, bundled: boolean, only: table<string, boolean> }[]
function shop.folders(root, others)
  local parent, id = root:match("^(.*)/([^/]+)$")
  local bundled = thread.share .. "/plugins"
  local parents = parent == bundled and { bundled } or { bundled, parent }
  local only = { [bundled] = {}, [parent] = {} }
  only[parent][id] = true
  for _, other in ipairs(needs_of(read_manifest(root))) do add(only, other, parents) end
  for _, other in ipairs(others or {}) do add(only, other, parents) end
  local folders = {}
  for i, path in ipairs(parents) do folders[i] = { path = path, bundled = path == bundled, only = only[path] } end
  return folders
end

-- A tool and a test hold no plugin as granted: in its own tests a plugin has all that it asks for.
local function grant(id)
  local plugin = assert(require("kernel.plugins").find(id), "there is no plugin " .. id)
  if plugin.problem then error(id .. " cannot be loaded: " .. plugin.problem, 0) end
  plugin.granted = plugin.manifest.capabilities
  return plugin
end

--- Puts the clock back to the beginning: after each case it runs again.
function shop.set_clock()
  clock.set_fake(BEGIN)
end

--- Opens a fresh shop with the plugin at `root`. The clock stands still at the beginning of 2026.
---@param root string
---@param others? string[] ids of further plugins
---@return merx.Plugin
function shop.open(root, others)
  shop.set_clock()
  local conn = assert(native_db.open({ mode = "memory" }))
  native_db.set_main(conn)
  assert(native_db.migrate(conn, thread.share .. "/sql/migrations"))
  require("boot")
  require("kernel.db").reset()
  require("native.cache").doubt()
  local plugins = require("kernel.plugins")
  plugins.load(shop.folders(root, others))
  for _, other in ipairs(others or {}) do grant(other) end
  for key, value in pairs(MAIL) do assert(require("kernel.command").run("settings.set", { key = key, value = value })) end
  return grant(root:match("[^/]+$"))
end

--- Sets settings of an entry, or of the plugin as a whole.
---@param id string of the plugin
---@param entry? string
---@param values table<string, any>
function shop.set(id, entry, values)
  local prefix = "plugin." .. id .. (entry and "/" .. entry or "") .. "."
  for name, value in pairs(values) do
    local _, err = require("kernel.command").run("settings.set", { key = prefix .. name, value = value })
    if err then error(("the setting %s: %s"):format(name, err.message), 3) end
  end
end

return shop
