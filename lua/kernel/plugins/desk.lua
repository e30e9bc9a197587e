--- On a desk the last failure of each plugin is kept whole: whoever wrote it needs more than the line that is logged.
local desk = {}

---@class merx.PluginFailure
---@field message string
---@field trace string
---@field locals { name: string, value: string }[] of the function that raised

local function locals_of(text)
  local list = {}
  for name, value in text:gmatch("\n\t([^\n]-) = ([^\n]*)") do list[#list + 1] = { name = name, value = value } end
  return list
end

local function read(err)
  local trace, locals = err.trace:match("^(.-)\nlocals:(.*)$")
  return { message = err.message, trace = err.message .. "\n" .. (trace or err.trace), locals = locals_of(locals or "") }
end

--- Stands before the state of a plugin and keeps its last failure in `plugin.failure`.
---@param plugin merx.Plugin
---@param state userdata
---@return table state
function desk.watch(plugin, state)
  local function note(ok, ...)
    local err = ...
    if not ok and type(err) == "table" and err.trace then plugin.failure = read(err) end
    return ok, ...
  end
  return setmetatable({}, {
    __index = function(_, name)
      return function(_, ...) return note(state[name](state, ...)) end
    end,
  })
end

return desk
