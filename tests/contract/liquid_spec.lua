--- The public Liquid suite (liquid-spec as JSON lines) against the template engine.
---
--- MERX_LIQUID_SUITE names the folder that holds basics.jsonl, liquid_ruby.jsonl, parser_errors.jsonl
--- and partials.jsonl. Without it there is one case that says so, and nothing else is claimed.
local liquid_suite = require("support.liquid_suite")
local test = require("support.test")

-- Cases of each file that must pass, and how many of those in scope may not: what they ask for is
-- wording of other programs, lookups of files by their rules, and numbers beyond 64 bits.
local FILES <const> = {
  { name = "basics", passed = 894, failed = 0 },
  { name = "liquid_ruby", passed = 1533, failed = 28 },
  { name = "parser_errors", passed = 1896, failed = 9 },
  { name = "partials", passed = 12, failed = 0 },
}

local folder = os.getenv("MERX_LIQUID_SUITE")

local function describe(results)
  local lines = {}
  for _, result in ipairs(results.failures) do
    lines[#lines + 1] = ("%s: %s"):format(result.case.name, result.why)
  end
  return table.concat(lines, "\n")
end

local function check_file(file)
  local path = ("%s/%s.jsonl"):format(folder, file.name)
  local results = liquid_suite.run_file(path)
  if not results then test.fail("there is no " .. path) end
  print(("%s: %d passed, %d failed, %d out of scope"):format(
    file.name, results.passed, results.failed, results.skipped))
  if results.failed > file.failed then test.fail(describe(results)) end
  test.truthy(results.passed >= file.passed, "fewer cases than expected: is the file whole?")
end

test.group("the public Liquid suite", function()
  if not folder then
    test.case("is absent: set MERX_LIQUID_SUITE to its folder to run it", function()
      print("liquid suite: absent, nothing was checked (set MERX_LIQUID_SUITE)")
    end)
    return
  end
  for _, file in ipairs(FILES) do
    test.case(file.name, function() check_file(file) end)
  end
end)
