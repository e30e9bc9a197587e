local t = require("merx.testing")

t.with("merx.flat-rate", "merx.flat-tax", "merx.cod")

local URL <const> = "https://example.com/hooks"

local function listen()
  t.set({ address = URL, secret = "a key that both know" })
end

t.case("an order is told, with an id and a signature, and nothing personal", function()
  listen()
  local request = t.http.expect({ method = "POST", url = URL, reply = { status = 204 } })
  local order = t.order({ { price = 1250, qty = 2, title = "Mug" } })
  t.at("+1s")
  local sent = request.request
  t.contains(sent.body, '"type":"order.placed"')
  t.contains(sent.body, order.number)
  t.truthy(not sent.body:find("ada@example.com", 1, true), "the buyer's address went out")
  t.contains(sent.headers["webhook-signature"], "v1,")
  t.truthy(sent.headers["webhook-id"])
end)

t.case("what was not taken is sent again, with the same id", function()
  listen()
  t.http.expect({ method = "POST", url = URL, reply = { status = 503 } })
  t.order({ { price = 1250 } })
  t.at("+1s")
  t.http.expect({ method = "POST", url = URL, reply = { status = 204 } })
  t.at("+5s")
  t.equal(#t.requests, 2)
  t.equal(t.requests[1].headers["webhook-id"], t.requests[2].headers["webhook-id"])
end)

t.case("without an address nothing leaves the shop", function()
  t.order({ { price = 1250 } })
  t.at("+1s")
  t.equal(t.requests, {})
end)
