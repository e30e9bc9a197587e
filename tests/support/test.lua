--- What tests are written with: groups of named cases, checks that say what differs, properties over
--- many values. `merx test` runs each file in a Lua of its own.
local clock = require("native.clock")
local fs = require("native.fs")
local random = require("native.random")
local text = require("native.text")
local format = require("support.format")
local generate = require("support.generate")

local test = {}

---@class merx.TestCase
---@field name string with the names of its groups, as "money.split / gives the spare cent …"
---@field run fun()

local cases = {} ---@type merx.TestCase[]
local groups = {} ---@type string[]
local folders = {} ---@type string[]

-- What a failed check raises, so that it can be told from a fault in the code.
local failure_mt = { __name = "test.failure" }

local function fail(message)
  local where = debug.getinfo(3, "Sl")
  error(setmetatable({ message = message, where = where.short_src .. ":" .. where.currentline }, failure_mt), 0)
end

-- --- declaring ---------------------------------------------------------------------------------

--- Gives the cases that `body` declares a common name.
---@param name string
---@param body fun()
function test.group(name, body)
  groups[#groups + 1] = name
  body()
  groups[#groups] = nil
end

local function full_name(name)
  if #groups == 0 then return name end
  return table.concat(groups, " / ") .. " / " .. name
end

--- Declares one test.
---@param name string the behaviour, as "a coupon for another currency is refused"
---@param body fun()
function test.case(name, body)
  assert(type(body) == "function", "test.case needs a function")
  cases[#cases + 1] = { name = full_name(name), run = body }
end

--- Declares a test that runs `rounds` times (100) with values that `any` makes up. A failure names the
--- seed and the values; MERX_SEED=… repeats it.
---@param name string
---@param body fun(any: test.Generator)
---@param rounds? integer
function test.property(name, body, rounds)
  test.case(name, function()
    local seed = tonumber(os.getenv("MERX_SEED") or "") or (string.unpack("<I4", random.bytes(4)))
    for round = 1, rounds or 100 do
      local any = generate.new(seed + round - 1, round)
      local ok, problem = xpcall(body, test.explain, any)
      if not ok then
        problem.message = ("%s\nwith %s\nrepeat with MERX_SEED=%d"):format(
          problem.message, any:describe(), seed + round - 1)
        error(problem, 0)
      end
    end
  end)
end

-- --- checking ----------------------------------------------------------------------------------

--- Fails with `message`.
---@param message string
function test.fail(message)
  fail(message)
end

--- Fails unless `value` is true (any value but nil and false).
---@param value any
---@param message? string
function test.truthy(value, message)
  if not value then fail(message or ("expected a value, got " .. tostring(value))) end
  return value
end

--- Fails unless both are equal: tables by content.
---@param got any
---@param expected any
---@param message? string
function test.equal(got, expected, message)
  local path = format.difference(got, expected)
  if path then
    fail(("%s%s\n  expected %s\n  got      %s"):format(
      message and message .. ": " or "", path == "" and "not equal" or "not equal at " .. path,
      format.value(expected), format.value(got)))
  end
end

--- Fails if both are equal.
---@param got any
---@param unwanted any
function test.different(got, unwanted)
  if not format.difference(got, unwanted) then fail("both are " .. format.value(got)) end
end

--- Fails unless both are the very same table.
---@param got any
---@param expected any
function test.same(got, expected)
  if not rawequal(got, expected) then
    fail("expected the same object, got another: " .. format.value(got))
  end
end

--- Fails unless `value` lies within `tolerance` of `expected`.
---@param value number
---@param expected number
---@param tolerance number
function test.near(value, expected, tolerance)
  if math.abs(value - expected) > tolerance then
    fail(("expected %s within %s, got %s"):format(expected, tolerance, value))
  end
end

--- Fails unless `value` is a string that holds `part` (plain text).
---@param value string
---@param part string
function test.contains(value, part)
  if type(value) ~= "string" or not value:find(part, 1, true) then
    fail(("expected text with %s, got %s"):format(format.value(part), format.value(value)))
  end
end

--- Fails unless a function returned an expected failure: `test.fails("stock.short", f(x))`.
---@param code string
---@param value any first result
---@param err any second result
---@return table err
function test.fails(code, value, err)
  if value ~= nil then fail(("expected the failure %s, got the result %s"):format(code, format.value(value))) end
  if type(err) ~= "table" or err.code ~= code then
    fail(("expected the failure %s, got %s"):format(code, format.value(err)))
  end
  return err
end

--- Fails unless `fn` raises; with `part`, unless the message holds it.
---@param part? string
---@param fn fun(...)
---@param ... any arguments of fn
---@return string message
function test.raises(part, fn, ...)
  local ok, problem = pcall(fn, ...)
  if ok then fail("expected an error, but nothing was raised") end
  local message = tostring(problem)
  if part and not message:find(part, 1, true) then
    fail(("expected an error with %s, got %s"):format(format.value(part), format.value(message)))
  end
  return message
end

-- --- helpers -----------------------------------------------------------------------------------

--- A fresh folder that is removed after the case.
---@return string path
function test.folder()
  local path = (os.getenv("TMPDIR") or "/tmp") .. "/merx-test-" .. text.hex(random.bytes(8))
  assert(fs.mkdir(path, 448)) -- 0700
  folders[#folders + 1] = path
  return path
end

-- --- running -----------------------------------------------------------------------------------

--- Turns whatever was raised into what `run` reports. A message handler for xpcall.
---@param problem any
---@return { message: string, where?: string, trace: string }
function test.explain(problem)
  if getmetatable(problem) == failure_mt then
    problem.trace = problem.trace or ""
    return problem
  end
  return setmetatable({ message = tostring(problem), trace = debug.traceback("", 2):gsub("^\n", "") }, failure_mt)
end

local function clean_up()
  clock.set_fake(nil)
  for i = #folders, 1, -1 do
    fs.remove(folders[i])
    folders[i] = nil
  end
end

local function run_case(case, results)
  local started = clock.mono()
  local ok, problem = xpcall(case.run, test.explain)
  clean_up()
  local entry = { name = case.name, ok = ok, ms = (clock.mono() - started) // 1000000 }
  if ok then
    results.passed = results.passed + 1
  else
    results.failed = results.failed + 1
    entry.message, entry.where, entry.trace = problem.message, problem.where, problem.trace
  end
  results.cases[#results.cases + 1] = entry
end

--- Runs what was declared, for the runner.
---@param filter string part of a name, "" for all
---@return table results
function test.run(filter)
  local results = { passed = 0, failed = 0, skipped = 0, cases = {} }
  for _, case in ipairs(cases) do
    if filter == "" or case.name:find(filter, 1, true) then
      run_case(case, results)
    else
      results.skipped = results.skipped + 1
    end
  end
  return results
end

return test
