local shop = require("support.shop")
shop.open()
require("domain.draft.contracts")
local resolve = require("kernel.plugins.resolve")
local test = require("support.test")

local function plugin(id, fields)
  fields = fields or {}
  return {
    id = id, bundled = fields.bundled,
    manifest = {
      id = id, version = fields.version or "1.0.0", requires = fields.requires or {}, conflicts = fields.conflicts or {},
      provides = fields.provides or {}, capabilities = { services = fields.calls },
      contributes = { services = fields.services, price_rules = fields.rules, routes = fields.routes },
    },
  }
end

-- The ids that fit and the problems, whatever the order in which the plugins were found.
local function check(list, options)
  local fit, problems = resolve.check(list, options)
  local turned = {}
  for i = #list, 1, -1 do turned[#turned + 1] = list[i] end
  local again, same = resolve.check(turned, options)
  local ids, others = {}, {}
  for i, entry in ipairs(fit) do ids[i] = entry.id end
  for i, entry in ipairs(again) do others[i] = entry.id end
  test.equal(others, ids)
  test.equal(same, problems)
  return table.concat(ids, " "), problems
end

local function expect(problem, words)
  test.truthy(problem and problem:find(words, 1, true), tostring(problem))
end

test.case("what is needed must be there, in its range", function()
  local ids, problems = check({
    plugin("a.one", { requires = { ["b.base"] = ">=1 <2" } }), plugin("b.base", { version = "1.5.0" }),
    plugin("c.three", { requires = { ["b.base"] = ">=2" } }), plugin("d.four", { requires = { ["x.gone"] = ">=1" } }),
    plugin("e.five", { requires = { ["d.four"] = ">=1" } }),
  })
  test.equal(ids, "a.one b.base")
  expect(problems["c.three"], "it needs b.base >=2, but 1.5.0 is installed")
  expect(problems["d.four"], "install and enable that first")
  expect(problems["e.five"], "it needs d.four")
end)

test.case("another plugin may provide what is needed", function()
  test.equal(check({ plugin("a.one", { requires = { ["b.base"] = ">=1" } }), plugin("c.own", { provides = { "b.base" } }) }), "a.one c.own")
end)

test.case("of two that exclude each other the bundled one stays, else the first by name", function()
  local ids, problems = check({ plugin("a.one", { conflicts = { "b.two" } }), plugin("b.two") })
  test.equal(ids, "a.one")
  expect(problems["b.two"], "together with a.one: disable one")
  ids = check({ plugin("a.one", { conflicts = { "b.two" } }), plugin("b.two", { bundled = true }) })
  test.equal(ids, "b.two")
end)

test.case("a circle of needs is named", function()
  local ids, problems = check({
    plugin("a.one", { requires = { ["b.two"] = ">=1" } }), plugin("b.two", { requires = { ["a.one"] = ">=1" } }), plugin("c.three"),
  })
  test.equal(ids, "c.three")
  expect(problems["a.one"], "a.one → b.two → a.one")
end)

test.case("a service must be there, and services may not call each other in a circle", function()
  local rate = { { id = "rate" } }
  local ids, problems = check({
    plugin("a.user", { calls = { "b.fx/rate" } }), plugin("b.fx", { services = rate }), plugin("c.wrong", { calls = { "b.fx/rates" } }),
    plugin("d.none", { calls = { "x.gone/rate" } }),
    plugin("e.left", { services = rate, calls = { "f.right/rate" } }), plugin("f.right", { services = rate, calls = { "e.left/rate" } }),
  })
  test.equal(ids, "a.user b.fx")
  expect(problems["c.wrong"], "which b.fx does not have")
  expect(problems["d.none"], "install and enable x.gone first")
  expect(problems["e.left"], "e.left → f.right → e.left")
end)

test.case("handlers that each want to be first are named, and the shop keeps the others", function()
  local ids, problems = check({
    plugin("a.one", { rules = { { id = "x", before = { "b.two" } } } }), plugin("b.two", { rules = { { id = "y", before = { "a.one" } } } }),
    plugin("c.three", { rules = { { id = "z" } } }),
  })
  test.equal(ids, "a.one c.three")
  expect(problems["b.two"], "each want to come before the other: a.one/x, b.two/y")
end)

test.case("the merchant's pin settles who comes first", function()
  test.equal(check({
    plugin("a.one", { rules = { { id = "x", before = { "b.two" } } } }), plugin("b.two", { rules = { { id = "y", before = { "a.one" } } } }),
  }, { pins = { { "b.two", "a.one" } } }), "a.one b.two")
end)

test.case("an address belongs to one plugin", function()
  local _, problems = check({
    plugin("a.one", { routes = { { id = "r", method = "GET", path = "/apps/x" } } }),
    plugin("b.two", { routes = { { id = "r", method = "GET", path = "/apps/x" } } }),
  })
  expect(problems["b.two"], "GET /apps/x is taken by a.one")
end)
