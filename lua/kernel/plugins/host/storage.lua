--- Host calls for files: a plugin's own, as many bytes as were granted.
local failure = require("kernel.failure")
local host = require("kernel.plugins.host")
local storage = require("kernel.plugins.storage")

local LARGEST <const> = 8 * 1024 * 1024
local MOST <const> = 1000

-- A name that leads elsewhere is no accident.
local function refuse_name(plugin, call, name)
  local why = ("%q is no name of a file: small letters, digits, dots, dashes and underscores, 100 at most, no .tmp at the end"):format(
    tostring(name):sub(1, 120))
  host.note(plugin, call, why)
  return failure.new("storage.invalid", why)
end

local function fail(err)
  if err.code == "missing" then return failure.new("storage.missing", "there is no such file") end
  return failure.new("storage." .. err.code, err.message)
end

local function define(name, call)
  name = "storage." .. name
  host.define(name, {
    kinds = { effect = true }, capability = "storage",
    needs = function(plugin)
      if not plugin.granted.storage then return '"capabilities": { "storage": 1000000 }, in bytes' end
    end,
    call = function(plugin, _, file, ...)
      if name ~= "storage.list" and not storage.is_name(file) then return refuse_name(plugin, name, file) end
      return call(plugin, file, ...)
    end,
  })
end

-- How many bytes and files there are besides one of that name.
local function used_besides(plugin, name)
  local bytes, count = 0, 0
  for _, file in ipairs(storage.list(plugin.id)) do
    if file.name ~= name then bytes, count = bytes + file.size, count + 1 end
  end
  return bytes, count
end

define("put", function(plugin, name, bytes)
  if type(bytes) ~= "string" then return failure.new("storage.invalid", "what is kept is a text, not a " .. type(bytes)) end
  if #bytes > LARGEST then return failure.new("storage.full", ("a file has at most %d bytes, this one has %d"):format(LARGEST, #bytes)) end
  local used, count = used_besides(plugin, name)
  if used + #bytes > plugin.granted.storage then
    return failure.new("storage.full", ("%s may keep %d bytes, and keeps %d besides this file of %d: delete some"):format(
      plugin.id, plugin.granted.storage, used, #bytes))
  end
  if count >= MOST then return failure.new("storage.full", ("%s keeps %d files, the most that are allowed: delete some"):format(plugin.id, count)) end
  local ok, err = storage.write(plugin.id, name, bytes)
  if not ok then return fail(err) end
  return true
end)

define("get", function(plugin, name)
  local bytes, err = storage.read(plugin.id, name)
  if not bytes then return fail(err) end
  return bytes
end)

define("list", function(plugin) return storage.list(plugin.id) end)

define("delete", function(plugin, name)
  local ok, err = storage.remove(plugin.id, name)
  if not ok then return fail(err) end
  return true
end)

return true
