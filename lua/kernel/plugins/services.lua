--- Services: pure functions that one plugin has for others. They are declared on both sides and never call in a circle,
--- which the loader sees to; each is an ordinary pure call with its own budget.
local config = require("kernel.plugins.config")
local contracts = require("kernel.contracts")
local failure = require("kernel.failure")
local host = require("kernel.plugins.host")
local points = require("kernel.points")

contracts.define({
  point = "service", place = "services", kind = "pure", on_error = "omit",
  doc = "A pure function for other plugins, which name it under capabilities.services.", answer = "anything",
})

local function is_granted(plugin, name)
  for _, granted in ipairs(plugin.granted.services or {}) do
    if granted == name then return true end
  end
  return false
end

host.define("service", {
  kinds = host.anywhere, capability = "services",
  needs = function(plugin, name)
    if not is_granted(plugin, name) then return ('"capabilities": { "services": ["%s"] }'):format(tostring(name)) end
  end,
  call = function(_, _, name, input)
    local handler = points.find("service", name)
    if not handler then return failure.new("service.missing", "the service " .. tostring(name) .. " is not there now") end
    local idle = config.idle(handler)
    if idle then return failure.new("service.idle", ("the service %s is not set up: %s"):format(name, idle)) end
    return handler.call(input, handler.settings)
  end,
})

return true
