--- What both the list and the page of one plugin say of it.
local json = require("native.json")
local lockfile = require("kernel.plugins.lockfile")

local about = {}

local function state_of(entry)
  if entry.problem then return "skipped" end
  return entry.enabled and "enabled" or "off"
end

---@param entry merx.Plugin
---@return table
function about.view(entry)
  local manifest = entry.manifest or {}
  return {
    id = entry.id, version = manifest.version, name = manifest.name, description = manifest.description, license = manifest.license,
    state = state_of(entry), problem = entry.problem, bundled = entry.bundled, unsigned = entry.unsigned == true, folder = entry.root,
    may = json.array(lockfile.describe(entry.granted or {})),
  }
end

return about
