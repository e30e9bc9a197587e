--- Everything that is made of the contracts for others to read: the JSON Schema of plugin.json, the pages of reference, the
--- stubs for editors. They are committed; a test tells when one is not what would be made now.
local fs = require("native.fs")
local json_schema = require("kernel.plugins.publish.json_schema")
local reference = require("kernel.plugins.publish.reference")
local stubs = require("kernel.plugins.publish.stubs")

local publish = {}

local PAGES <const>, STUBS <const> = "docs/reference/", "lua/types/plugin/"

--- All files that are made, by their path below the share folder.
---@return table<string, string>
function publish.files()
  local files = { [PAGES .. "plugin.schema.json"] = json_schema.text() }
  for name, text in pairs(reference.files()) do files[PAGES .. name] = text end
  for name, text in pairs(stubs.files()) do files[STUBS .. name] = text end
  return files
end

-- Files that lie among them but would not be made.
local function leftovers(root, files)
  local found = {}
  for _, folder in ipairs({ PAGES, STUBS }) do
    for _, name in ipairs(fs.list(root .. "/" .. folder) or {}) do
      if not files[folder .. name] then found[#found + 1] = folder .. name end
    end
  end
  return found
end

--- The paths at which `root` holds something else than would be made, sorted; files too many among them.
---@param root string
---@return string[]
function publish.stale(root)
  local files = publish.files()
  local found = leftovers(root, files)
  for path, text in pairs(files) do
    if fs.read(root .. "/" .. path) ~= text then found[#found + 1] = path end
  end
  table.sort(found)
  return found
end

--- Writes what differs, and says what.
---@param root string
---@return string[]? written
---@return merx.Error? err
function publish.write(root)
  local files, written = publish.files(), {}
  for _, folder in ipairs({ PAGES, STUBS }) do
    local ok, err = fs.mkdir(root .. "/" .. folder)
    if not ok then return nil, err end
  end
  for _, path in ipairs(publish.stale(root)) do
    local ok, err
    if files[path] then
      ok, err = fs.write(root .. "/" .. path, files[path])
    else
      ok, err = fs.remove(root .. "/" .. path)
    end
    if not ok then return nil, err end
    written[#written + 1] = path
  end
  return written
end

return publish
