--- What both the list and the page of one plugin say of it.
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
    state = state_of(entry), problem = entry.problem, bundled = entry.bundled, folder = entry.root,
  }
end

return about
