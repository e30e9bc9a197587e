--- Makes an unknown global an error, so that a typing mistake stops at its line.
local strict = {}

--- Guards `env` (the global table): reading or setting a name that it does not hold raises.
---@param env table
function strict.guard(env)
  setmetatable(env, {
    __newindex = function(_, name) error("assignment to the undeclared global '" .. tostring(name) .. "'", 2) end,
    __index = function(_, name) error("the global '" .. tostring(name) .. "' does not exist", 2) end,
  })
end

return strict
