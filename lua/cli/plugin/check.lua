--- Reads a plugin as its author wrote it and tells everything that will not work, before anybody installs it.
local args = require("cli.args")
local company = require("cli.plugin.check.manifest")
local folder = require("cli.plugin.folder")
local fs = require("native.fs")
local json = require("native.json")
local migrations = require("cli.plugin.check.migrations")
local reports = require("cli.plugin.check.report")
local sandbox = require("cli.plugin.check.sandbox")
local source = require("cli.plugin.check.source")
local texts = require("cli.plugin.check.texts")
local thread = require("native.thread")

local check = { summary = "Tells what is wrong with a plugin, before anybody installs it.", usage = [[
usage: merx plugin check [--json] DIR

Reads plugin.json, sources, texts and migrations, loads every handler in a state of its
own, and tells each mistake with its file and line, and what to write instead. Nothing
of the plugin is asked to do anything. The exit status is 5 when there are errors.

  --json   an object with all findings

examples:
  merx plugin check acme.tiers
  merx plugin check --json acme.tiers
]] }

local NAME <const> = "merx plugin check"

local function sources_of(root)
  local files = {}
  for _, part in ipairs({ "src", "lib" }) do
    folder.each(root, part, function(path, whole)
      if path:find("%.lua$") then files[#files + 1] = { path = path, bytes = assert(fs.read(whole)) } end
    end)
  end
  return files
end

-- A plugin that is part of Merx has its licence.
local function is_bundled(root)
  return root:match("^(.*)/") == thread.share .. "/plugins"
end

local function check_files(report, root)
  for _, file in ipairs(is_bundled(root) and { "README.md" } or { "README.md", "LICENSE" }) do
    if not fs.exists(root .. "/" .. file) then report:warn(file, 1, "it is missing: merchants look for it") end
  end
  local has_tests = false
  folder.each(root, "tests", function(path) has_tests = has_tests or path:find("_test%.lua$") ~= nil end)
  if not has_tests then report:warn("tests", 1, "there is no tests/*_test.lua: say what the plugin does, and merx plugin test keeps it so") end
end

--- Everything that can be told of the plugin at `root`.
---@param root string
---@return table report
function check.report(root)
  local report = reports.new()
  local read, found = company.check(report, assert(fs.read(root .. "/plugin.json")), root:match("[^/]+$"))
  if read then
    company.check_company(report, read, found)
    local before = report.errors
    local uses = source.check(report, read, found, sources_of(root), migrations.tables(root))
    if report.errors == before then sandbox.check(report, root, read, found) end -- else it would tell the same again
    texts.check(report, root, read, found, uses)
    migrations.check(report, root, read)
  end
  check_files(report, root)
  return report
end

local function print_text(report)
  for _, finding in ipairs(report:sorted()) do
    io.write(("%s:%d: %s: %s\n"):format(finding.file, finding.line, finding.level, finding.message))
  end
  if #report.list == 0 then
    io.write("nothing to complain of\n")
  else
    io.write(args.count(report.errors, "error"), ", ", args.count(report.warnings, "warning"), "\n")
  end
end

---@param given string[]
---@return integer exit_code
function check.run(given)
  local options, code = args.parse(given, { name = NAME, usage = check.usage, flags = { json = "flag" }, least = 1 })
  if not options then return code end
  local root, err = folder.open(options[1])
  if not root then return args.fail(NAME, err) end
  local report = check.report(root)
  if options.json then
    io.write(json.encode({
      errors = report.errors, warnings = report.warnings, findings = json.array(report:sorted()),
    }, { pretty = true }), "\n")
  else
    print_text(report)
  end
  return report.errors > 0 and 5 or 0
end

return check
