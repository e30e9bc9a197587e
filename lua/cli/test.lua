--- Runs the Lua tests, each file in a Lua of its own.
local args = require("cli.args")
local clock = require("native.clock")
local fs = require("native.fs")
local json = require("native.json")
local native = require("native.test")
local thread = require("native.thread")

local test = {
  summary = "run the Lua tests",
  usage = [[
usage: merx test [--filter=TEXT] [--json] [--verbose] [PATH…]

Runs every *_test.lua below the PATHs (tests/unit/lua without one), each file in
a Lua of its own.

  --filter=TEXT   only cases whose name holds TEXT
  --json          one JSON object a file, and one with the sums
  --verbose       also name the cases that pass

examples:
  merx test
  merx test --filter=coupon tests/unit/lua/domain
]],
}

local function join(folder, path)
  if path:find("^/") then return path end
  return folder .. "/" .. path
end

local function find_files(path, out)
  local info, err = fs.stat(path)
  if not info then return nil, err end
  if info.kind ~= "dir" then
    out[#out + 1] = path
    return true
  end
  for _, name in ipairs(assert(fs.list(path))) do
    local inner = path .. "/" .. name
    if name:find("_test%.lua$") then
      out[#out + 1] = inner
    elseif fs.stat(inner).kind == "dir" then
      find_files(inner, out)
    end
  end
  return true
end

local function parse(given)
  local options, code = args.parse(given, {
    name = "merx test", usage = test.usage, flags = { filter = "value", json = "flag", verbose = "flag" }, most = math.huge,
  })
  if not options then return nil, code end
  options.paths = table.move(options, 1, #options, 1, {})
  options.filter = options.filter or ""
  if #options.paths == 0 then options.paths[1] = thread.share .. "/tests/unit/lua" end
  return options
end

local function short(path)
  local root = thread.share .. "/"
  return path:sub(1, #root) == root and path:sub(#root + 1) or path
end

-- A file that does not load, or whose harness fails, counts as one failed case.
local function run_file(path, filter)
  local results, err = native.run(path, filter)
  if results then return results end
  return { passed = 0, failed = 1, skipped = 0, cases = { { name = "the file runs", ok = false, message = err.message } } }
end

local function print_failure(path, case)
  io.write("FAILED  ", short(path), "\n        ", case.name, "\n")
  if case.where then io.write("        ", case.where, "\n") end
  io.write("        ", (case.message or "no message"):gsub("\n", "\n        "), "\n")
  if case.trace and case.trace ~= "" then io.write("        ", (case.trace:gsub("\n", "\n        ")), "\n") end
end

local function print_human(path, results, options)
  for _, case in ipairs(results.cases) do
    if not case.ok then
      print_failure(path, case)
    elseif options.verbose then
      io.write("ok      ", short(path), ": ", case.name, "\n")
    end
  end
end

local function collect(options)
  local files = {}
  for _, path in ipairs(options.paths) do
    local ok, err = find_files(path, files)
    if not ok then ok, err = find_files(join(thread.share, path), files) end
    if not ok then return nil, err.message end
  end
  if #files == 0 then return nil, "no *_test.lua there: " .. table.concat(options.paths, ", ") end
  return files
end

---@param given string[]
---@return integer exit_code
function test.run(given)
  local options, code = parse(given)
  if not options then return code end
  local files, missing = collect(options)
  if not files then
    io.stderr:write(missing, "\n")
    return 3
  end
  local passed, failed, started = 0, 0, clock.mono()
  for _, path in ipairs(files) do
    local results = run_file(path, options.filter)
    passed, failed = passed + results.passed, failed + results.failed
    if options.json then
      results.file = short(path)
      io.write(assert(json.encode(results)), "\n")
    else
      print_human(path, results, options)
    end
  end
  local ms = (clock.mono() - started) // 1000000
  if options.json then
    io.write(assert(json.encode({ passed = passed, failed = failed, files = #files, ms = ms })), "\n")
  else
    io.write(("%d passed, %d failed (%s, %d ms)\n"):format(passed, failed, args.count(#files, "file"), ms))
  end
  return failed == 0 and 0 or 1
end

return test
