--- Host calls that change something: commands of the shop that were granted, the plugin's own commands, and what a command
--- handler may do inside its transaction.
local command = require("kernel.command")
local failure = require("kernel.failure")
local host = require("kernel.plugins.host")

local function is_own(plugin, name)
  return name:sub(1, #plugin.id + 1) == plugin.id .. "."
end

local function is_granted(plugin, name)
  for _, granted in ipairs(plugin.granted.commands or {}) do
    if granted == name then return true end
  end
  return is_own(plugin, name)
end

host.define("command", {
  kinds = { effect = true }, capability = "commands",
  needs = function(plugin, name)
    if not is_granted(plugin, tostring(name)) then return ('"capabilities": { "commands": ["%s"] }'):format(tostring(name)) end
  end,
  call = function(plugin, _, name, args, options)
    local key = type(options) == "table" and type(options.key) == "string" and options.key or nil
    return command.run(name, args or {}, { actor = "plugin:" .. plugin.id, key = key })
  end,
})

local INSIDE <const> = { command = true }

host.define("tx.uuid", { kinds = INSIDE, call = function() return command.tx().uuid() end })

host.define("tx.emit", {
  kinds = INSIDE,
  call = function(plugin, _, event, key, body)
    if type(event) ~= "string" or not is_own(plugin, event) then
      return failure.new("event.foreign", ("the name of a plugin's event begins with %s."):format(plugin.id))
    end
    command.tx().emit(event, plugin.id .. ":" .. tostring(key), body or {})
    return true
  end,
})

return true
