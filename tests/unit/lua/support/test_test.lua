local format = require("support.format")
local test = require("support.test")

test.group("support.test", function()
  test.case("equal compares tables by content", function()
    test.equal({ a = { 1, 2 }, b = "x" }, { b = "x", a = { 1, 2 } })
  end)

  test.case("a difference names its path", function()
    test.equal(format.difference({ a = { 1, 2 } }, { a = { 1, 3 } }), "a.2")
    test.equal(format.difference({ a = 1 }, { a = 1, b = 2 }), "b")
    test.equal(format.difference({ a = 1, b = 2 }, { a = 1 }), "b")
  end)

  test.case("1 and 1.0 are not equal", function()
    test.equal(format.difference(1, 1.0), "")
  end)

  test.case("a failed check raises with its place", function()
    local ok, problem = pcall(test.equal, 1, 2)
    test.equal(ok, false)
    test.contains(problem.message, "expected 2")
  end)

  test.case("raises returns the message", function()
    local message = test.raises("boom", function() error("boom today", 0) end)
    test.equal(message, "boom today")
  end)

  test.case("fails returns the error", function()
    local err = test.fails("stock.short", nil, { code = "stock.short", message = "only 2 left" })
    test.equal(err.message, "only 2 left")
  end)

  test.case("a folder exists during its case only", function()
    local fs = require("native.fs")
    local path = test.folder()
    test.truthy(fs.exists(path))
  end)

  test.property("made-up integers keep their bounds", function(any)
    local low = any.integer(-100, 100)
    local value = any.integer(low, low + 50)
    test.truthy(value >= low and value <= low + 50)
  end)

  test.property("lists are made like their first argument", function(any)
    local list = any.list(any.integer(1, 9), 1, 5)
    test.truthy(#list >= 1 and #list <= 5)
    for _, value in ipairs(list) do test.truthy(value >= 1 and value <= 9) end
  end)
end)
