local json = require("native.json")
local schema = require("kernel.schema")
local test = require("support.test")

local spec = schema.object({
  quantity = schema.integer({ min = 1, max = 99, required = true }),
  email = schema.email(),
  note = schema.text({ max = 5 }),
  gift = schema.boolean({ default = false }),
  size = schema.enum({ "s", "m" }),
  lines = schema.list(schema.object({ id = schema.id({ required = true }) }), { max = 2 }),
})

local function fields_of(value, options)
  local clean, err = schema.check(spec, value, options)
  return clean, err and err.fields
end

test.group("schema.check", function()
  test.case("returns a clean copy with defaults", function()
    local clean = assert(fields_of({ quantity = 2, lines = { { id = 7 } } }))
    test.equal(clean, { quantity = 2, gift = false, lines = { { id = 7 } } })
  end)

  test.case("names every mistake by its field", function()
    local clean, fields = fields_of({ quantity = 100, note = "longer", size = "xl", lines = { { id = 0 }, {} }, other = 1 })
    test.equal(clean, nil)
    test.equal(fields, {
      quantity = "schema.too_large", note = "schema.too_long", size = "schema.enum", ["lines.1.id"] = "schema.too_small",
      ["lines.2.id"] = "schema.required", other = "schema.unknown",
    })
  end)

  test.case("does not take a text for a number, a fraction for an integer, null for a value", function()
    test.equal(select(2, fields_of({ quantity = "2" })), { quantity = "schema.integer" })
    test.equal(select(2, fields_of({ quantity = 1.5 })), { quantity = "schema.integer" })
    test.equal(select(2, fields_of({ quantity = json.null })), { quantity = "schema.required" })
  end)

  test.case("reads what people type into forms", function()
    local clean = assert(fields_of({ quantity = " ２ ", gift = "on", note = "", email = "Ann@Example.COM" }, { coerce = true }))
    test.equal(clean, { quantity = 2, gift = true, email = "Ann@example.com" })
  end)

  test.case("refuses control bytes and broken UTF-8", function()
    test.equal(select(2, fields_of({ quantity = 1, note = "a\nb" })), { note = "schema.text" })
    test.equal(select(2, fields_of({ quantity = 1, note = "\xff" })), { note = "schema.text" })
  end)

  test.case("knows an e-mail address when it sees one", function()
    for _, bad in ipairs({ "a", "a@b", "a@b.", "@b.de", "a b@c.de", "a@b..de", "a@b@c.de", "<a@b.de>" }) do
      test.equal(select(2, fields_of({ quantity = 1, email = bad })), { email = "schema.email" }, bad)
    end
    assert(fields_of({ quantity = 1, email = "o'neil+shop@mail.example.co.uk" }))
  end)

  test.case("says in words what is wrong, for the command line and the log", function()
    local person = schema.object({
      name = schema.text({ required = true, max = 3 }), size = schema.enum({ "small", "large" }), count = schema.integer({ min = 2 }),
      email = schema.email(), code = schema.text({ pattern = "^%d$", message = "shop.code" }),
    })
    local _, err = schema.check(person, { size = "huge", count = 1, email = "x", code = "x", other = 1 })
    test.equal(err.message, "wrong input: code (shop.code), count must be at least 2, email must be an e-mail address, name is missing, "
      .. "other is not known here, size must be one of small, large")
    _, err = schema.check(person, { name = "long" })
    test.equal(err.message, "wrong input: name may have at most 3 characters")
  end)
end)
