--- What both the list and the page of one plugin say of it.
local arrange = require("kernel.plugins.arrange")
local json = require("native.json")
local lockfile = require("kernel.plugins.lockfile")
local pins = require("kernel.plugins.pins")

local about = {}

local function state_of(entry)
  if entry.problem then return "skipped" end
  return entry.enabled and "enabled" or "off"
end

--- What the merchant pinned, in words.
---@param pin { first: string, second: string, absent: string[] }
---@return string
function about.pin(pin)
  local idle = #pin.absent > 0 and (", without effect while %s is not asked"):format(table.concat(pin.absent, " or ")) or ""
  return pins.words({ pin.first, pin.second }) .. idle
end

-- The pins that are about a plugin.
local function pins_of(id, pinned)
  local found = json.array({})
  for _, pin in ipairs(pinned) do
    if pins.is_about({ pin.first, pin.second }, id) then
      found[#found + 1] = { first = pin.first, second = pin.second, absent = json.array(pin.absent) }
    end
  end
  return found
end

-- The slots that are bound to a plugin.
local function slots_of(id)
  local found = json.array({})
  for _, binding in ipairs(arrange.bindings()) do
    if binding.handler:match("^[^/]+") == id then found[#found + 1] = binding end
  end
  return found
end

---@param entry merx.Plugin
---@param pinned? { first: string, second: string, absent: string[] }[] as arrange.pins() gives them
---@return table
function about.view(entry, pinned)
  local manifest = entry.manifest or {}
  return {
    id = entry.id, version = manifest.version, name = manifest.name, description = manifest.description, license = manifest.license,
    state = state_of(entry), problem = entry.problem, bundled = entry.bundled, unsigned = entry.unsigned == true, folder = entry.root,
    may = json.array(lockfile.describe(entry.granted or {})), pins = pins_of(entry.id, pinned or arrange.pins()),
    bound = slots_of(entry.id),
  }
end

return about
