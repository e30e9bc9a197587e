--- What the functions of a payment method's adapter are told, and what they answer, for the reference and for stubs.
local contracts = require("kernel.contracts")
local news = require("domain.payment.news")

local REQUEST <const> = {
  key = "string: the provider's idempotency key; every try has the same", attempt = "integer: 1 for the first",
  payment_id = "string: our reference, which the provider must give back", ref = "string: the provider's id of the payment, or \"\"",
  order = "string: number of the order", amount = "integer: minor units of this operation", total = "integer: minor units of the payment",
  currency = "string", is_test = "boolean", locale = "string", email = "string", return_url = "string: where the shopper comes back",
  cancel_url = "string: where a shopper goes who does not pay", webhook_url = "string: where the provider tells news",
}

local RAW <const> = {
  method = "string", query = "string", headers = "map: those that `webhook_headers` names, and content-type; in lower case", body = "string",
}

local function asks(doc)
  return { doc = doc, given = REQUEST, answer = news.answer }
end

contracts.describe_functions("payment_method", {
  authorize = asks("Asks the provider to promise or take the money; requires_action with a redirect sends the shopper there."),
  capture = asks("Takes what was promised."),
  void = asks("Gives up what was promised."),
  refund = asks("Gives money back."),
  fetch = asks("Asks how things stand: after answers that never came, and a quarter of an hour after news that ended nothing."),
  webhook = {
    doc = "Reads what the provider sent, or answers nil and why it is forged. It is stored before it is acknowledged.",
    given = RAW, answer = news.webhook, context = "{ now: integer }",
  },
})

return true
