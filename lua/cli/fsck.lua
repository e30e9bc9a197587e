--- Looks for damage: in the files, and in what is derived from them.
require("boot")
local args = require("cli.args")
local db = require("native.db")
local domain_fsck = require("domain.fsck")
local json = require("native.json")
local native = require("native.fsck")
local thread = require("native.thread")

local fsck = { usage = [[
usage: merx fsck [--quick] [--json]

Checks the database's pages, indexes and references, then works out again what is
derived (sums, stock, lists, journal) and compares. Changes nothing.

  --quick   only the pages
  --json    the report as JSON

exit status: 0 nothing found, 1 something is wrong
]] }

local NAME <const> = "merx fsck"

-- What is derived, worked out again and compared.
local function check_domain()
  local found = {}
  for _, finding in ipairs(domain_fsck.run()) do
    found[#found + 1] = ("%s: %s %s: %s"):format(finding.check, finding.entity, tostring(finding.id), finding.problem)
  end
  return found
end

---@param given string[]
---@return integer exit_code
function fsck.run(given)
  local options, code = args.parse(given, { name = NAME, usage = fsck.usage, flags = { quick = "flag", json = "flag" } })
  if not options then return code end
  local conn = db.main()
  if not conn then return args.fail(NAME, { code = "missing", message = "there is no shop in " .. thread.data }) end
  local report, err = native.run(conn, options.quick and "quick" or "full")
  if not report then return args.fail(NAME, err) end
  local problems = {}
  for line in report.problems:gmatch("[^\n]+") do problems[#problems + 1] = line end
  if not options.quick and #problems == 0 then
    for _, sentence in ipairs(check_domain()) do problems[#problems + 1] = sentence end
  end
  if options.json then
    report.problems = json.array(problems)
    io.write(json.encode(report), "\n")
  else
    for _, problem in ipairs(problems) do io.write(problem, "\n") end
    io.write(("schema %d, %d pages of %d bytes, %s\n"):format(report.schema_version, report.pages, report.page_size,
      #problems == 0 and "nothing is wrong" or #problems .. " problems"))
  end
  return #problems == 0 and 0 or 1
end

return fsck
