--- Plugins for a test: written into a folder of its own and loaded as a shop would load them.
local fs = require("native.fs")
local json = require("kernel.json")
local shop = require("support.shop")
local test = require("support.test")

local plugin_folder = {}

local function put(root, path, bytes)
  local at = root
  for part in path:gmatch("([^/]+)/") do
    at = at .. "/" .. part
    if not fs.exists(at) then assert(fs.mkdir(at)) end
  end
  assert(fs.write(root .. "/" .. path, bytes))
end

--- A manifest with what every one needs; `api` follows from what is contributed.
---@param id string
---@param fields table
---@param api table<string, integer>
---@return table
function plugin_folder.manifest(id, fields, api)
  local found = {
    manifest = 1, id = id, version = "1.0.0", name = id, license = "MIT", description = "For a test.", engine = ">=0.1 <1", api = api,
  }
  for name, value in pairs(fields) do found[name] = value end
  return found
end

--- Writes plugins into a folder.
---@param list { manifest: table, files: table<string, string> }[]
---@return string folder
function plugin_folder.lay(list)
  local folder = test.folder()
  for _, entry in ipairs(list) do
    put(folder, entry.manifest.id .. "/plugin.json", json.encode(entry.manifest))
    for path, bytes in pairs(entry.files) do put(folder, entry.manifest.id .. "/" .. path, bytes) end
  end
  return folder
end

--- Writes plugins and loads them together with those that are there already when `bundled`.
---@param list { manifest: table, files: table<string, string> }[]
---@param options? { bundled?: boolean }
---@return string folder
function plugin_folder.load(list, options)
  local folder = plugin_folder.lay(list)
  local folders = { { path = folder, bundled = false } }
  if options and options.bundled then table.insert(folders, 1, { path = require("native.thread").share .. "/plugins", bundled = true }) end
  shop.plugins(folders)
  return folder
end

return plugin_folder
