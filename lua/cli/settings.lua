--- Shows and changes the settings of the shop.
require("boot")
local args = require("cli.args")
local command = require("kernel.command")
local json = require("native.json")
local settings = require("kernel.settings")

local tool = { usage = [[
usage: merx settings list [--json]
       merx settings get KEY
       merx settings set KEY VALUE

VALUE is JSON, or a text as it is.

examples:
  merx settings set shop.name "Harbour & Home"
  merx settings set plugin.merx.flat-rate/parcel.amount 590
]] }

local NAME <const> = "merx settings"

local function list(options)
  local keys, all = {}, {}
  for key in pairs(settings.list()) do keys[#keys + 1] = key end
  table.sort(keys)
  for _, key in ipairs(keys) do
    all[key] = settings.shown(key)
    if not options.json then io.write(("%-44s %s\n"):format(key, json.encode(all[key]))) end
  end
  if options.json then io.write(json.encode(all, { pretty = true }), "\n") end
  return 0
end

---@param given string[]
---@return integer exit_code
function tool.run(given)
  local options, code = args.parse(given, { name = NAME, usage = tool.usage, flags = { json = "flag" }, least = 1, most = 3, shop = true })
  if not options then return code end
  local verb, key, value = options[1], options[2], options[3]
  if verb == "list" then return list(options) end
  if key and not settings.list()[key] then return args.fail(NAME, { code = "missing", message = "there is no setting " .. key }) end
  if verb == "get" and key then
    io.write(json.encode(settings.shown(key)), "\n")
    return 0
  end
  if verb == "set" and key and value then
    local decoded = json.decode(value)
    local result, err = command.run("settings.set", { key = key, value = decoded == nil and value or decoded }, { actor = "cli" })
    -- A text may look like JSON. When it is wrong either way, what was wrong with the value itself is told.
    if not result and decoded ~= nil then result = command.run("settings.set", { key = key, value = value }, { actor = "cli" }) end
    if not result then return args.fail(NAME, { code = "invalid", message = err.message }) end
    return 0
  end
  io.stderr:write(NAME, ": write list, get KEY or set KEY VALUE\n\n", tool.usage)
  return 2
end

return tool
