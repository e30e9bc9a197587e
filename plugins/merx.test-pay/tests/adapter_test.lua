-- The adapter speaks with its provider as the contract of payment methods wants it.
local t = require("merx.testing")

local ENDPOINT <const> = "https://pay.example/test-provider"

local REQUEST <const> = {
  key = "p1:authorize:1", attempt = 1, payment_id = "r-1", ref = "", order = "1001", amount = 1490, total = 1490, currency = "EUR",
  is_test = true, locale = "en", email = "ada@example.com", return_url = "https://shop.example/r", cancel_url = "https://shop.example/c",
  webhook_url = "https://shop.example/webhooks/merx.test-pay/card",
}

local function charge(more)
  local found = {
    id = "ch1", reference = "r-1", status = "open", amount = 1490, currency = "EUR", captures = {}, refunds = {}, disputes = {},
    pay_url = ENDPOINT .. "/pay/t",
  }
  for name, value in pairs(more or {}) do found[name] = value end
  return found
end

local function request(more)
  local req = {}
  for name, value in pairs(REQUEST) do req[name] = value end
  for name, value in pairs(more or {}) do req[name] = value end
  return req
end

local function set_up()
  t.set({ endpoint = ENDPOINT, key = "the key" })
end

t.case("a charge is asked for with its key and leads to the provider's page", function()
  set_up()
  local sent = t.http.expect({ method = "POST", url = ENDPOINT .. "/charges", reply = { json = charge() } })
  local answer = t.adapter("card", "authorize", REQUEST)
  t.equal({ answer.result, answer.charge, answer.redirect }, { "requires_action", "ch1", ENDPOINT .. "/pay/t" })
  t.equal({ sent.request.headers["Idempotency-Key"], sent.request.headers.Authorization }, { "p1:authorize:1", "Bearer the key" })
end)

t.case("a provider that is not there, or not well, is asked again", function()
  set_up()
  t.http.expect({ method = "POST", url = ENDPOINT .. "/charges" }):timeout()
  t.equal(t.adapter("card", "authorize", REQUEST).result, "retry")
  t.http.expect({ method = "POST", url = ENDPOINT .. "/charges", reply = { status = 503 } })
  t.equal(t.adapter("card", "authorize", REQUEST).result, "retry")
end)

t.case("how things stand is told with all that moved", function()
  set_up()
  t.http.expect({ url = ENDPOINT .. "/charges/r-1", reply = { json = charge({
    status = "captured", captures = { { id = "cap1", amount = 1490 } }, refunds = { { id = "ref1", amount = 90, key = "k" } },
  }) } })
  local answer = t.adapter("card", "fetch", request({ key = "p1:fetch:1" }))
  t.equal({ answer.result, answer.ref, answer.amount, #answer.events }, { "captured", "cap1", 1490, 2 })
  t.http.expect({ url = ENDPOINT .. "/charges/r-1", reply = { status = 404, json = {} } })
  t.equal(t.adapter("card", "fetch", request({ key = "p1:fetch:2" })).result, "missing")
end)

t.case("a refund is answered with the provider's id of it, or with a refusal", function()
  set_up()
  local url = ENDPOINT .. "/charges/r-1/refunds"
  t.http.expect({ method = "POST", url = url, reply = { json = charge({ refunds = { { id = "ref7", amount = 90, key = "p1:refund:1" } } }) } })
  local answer = t.adapter("card", "refund", request({ key = "p1:refund:1", amount = 90 }))
  t.equal({ answer.result, answer.ref, answer.amount }, { "refunded", "ref7", 90 })
  t.http.expect({ method = "POST", url = url, reply = { json = charge({ error = "more than was taken" }) } })
  t.equal(t.adapter("card", "refund", request({ key = "p1:refund:2", amount = 9000 })).result, "refund_failed")
end)

t.case("a message is believed by its signature alone", function()
  set_up()
  local crypto, text = require("native.crypto"), require("native.text")
  local body = '{"id":"ev1","reference":"r-1","charge":"ch1","kind":"captured","ref":"cap1","amount":1490,"currency":"EUR"}'
  local signature = text.hex(crypto.hmac_sha256("the key", body))
  local raw = { method = "POST", query = "", headers = { ["x-test-pay-signature"] = signature }, body = body }
  local answer = t.adapter("card", "webhook", raw)
  t.equal({ answer.reply.body, answer.events[1].result, answer.events[1].payment_id, answer.events[1].amount }, { "ok", "captured", "r-1", 1490 })
  raw.body = body:gsub("1490", "1")
  t.equal(t.adapter("card", "webhook", raw), nil)
  raw.headers = {}
  t.equal(t.adapter("card", "webhook", raw), nil)
end)
