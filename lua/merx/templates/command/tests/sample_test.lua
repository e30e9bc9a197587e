local t = require("merx.testing")

t.case("a note is kept, and told", function()
  t.truthy(t.command("note", { text = "hello" }))
  t.equal(t.value("SELECT text FROM p_acme_sample_notes"), "hello")
  t.equal(t.emitted()[1].event, "acme.sample.noted")
end)

t.case("a note without text is refused, and nothing is kept", function()
  t.fails("acme.sample.text", t.command("note", { text = "" }))
  t.equal(t.value("SELECT count(*) FROM p_acme_sample_notes"), 0)
end)
