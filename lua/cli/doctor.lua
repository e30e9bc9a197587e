--- Looks at everything a shop needs, and says what to do about what is wrong.
require("boot")
local args = require("cli.args")
local clock = require("native.clock")
local fs = require("native.fs")
local json = require("native.json")
local machine = require("native.machine")
local thread = require("native.thread")

local doctor = { usage = [[
usage: merx doctor [--strict] [--json]

Checks the machine (permissions, disk, how long a write takes, limits, kernel, clock),
the database, backups, plugins and settings. Each line says ok, warn or error, and what
to do. Works beside a running server and on a folder that no server can open.

  --strict   a warning counts like an error
  --json     as JSON, for a monitor

exit status: 0 all is well, 1 something is wrong

examples:
  merx doctor
  merx doctor --strict --json
]] }

local GROUPS <const> = { require("cli.doctor.machine"), require("cli.doctor.shop") }

local function access_of(folder)
  local found = {}
  for _, name in ipairs({ ".", "shop.db", "activity.db", "merx.key" }) do
    found[name] = machine.access(folder .. "/" .. name)
  end
  return found
end

local function time_sync(folder)
  local median, longest = machine.time_sync(folder)
  if not median then return { problem = longest.message } end
  return { median = median, longest = longest }
end

-- Everything that checks of the machine judge. Of a folder that is not there, the one above it is looked at.
local function look()
  local folder = thread.data
  local is_there = fs.exists(folder)
  local near = is_there and folder or folder:match("^(.*)/[^/]*$") or "."
  while near ~= "" and not fs.exists(near) do near = near:match("^(.*)/[^/]*$") or "" end
  local facts, err = machine.look(near ~= "" and near or "/")
  if not facts then return nil, err end
  local info = fs.stat(folder .. "/shop.db")
  return {
    facts = facts, options = thread.options, data = folder, access = access_of(folder), now = clock.now(),
    database_bytes = info and info.size or 0, sync = is_there and time_sync(folder) or nil,
  }
end

local function run_check(name, check, findings)
  local ok, state, text, advice = pcall(check, findings)
  if not ok then return { check = name, state = "error", text = tostring(state), advice = "run merx fsck; this check could not be made" } end
  return { check = name, state = state, text = text, advice = advice }
end

---@param given string[]
---@return integer exit_code
function doctor.run(given)
  local options, code = args.parse(given, { name = "merx doctor", usage = doctor.usage, flags = { json = "flag", strict = "flag" } })
  if not options then return code end
  local findings, err = look()
  if not findings then return args.fail("merx doctor", err) end
  local results, has_failed = json.array({}), false
  for _, checks in ipairs(GROUPS) do
    for _, name in ipairs(checks.names) do
      local result = run_check(name, checks[name], findings)
      results[#results + 1] = result
      has_failed = has_failed or result.state == "error" or options.strict and result.state == "warn"
    end
  end
  if options.json then
    io.write(json.encode(results, { pretty = true }), "\n")
  else
    for _, result in ipairs(results) do
      io.write(("%-6s %-13s %s\n"):format(result.state, result.check, result.text))
      if result.advice then io.write(("%21s%s\n"):format("→ ", result.advice)) end
    end
  end
  return has_failed and 1 or 0
end

return doctor
