-- What is bundled keeps what the contracts promise, costs what its golden carts say, and is written as `merx plugin check` wants
-- it: as anybody's plugin.
require("boot")
local check = require("cli.plugin.check")
local fs = require("native.fs")
local prove = require("cli.plugin.test")
local test = require("support.test")
local thread = require("native.thread")

local ROOT <const> = thread.share .. "/plugins"

-- Those with specs of their own, which every new one has.
local function has_specs(id)
  return fs.exists(ROOT .. "/" .. id .. "/tests")
end

local function prove_bundled(id)
  test.case(id, function()
    local lines = {}
    for _, finding in ipairs(check.report(ROOT .. "/" .. id):sorted()) do
      lines[#lines + 1] = ("%s:%d: %s"):format(finding.file, finding.line, finding.message)
    end
    local passed = prove.prove(ROOT .. "/" .. id, {}, function(file, results)
      for _, case in ipairs(results.cases) do
        if not case.ok then lines[#lines + 1] = ("%s: %s: %s"):format(file.path, case.name, case.message) end
      end
    end)
    test.equal(table.concat(lines, "\n"), "")
    test.truthy(passed > 0)
  end)
end

for _, id in ipairs(assert(fs.list(ROOT))) do
  if has_specs(id) then prove_bundled(id) end
end
