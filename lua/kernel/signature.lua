--- Whether what lies in a folder is as it was: told by names, sizes and times, without reading the files.
local clock = require("native.clock")
local fs = require("native.fs")

local signature = {}

local DEEPEST <const> = 6
local A_MOMENT <const> = 1000 -- ms: what was written so lately may be written again without another time or size

local function look_into(folder, depth, out, newest)
  for _, name in ipairs(fs.list(folder) or {}) do
    local path = folder .. "/" .. name
    local info = not name:find("^%.") and fs.stat(path)
    if info and info.kind == "dir" and depth < DEEPEST then
      newest = look_into(path, depth + 1, out, newest)
    elseif info and info.kind == "file" then
      out[#out + 1] = path .. " " .. info.size .. " " .. info.modified
      newest = math.max(newest, info.modified)
    end
  end
  return newest
end

--- What tells the files below a folder from those that may lie there later; hidden ones are not looked at.
---@param folder string
---@return string
---@return boolean is_settled none was written just now, so the same signature means the same files
function signature.of(folder)
  local found = {}
  local newest = look_into(folder, 1, found, 0)
  return table.concat(found, "\n"), newest + A_MOMENT < clock.now()
end

return signature
