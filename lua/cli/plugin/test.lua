--- Runs what proves a plugin: its own specs, its golden carts, and what the contracts of its entries promise.
local args = require("cli.args")
local clock = require("native.clock")
local folder = require("cli.plugin.folder")
local fs = require("native.fs")
local json = require("native.json")
local manifest = require("kernel.plugins.manifest")
local native = require("native.test")
local thread = require("native.thread")

local test = { summary = "Runs the tests of a plugin, and those of the contracts it keeps.", usage = [[
usage: merx plugin test [--update] [--filter=TEXT] [--verbose] [--json] DIR

Runs DIR/tests/*_test.lua, each in a shop in memory of its own, compares the carts in
DIR/tests/golden, and asks every entry of the plugin what its contract promises.

  --update        writes down what the golden carts cost now
  --filter=TEXT   only cases whose name holds TEXT
  --verbose       also name the cases that pass
  --json          one JSON object a file, and one with the sums

examples:
  merx plugin test acme.tiers
  merx plugin test --update acme.tiers
]] }

local NAME <const> = "merx plugin test"

local function specs_of(root)
  local files = {}
  folder.each(root, "tests", function(path, whole)
    if path:find("_test%.lua$") then files[#files + 1] = { path = path, whole = whole } end
  end)
  return files
end

-- What every plugin is asked is a file of tests as well: it says which plugin and nothing else.
local function add_proof(files, root, options)
  local scratch = (os.getenv("TMPDIR") or "/tmp") .. "/merx-plugin-test-" .. require("kernel.text").hex(require("native.random").bytes(8))
  assert(fs.mkdir(scratch, 448)) -- 0700
  local file = scratch .. "/contract_test.lua"
  assert(fs.write(file, ('require("merx.testing.proof").declare(%q, { update = %s })\n'):format(root, tostring(options.update == true))))
  files[#files + 1] = { path = "its contracts", whole = file }
  return scratch
end

local function run_file(file, filter)
  local results, err = native.run(file.whole, filter)
  if results then return results end
  return { passed = 0, failed = 1, skipped = 0, cases = { { name = "the file runs", ok = false, message = err.message } } }
end

local function indented(text)
  return "        " .. text:gsub("\n", "\n        ") .. "\n"
end

local function print_file(file, results, options)
  for _, case in ipairs(results.cases) do
    if not case.ok then
      io.write("FAILED  ", file.path, ": ", case.name, "\n")
      if case.where then io.write(indented(case.where)) end
      io.write(indented(case.message or "no message"))
      if case.trace and case.trace ~= "" then io.write(indented(case.trace)) end
    elseif options.verbose then
      io.write("ok      ", file.path, ": ", case.name, "\n")
    end
  end
end

--- Runs all that proves the plugin at `root`; `visit` is called with what came of each file.
---@param root string
---@param options { update?: boolean, filter?: string }
---@param visit fun(file: table, results: table)
---@return integer passed
---@return integer failed
---@return integer files
function test.prove(root, options, visit)
  local files, passed, failed = specs_of(root), 0, 0
  local scratch = add_proof(files, root, options)
  for _, file in ipairs(files) do
    local results = run_file(file, options.filter or "")
    passed, failed = passed + results.passed, failed + results.failed
    visit(file, results)
  end
  fs.remove(scratch)
  return passed, failed, #files
end

local function print_results(options)
  return function(file, results)
    if not options.json then return print_file(file, results, options) end
    results.file = file.path
    io.write(assert(json.encode(results)), "\n")
  end
end

---@param given string[]
---@return integer exit_code
function test.run(given)
  local options, code = args.parse(given, {
    name = NAME, usage = test.usage, flags = { update = "flag", filter = "value", verbose = "flag", json = "flag" }, least = 1,
  })
  if not options then return code end
  local root, err = folder.open(options[1])
  if not root then return args.fail(NAME, err) end
  local _, problem = manifest.parse(assert(fs.read(root .. "/plugin.json")), root:match("[^/]+$"), thread.version)
  if problem then return args.fail(NAME, { code = "invalid", message = problem .. "; merx plugin check tells where" }) end
  local started = clock.mono()
  local passed, failed, count = test.prove(root, options, print_results(options))
  local ms = (clock.mono() - started) // 1000000
  if options.json then
    io.write(assert(json.encode({ passed = passed, failed = failed, files = count, ms = ms })), "\n")
  else
    io.write(("%d passed, %d failed (%s, %d ms)\n"):format(passed, failed, args.count(count, "file"), ms))
  end
  return failed == 0 and 0 or 1
end

return test
