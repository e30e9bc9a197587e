local t = require("merx.testing")

t.case("by day", function()
  t.at("+9h")
  t.equal(t.ask("greeting", {}), { title_key = "acme.sample.day", name = "" })
end)

t.case("in the evening, with the name that the page's editor wrote", function()
  t.at("+18h")
  t.equal(t.ask("greeting", { settings = { name = "Ada" } }), { title_key = "acme.sample.evening", name = "Ada" })
end)

t.case("its words are there", function()
  t.equal(t.text("day"), "Good day")
end)
