--- Prints the JSON Schema of plugin.json.
local args = require("cli.args")
local json_schema = require("kernel.plugins.publish.json_schema")

local schema = { summary = "Prints the JSON Schema of plugin.json.", usage = [[
usage: merx plugin schema

The JSON Schema (draft 2020-12) of plugin.json, as this engine checks it. Editors
that know it complete names and show what each is for.

example:
  merx plugin schema > plugin.schema.json
]] }

---@param given string[]
---@return integer exit_code
function schema.run(given)
  local options, code = args.parse(given, { name = "merx plugin schema", usage = schema.usage })
  if not options then return code end
  io.write(json_schema.text())
  return 0
end

return schema
