--- Secrets in settings of plugins: sealed with the shop's key under the name of their setting, never shown again. Handlers
--- hold handles; only the engine opens one, at the moment when it is used.
local crypto = require("native.crypto")
local failure = require("kernel.failure")
local settings = require("kernel.settings")
local text = require("native.text")

local secrets = {}

local SEALED <const> = "sealed:"

local function key_of(id, name)
  return "plugin." .. id .. "." .. name
end

--- Seals the value of a setting; one that is sealed stays as it is.
---@param key string of the setting
---@param value string
---@return string
function secrets.seal(key, value)
  if value:sub(1, #SEALED) == SEALED then return value end
  return SEALED .. text.base64(crypto.seal("setting|" .. key, value))
end

--- The plain text behind a handle of a plugin.
---@param plugin merx.Plugin
---@param handle any
---@return string? plain
---@return merx.Error? err
function secrets.read(plugin, handle)
  local name = type(handle) == "table" and handle["$secret"]
  local declared = type(name) == "string" and plugin.manifest.settings[name]
  if not declared or declared.type ~= "secret" then
    return failure.new("secret.unknown", ("there is no secret %s among the settings of %s"):format(tostring(name), plugin.id))
  end
  local key = key_of(plugin.id, name)
  local sealed = settings.get(key)
  if not sealed then
    return failure.new("secret.missing", ("the secret %s of %s is not set: merx settings set %s"):format(name, plugin.id, key))
  end
  local plain = crypto.open("setting|" .. key, text.unbase64(sealed:sub(#SEALED + 1)))
  if not plain then
    return failure.new("secret.broken", ("the secret %s of %s was sealed with another key: set it again"):format(name, plugin.id))
  end
  return plain
end

return secrets
