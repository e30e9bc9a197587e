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

--- The plain text of a sealed setting that has a value.
---@param key string
---@return string? plain
---@return merx.Error? err
function secrets.open(key)
  local sealed = settings.get(key) or ""
  local plain = crypto.open("setting|" .. key, text.unbase64(sealed:sub(#SEALED + 1)) or "")
  if not plain then return failure.new("secret.broken", ("%s was sealed with another key: set it again"):format(key)) end
  return plain
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
  if not settings.get(key) then
    return failure.new("secret.missing", ("the secret %s of %s is not set: merx settings set %s"):format(name, plugin.id, key))
  end
  return secrets.open(key)
end

return secrets
