--- Writes what is made of the contracts: the JSON Schema, the pages of reference and the stubs for editors.
local args = require("cli.args")
local publish = require("kernel.plugins.publish")
local thread = require("native.thread")

local reference = { summary = "Writes the reference, the JSON Schema and the stubs for editors.", usage = [[
usage: merx plugin reference [FOLDER] [--check]

Writes docs/reference/ (extension points, calls, settings, events, commands, and the
JSON Schema of plugin.json) and lua/types/plugin/ (stubs for the Lua language server)
below FOLDER, which is the folder of Merx itself without one.

  --check   write nothing; name what differs, and fail if anything does

examples:
  merx plugin reference
  merx plugin reference ~/shop-plugins
]] }

local NAME <const> = "merx plugin reference"

---@param given string[]
---@return integer exit_code
function reference.run(given)
  local options, code = args.parse(given, { name = NAME, usage = reference.usage, flags = { check = "flag" }, most = 1 })
  if not options then return code end
  local root = options[1] or thread.share
  if options.check then
    local stale = publish.stale(root)
    for _, path in ipairs(stale) do io.write(path, " is not what would be made now\n") end
    return #stale == 0 and 0 or 1
  end
  local written, err = publish.write(root)
  if not written then return args.fail(NAME, err) end
  for _, path in ipairs(written) do io.write("wrote ", path, "\n") end
  return 0
end

return reference
