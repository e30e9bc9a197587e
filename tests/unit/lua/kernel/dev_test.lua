local dev = require("kernel.dev")
local test = require("support.test")

local function locals_of(fn)
  local ok, problem = xpcall(fn, dev.explain)
  test.equal(ok, false)
  local names = {}
  for i, entry in ipairs(problem.locals) do names[i] = entry.name .. "=" .. entry.value end
  return table.concat(names, " ")
end

test.case("an error shows the locals of the function that raised it, however it was raised", function()
  test.equal(locals_of(function()
    local wanted = "x"
    error("no " .. wanted)
  end), 'wanted="x"')
  test.equal(locals_of(function()
    local count, none = 3, nil
    return none.field + count
  end), "count=3 none=nil")
end)
