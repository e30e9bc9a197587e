--- Files of plugins while their specs run: in memory, gone with the case.
local clock = require("native.clock")

local files = {}

local kept = {} -- by plugin, by name

local function of(id)
  kept[id] = kept[id] or {}
  return kept[id]
end

--- Forgets all of them.
function files.reset()
  kept = {}
end

function files.list(id)
  local list = {}
  for name, file in pairs(of(id)) do list[#list + 1] = { name = name, size = #file.bytes, modified = file.modified } end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

function files.read(id, name)
  local file = of(id)[name]
  if not file then return nil, { code = "missing", message = "there is no file " .. name } end
  return file.bytes
end

function files.write(id, name, bytes)
  of(id)[name] = { bytes = bytes, modified = clock.now() }
  return true
end

function files.remove(id, name)
  of(id)[name] = nil
  return true
end

return files
