--- Everything about plugins: writing, packing, installing and looking at them.
--- Each subcommand is a file in cli/plugin: { summary, usage, run(given) }.
require("boot")
local fs = require("native.fs")
local thread = require("native.thread")

local NAME <const> = "merx plugin"

local EXAMPLES <const> = [[

merx plugin COMMAND --help tells how one is used.

examples:
  merx plugin list
  merx plugin new price_rule acme.tiers
  merx plugin install acme.tiers-1.2.0.tar
]]

local plugin = {}

-- The subcommands, found by folder: names, sorted, and whether there is one of a name.
local function subcommands()
  local names, known = {}, {}
  for _, file in ipairs(assert(fs.list(thread.share .. "/lua/cli/plugin"))) do
    local name = file:match("^(%l+)%.lua$")
    if name then
      names[#names + 1] = name
      known[name] = true
    end
  end
  return names, known
end

local function usage(names)
  local lines = { "usage: merx plugin COMMAND [ARGUMENTS]\n" }
  for _, name in ipairs(names) do
    lines[#lines + 1] = ("  %-10s %s"):format(name, require("cli.plugin." .. name).summary)
  end
  lines[#lines + 1] = EXAMPLES
  return table.concat(lines, "\n")
end

---@param given string[]
---@return integer exit_code
function plugin.run(given)
  local names, known = subcommands()
  local name = given[1]
  if name and known[name] then
    return require("cli.plugin." .. name).run(table.move(given, 2, #given, 1, {}))
  end
  if name == "--help" then
    io.write(usage(names))
    return 0
  end
  local message = name and ("there is no %q"):format(name) or "say what to do"
  io.stderr:write(NAME, ": ", message, "\n\n", usage(names))
  return 2
end

return plugin
