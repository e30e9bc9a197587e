local t = require("merx.testing")

local URL <const> = "https://example.com/orders"

t.case("the service is told", function()
  t.set({ endpoint = URL })
  local request = t.http.expect({ method = "POST", url = URL, reply = { status = 204 } })
  t.equal(t.fire("order.placed", { number = "1001" }, "order:1"), 1)
  t.contains(request.request.body, "1001")
end)

t.case("without an address nothing is sent", function()
  t.fire("order.placed", { number = "1001" })
  t.equal(t.requests, {})
end)

t.case("what was not delivered is told again", function()
  t.set({ endpoint = URL })
  t.http.expect({ method = "POST", url = URL }):lose_answer()
  t.raises("lost", t.fire, "order.placed", { number = "1001" }, "order:1")
  t.http.expect({ method = "POST", url = URL })
  t.fire("order.placed", { number = "1001" }, "order:1")
  t.equal(t.requests[1].headers["Idempotency-Key"], t.requests[2].headers["Idempotency-Key"])
end)
