local cache = require("kernel.cache")
local native = require("native.cache")
local points = require("kernel.points")
local test = require("support.test")

local function handler(id, before, after)
  return { point = "price_rule", plugin = id:match("^[^/]+"), id = id, before = before or {}, after = after or {} }
end

local function order(handlers)
  local sorted, cycle = points.sort(handlers)
  if not sorted then return cycle end
  local ids = {}
  for i, entry in ipairs(sorted) do ids[i] = entry.id end
  return table.concat(ids, " ")
end

test.case("a name means a handler, or all of a plugin", function()
  local one, two, other = handler("a.x/1"), handler("a.x/2"), handler("b.x/1")
  local all = { one, other, two }
  test.truthy(points.named(all, "a.x/2")[1] == two)
  test.equal({ #points.named(all, "a.x"), #points.named(all, "a.x/2"), #points.named(all, "a"), #points.named({}, "a.x") }, { 2, 1, 0, 0 })
end)

test.group("points.sort", function()
  test.case("goes by name when nobody minds", function()
    test.equal(order({ handler("b.x/1"), handler("a.x/1") }), "a.x/1 b.x/1")
  end)

  test.case("keeps before and after, by handler and by plugin", function()
    test.equal(order({ handler("a.x/1", nil, { "c.x" }), handler("b.x/1"), handler("c.x/1"), handler("c.x/2") }),
      "b.x/1 c.x/1 c.x/2 a.x/1")
    test.equal(order({ handler("a.x/1"), handler("z.x/1", { "a.x/1" }) }), "z.x/1 a.x/1")
  end)

  test.case("takes no notice of absent names", function()
    test.equal(order({ handler("a.x/1", { "gone.x" }, { "lost.x/9" }) }), "a.x/1")
  end)

  test.case("names a cycle", function()
    local text = order({ handler("a.x/1", { "b.x" }), handler("b.x/1", { "a.x" }), handler("c.x/1") })
    assert(text:find("a.x/1, b.x/1", 1, true), text)
  end)

  test.property("does not depend on the order of loading", function(any)
    local handlers = { handler("a.x/1", nil, { "d.x" }), handler("b.x/1"), handler("c.x/1", { "b.x" }), handler("d.x/1") }
    for i = #handlers, 2, -1 do
      local j = any.integer(1, i)
      handlers[i], handlers[j] = handlers[j], handlers[i]
    end
    test.equal(order(handlers), "c.x/1 b.x/1 d.x/1 a.x/1")
  end)
end)

test.group("points.set", function()
  local function only(id)
    assert(points.set({ handler(id) }, nil, tonumber(id:match("%d$"))))
  end

  test.case("what was begun goes on with the handlers that it began with, for a while", function()
    only("a.x/7")
    only("b.x/8")
    test.equal({ points.generation(), points.handlers("price_rule")[1].id }, { 8, "b.x/8" })
    points.follow(7)
    test.equal({ points.handlers("price_rule")[1].id, points.find("price_rule", "b.x/8") }, { "a.x/7", nil })
    points.follow(6)
    test.equal(points.handlers("price_rule")[1].id, "b.x/8", "nobody knows generation 6")
    points.follow(nil)
    test.equal(points.handlers("price_rule")[1].id, "b.x/8")
  end)

  test.case("what is made of handlers holds until the plugins are others; what began with earlier ones is nothing to keep", function()
    local function noted(number, ask)
      points.follow(number)
      local deps = cache.note(ask)
      points.follow(nil)
      return deps
    end
    for _, ask in ipairs({ points.note, points.all, function() points.handlers("price_rule") end, function() points.find("price_rule", "b.x/8") end }) do
      only("a.x/7")
      only("b.x/8")
      local now, earlier = noted(8, ask), noted(7, ask)
      test.equal({ cache.holds(now, 0), cache.holds(earlier, 0) }, { true, false })
      native.touch("plugins")
      test.equal(cache.holds(now, 0), false)
    end
  end)

  test.case("the list of a point is the same while its handlers are", function()
    local a, b, c = handler("a.x/1"), handler("b.x/1"), handler("c.x/1")
    local function list_of(handlers)
      assert(points.set(handlers))
      return points.handlers("price_rule")
    end
    local list = list_of({ a, b })
    test.truthy(list_of({ b, a }) == list)
    test.truthy(list_of({ a, b, c }) ~= list)
    test.truthy(list_of({ a, handler("b.x/1") }) ~= list)
  end)
end)
