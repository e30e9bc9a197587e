local t = require("merx.testing")

local URL <const> = "https://example.com/status"

t.case("it asks", function()
  t.set({ endpoint = URL })
  t.http.expect({ url = URL, reply = { body = "fine" } })
  t.run_job("ask")
end)

t.case("it asks every hour", function()
  t.set({ endpoint = URL })
  t.http.expect({ url = URL })
  t.at("+1m")
  t.http.expect({ url = URL })
  t.at("+1h")
  t.equal(#t.requests, 2)
end)

t.case("a service that does not answer is asked again later", function()
  t.set({ endpoint = URL })
  t.http.expect({ url = URL }):timeout()
  t.raises("no answer in time", t.run_job, "ask")
end)
