local t = require("merx.testing")

t.case("it greets by name", function()
  t.equal(t.ask("hello", { params = { name = "Ada" } }), { json = { greeting = "Hello", name = "Ada" } })
end)

t.case("the merchant chooses the greeting", function()
  t.set("hello", { greeting = "Servus" })
  t.equal(t.ask("hello", { params = { name = "Ada" } }).json.greeting, "Servus")
end)

t.case("nobody is not greeted", function()
  t.equal(t.ask("hello", { params = {} }).status, 404)
end)
