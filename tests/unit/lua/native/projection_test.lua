-- What a handler sees of a draft: packed in one state, unpacked in another.
local test = require("support.test")
local json = require("kernel.json")
local projection = require("native.projection")

local function through(paths, source)
  local shape = projection.compile(paths)
  return projection.unpack(shape, projection.pack(shape, source))
end

test.group("native.projection", function()
  test.case("what is named comes over, nothing else", function()
    local source = {
      currency = "EUR", total = 12, customer = { id = 7, email = "a@b.c" }, secret = "x",
      lines = { { id = "a", qty = 2, cost = 1, tags = { "tea", "cup" } }, { id = "b", qty = 3 } },
    }
    test.equal(through({ "currency", "customer.id", "lines[].id", "lines[].tags[]", "nothing" }, source), {
      currency = "EUR", customer = { id = 7 }, lines = { { id = "a", tags = { "tea", "cup" } }, { id = "b" } },
    })
    test.equal(through({}, source), {})
  end)

  test.case("a table that is named as a whole comes without the tables in it", function()
    local source = { attributes = { gift = "yes", n = 3, [7] = true, deep = { "x" } }, list = { 1, { 2 }, 3 } }
    local seen = through({ "attributes", "list[]" }, source)
    test.equal(seen.attributes, { gift = "yes", n = 3, [7] = true })
    test.equal({ seen.list[1], seen.list[2], seen.list[3] }, { 1, nil, 3 })
  end)

  test.property("a table comes whole, however it grew", function(any)
    local source = {}
    for _ = 1, any.integer(0, 9) do source[("n%d"):format(any.integer(1, 99))] = any.integer(1, 9) end
    for i = any.integer(0, 6), 1, -1 do source[i] = i * 10 end
    test.equal(through({ "attributes" }, { attributes = source }).attributes, source)
  end, 300)

  test.case("a field that is worked out when asked for is asked for", function()
    local line = setmetatable({ unit = 5 }, { __index = function(self, name) return name == "worth" and self.unit * 2 or nil end })
    test.equal(through({ "lines[].worth", "lines[].unit" }, { lines = { line } }), { lines = { { worth = 10, unit = 5 } } })
    local broken = setmetatable({}, { __index = function() error("no such thing") end })
    test.raises("no such thing", through, { "worth" }, broken)
  end)

  test.case("what has no form outside its state is refused by name", function()
    test.raises("lines[].qty, not a..b", projection.compile, { "a..b" })
    test.raises("lines[].qty, not lines[.qty", projection.compile, { "lines[.qty" })
    test.raises("qty is a function", through, { "qty" }, { qty = print })
    local deep = {}
    for i = 1, 9 do deep[i] = "a" end
    test.raises("a path looks like", projection.compile, { table.concat(deep, ".") })
  end)

  test.property("plain values come over as they are, equal ones in equal bytes", function(any)
    local lines = {}
    for i = 1, any.integer(0, 30) do
      lines[i] = {
        id = any.one_of({ "", "a", ("x"):rep(300), "\0\255" }), qty = any.one_of({ 0, -1, 1, math.maxinteger, math.mininteger, any.integer(-999999, 999999) }),
        rate = any.one_of({ 0.5, -1e300 }), ships = any.boolean(), tags = any.one_of({ {}, { "a" }, { "a", "b" } }), none = json.null,
      }
    end
    local shape = projection.compile({ "lines[].id", "lines[].qty", "lines[].rate", "lines[].ships", "lines[].tags[]", "lines[].none", "currency" })
    local bytes = projection.pack(shape, { lines = lines, currency = "CNY" })
    test.equal(projection.unpack(shape, bytes), { lines = lines, currency = "CNY" })
    test.equal(projection.pack(shape, { currency = "CNY", lines = lines }), bytes)
  end)

  test.property("other bytes are refused or read as something, and nothing worse", function(any)
    local shape = projection.compile({ "lines[].id", "lines[].tags[]", "total" })
    local bytes = projection.pack(shape, { lines = { { id = "abc", tags = { "x" } } }, total = 5 })
    local at = any.integer(1, #bytes)
    local changed = bytes:sub(1, at - 1) .. string.char(any.integer(0, 255)) .. bytes:sub(at + 1, any.one_of({ -1, -2 }))
    local fine, found = pcall(projection.unpack, shape, changed)
    test.truthy(fine and type(found) == "table" or tostring(found):find("not what this shape packs", 1, true), tostring(found))
  end, 500)
end)
