--- Puts the generation before in force again.
require("boot")
local args = require("cli.args")
local command = require("kernel.command")
local generation = require("kernel.plugins.generation")
local json = require("native.json")

local rollback = { summary = "Goes back to an earlier generation.", usage = [[
usage: merx plugin rollback [--to=GENERATION] [--note=TEXT] [--json]
       merx plugin rollback --list [--json]

Puts the plugins in force that were before the last change. Orders, stock and everything else
stay as they are; tables of plugins stay, too. No code of a plugin runs for this, so it works
whatever is broken. Five generations are kept.

  --to=GENERATION  that one
  --note=TEXT      why, for the journal
  --list           only show the generations

examples:
  merx plugin rollback
  merx plugin rollback --list
  merx plugin rollback --to=4 --note="checkout was slow"
]] }

local NAME <const> = "merx plugin rollback"

local function words(list)
  local out = {}
  for i, entry in ipairs(list) do
    out[i] = ("%s %s%s"):format(entry.id, entry.version, entry.enabled and "" or " (off)")
  end
  return #out > 0 and table.concat(out, ", ") or "only what comes with Merx"
end

local function show(options)
  local rows = json.array(generation.recent())
  if options.json then
    io.write(json.encode(rows, { pretty = true }), "\n")
    return 0
  end
  if #rows == 0 then io.write("no plugin was ever changed\n") end
  for _, row in ipairs(rows) do
    io.write(("%4d  %-8s %-32s %s\n"):format(row.id, row.state, row.note, words(row.plugins)))
  end
  return 0
end

---@param given string[]
---@return integer exit_code
function rollback.run(given)
  local flags = { to = "value", note = "value", list = "flag", json = "flag" }
  local options, code = args.parse(given, { name = NAME, usage = rollback.usage, flags = flags, shop = true })
  if not options then return code end
  if options.list then return show(options) end
  local to = options.to and math.tointeger(tonumber(options.to))
  if options.to and not to then return args.fail(NAME, { code = "invalid", message = "--to takes the number of a generation: see --list" }) end
  local result, err = command.run("generation.rollback", { to = to, seen = generation.seen(), note = options.note }, { actor = "cli" })
  if not result then return args.fail(NAME, err) end
  if options.json then
    io.write(json.encode(result, { pretty = true }), "\n")
  else
    io.write(("generation %d is in force again; %d was taken back\n"):format(result.generation, result.before))
  end
  return 0
end

return rollback
