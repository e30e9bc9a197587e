--- Whose signatures are trusted, for the plugins of which publisher.
require("boot")
local args = require("cli.args")
local command = require("kernel.command")
local fs = require("native.fs")
local generation = require("kernel.plugins.generation")
local json = require("native.json")
local key = require("cli.plugin.key")
local minisign = require("native.minisign")

local trust = { summary = "Trusts the key of a publisher.", usage = [[
usage: merx plugin trust [--also] [--json] PUBLISHER KEY
       merx plugin trust --remove PUBLISHER KEY-ID
       merx plugin trust [--json]

PUBLISHER is what stands before the dot of a plugin's id; a key is good for that publisher's
plugins alone. KEY is a file of minisign, or its line of base64. Compare the key that is shown
with what the publisher shows elsewhere. Without arguments it shows whom the shop trusts.

  --also    besides the key that is trusted already
  --remove  trust it no more; what it signed stays installed

examples:
  merx plugin trust acme acme.pub
  merx plugin trust acme RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3
  merx plugin trust --remove acme B417ED2882D87A82
]] }

local NAME <const> = "merx plugin trust"

local function show(options)
  local rows = json.array(generation.publishers())
  if options.json then
    io.write(json.encode(rows, { pretty = true }), "\n")
    return 0
  end
  if #rows == 0 then io.write("no publisher is trusted yet\n") end
  for _, row in ipairs(rows) do io.write(("%-20s %s  %s\n"):format(row.publisher, row.key_id, row.public_key)) end
  return 0
end

local function remove(options)
  local done, err = command.run("publisher.distrust", { publisher = options[1], key_id = options[2]:upper() }, { actor = "cli" })
  if not done then return args.fail(NAME, err) end
  io.write(("%s: the key %s is trusted no more\n"):format(done.publisher, done.key_id))
  return 0
end

local function add(options)
  local text = fs.read(options[2]) or options[2]
  local id, wrong = minisign.key_id(text)
  if not id then return args.fail(NAME, { code = "invalid", message = options[2] .. ": " .. wrong.message }) end
  local fields = { publisher = options[1], key_id = id, public_key = key.line(text), also = options.also }
  local done, err = command.run("publisher.trust", fields, { actor = "cli" })
  if not done then
    local is_form = err.code == "invalid"
    return args.fail(NAME, { code = err.code, message = is_form and "a publisher is what stands before the dot of a plugin's id, as acme" or err.message })
  end
  if options.json then
    io.write(json.encode({ publisher = done.publisher, key = id, public_key = fields.public_key }, { pretty = true }), "\n")
  else
    io.write(("%s: trusted is the key %s\n%s\nCompare it with what the publisher shows.\n"):format(done.publisher, id, fields.public_key))
  end
  return 0
end

---@param given string[]
---@return integer exit_code
function trust.run(given)
  local flags = { also = "flag", remove = "flag", json = "flag" }
  local options, code = args.parse(given, { name = NAME, usage = trust.usage, flags = flags, least = 0, most = 2, shop = true })
  if not options then return code end
  if #options == 0 and not options.remove then return show(options) end
  if #options ~= 2 then return args.fail(NAME, { code = "invalid", message = "name the publisher and the key" }) end
  return options.remove and remove(options) or add(options)
end

return trust
