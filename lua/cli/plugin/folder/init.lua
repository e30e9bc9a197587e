--- Folders of plugins on their author's disk.
local fs = require("native.fs")

local folder = {}

--- The whole path of a folder, however it was written.
---@param path string
---@return string
function folder.resolve(path)
  local here = os.getenv("PWD")
  local parts = {}
  if not path:find("^/") and here then path = here .. "/" .. path end
  for part in path:gmatch("[^/]+") do
    if part == ".." then
      parts[#parts] = nil
    elseif part ~= "." then
      parts[#parts + 1] = part
    end
  end
  return (path:find("^/") and "/" or "") .. table.concat(parts, "/")
end

--- The folder of a plugin, or what is wrong with it.
---@param path string
---@return string? root
---@return { code: string, message: string }? err
function folder.open(path)
  local root = folder.resolve(path)
  local about = fs.stat(root)
  if not about or about.kind ~= "dir" then return nil, { code = "missing", message = "there is no folder " .. path } end
  if not fs.exists(root .. "/plugin.json") then
    return nil, { code = "missing", message = path .. " holds no plugin.json: name the folder of a plugin, or make one with merx plugin new" }
  end
  return root
end

--- Calls `visit(path, whole)` for each file below `root` / `below`, by name.
---@param root string
---@param below string "" for all
---@param visit fun(path: string, whole: string)
function folder.each(root, below, visit)
  local whole = below == "" and root or root .. "/" .. below
  local about = fs.stat(whole)
  if not about then return end
  if about.kind ~= "dir" then return visit(below, whole) end
  for _, name in ipairs(assert(fs.list(whole))) do folder.each(root, below == "" and name or below .. "/" .. name, visit) end
end

return folder
