--- Looks for damage: in the files, and in what is derived from them.
require("boot")
local args = require("cli.args")
local db = require("native.db")
local domain_fsck = require("domain.fsck")
local json = require("native.json")
local native = require("native.fsck")

local fsck = { usage = [[
usage: merx fsck [--quick] [--repair] [--json]

Checks the database's pages, indexes and references, then works out again what is
derived (sums, stock, the journal, lists, cards, the search index) and compares.
Changes nothing, unless told to.

  --quick    only the pages
  --repair   works out lists, cards, counts and the search index anew where they differ,
             also while a server runs. Money, stock and orders are left as they are:
             whoever knows what happened must look at them
  --json     the report as JSON

exit status: 0 nothing is wrong (any more), 1 something is

examples:
  merx fsck --quick
  merx fsck --repair
]] }

local NAME <const> = "merx fsck"

local function sentences_of(findings)
  local found = {}
  for _, finding in ipairs(findings) do
    found[#found + 1] = ("%s: %s %s: %s"):format(finding.check, finding.entity, tostring(finding.id), finding.problem)
  end
  return found
end

-- What is derived, worked out again and compared; with --repair once more after that.
local function check_domain(options, report)
  local findings = domain_fsck.run()
  if not options.repair or #findings == 0 then return sentences_of(findings) end
  report.found = json.array(sentences_of(findings))
  local products, err = domain_fsck.repair(findings)
  if not products then return nil, err end
  report.rebuilt = products
  return sentences_of(domain_fsck.run())
end

local function print_report(report, problems)
  for _, sentence in ipairs(report.found or {}) do io.write("found: ", sentence, "\n") end
  if report.rebuilt then io.write("worked out anew: ", args.count(report.rebuilt, "product"), "\n") end
  for _, problem in ipairs(problems) do io.write(problem, "\n") end
  io.write(("schema %d, %s of %d bytes, %s\n"):format(report.schema_version, args.count(report.pages, "page"), report.page_size,
    #problems == 0 and "nothing is wrong" or args.count(#problems, "problem")))
end

---@param given string[]
---@return integer exit_code
function fsck.run(given)
  local options, code = args.parse(given, {
    name = NAME, usage = fsck.usage, flags = { quick = "flag", repair = "flag", json = "flag" },
  })
  if not options then return code end
  local conn = db.main()
  if not conn then return args.no_shop(NAME) end
  local report, err = native.run(conn, options.quick and "quick" or "full")
  if not report then return args.fail(NAME, err) end
  local problems = {}
  for line in report.problems:gmatch("[^\n]+") do problems[#problems + 1] = line end
  if not options.quick and #problems == 0 then
    problems, err = check_domain(options, report)
    if not problems then return args.fail(NAME, err) end
  end
  if options.json then
    report.problems = json.array(problems)
    io.write(json.encode(report), "\n")
  else
    print_report(report, problems)
  end
  return #problems == 0 and 0 or 1
end

return fsck
