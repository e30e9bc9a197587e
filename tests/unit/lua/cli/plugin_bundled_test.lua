-- What Merx brings is held to the same as what strangers write: no errors, and every promise of its contracts.
require("boot")
local check = require("cli.plugin.check")
local fs = require("native.fs")
local prove = require("cli.plugin.test")
local test = require("support.test")
local thread = require("native.thread")

for _, id in ipairs(assert(fs.list(thread.share .. "/plugins"))) do
  local root = thread.share .. "/plugins/" .. id

  test.case(id .. " has no errors", function()
    local report = check.report(root)
    for _, finding in ipairs(report:sorted()) do
      if finding.level == "error" then test.fail(("%s:%d: %s"):format(finding.file, finding.line, finding.message)) end
    end
  end)

  test.case(id .. " keeps its contracts", function()
    local passed = prove.prove(root, {}, function(file, results)
      for _, case in ipairs(results.cases) do
        if not case.ok then test.fail(("%s: %s: %s"):format(file.path, case.name, case.message)) end
      end
    end)
    test.truthy(passed > 0)
  end)
end
