--- Where a handler is written: what its author looks for when its answer was of no use.
local fs = require("native.fs")

local source_place = {}

-- The line of "function M.name(", "local function name(" or "name = function(".
local function line_of(source, name)
  local number = 0
  for line in (source .. "\n"):gmatch("([^\n]*)\n") do
    number = number + 1
    local found = line:match("function%s+[%w_.:]-([%a_][%w_]*)%s*%(")
    if found == name or line:find("%f[%w_]" .. name .. "%s*=%s*function%s*%(") then return number end
  end
end

--- Reads the source: for failures only.
---@param plugin merx.Plugin
---@param handler string "module:function"
---@return string place "acme.tiers/src/rules.lua:12"; without the line when it is written otherwise
function source_place.of(plugin, handler)
  local module, name = handler:match("^(.-):(.+)$")
  local path = ("src/%s.lua"):format(module)
  local source = fs.read(plugin.root .. "/" .. path)
  local line = source and line_of(source, name)
  return ("%s/%s%s"):format(plugin.id, path, line and ":" .. line or "")
end

return source_place
