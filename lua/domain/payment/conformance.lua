--- What the adapter of a payment method promises, whoever wrote it: the same key at every try, no refusal where there was no
--- answer, and news that the engine can count. The plugin says in tests/samples/ENTRY.json how its provider answers:
---
---     { "payment_id": "r-1", "amount": 1490, "currency": "EUR",
---       "replies": { "authorize": { "status": 200, "json": { … } }, "refund": …, "fetch": …, "capture": …, "void": …,
---                    "missing": { "status": 404 } },
---       "webhook": { "headers": { … }, "body": "…" } }
---
--- `webhook` is a message that says that all of it was captured, signed with the secrets that tests have ("a secret of the
--- tests"); checkout/conformance.lua has a whole shop take it.
local conformance = require("kernel.conformance")
local json = require("kernel.json")
local news = require("domain.payment.news")

local expect = conformance.expect

local NEEDED <const> = { "authorize", "refund", "fetch" }
local OPERATIONS <const> = { "authorize", "capture", "void", "refund", "fetch" }

local MAY_ANSWER <const> = {
  authorize = { requires_action = true, authorized = true, captured = true, failed = true, pending = true },
  capture = { captured = true, failed = true, pending = true }, void = { voided = true, captured = true, failed = true, pending = true },
  refund = { refunded = true, refund_failed = true, failed = true, pending = true },
}

local NO_ANSWER <const> = { retry = true, pending = true, missing = true }

local payment_conformance = {}

--- The message of a sample, as an adapter is given it.
---@param sample table
---@return merx.RawWebhook
function payment_conformance.raw_of(sample)
  local headers = {}
  for name, value in pairs(sample.webhook.headers or {}) do headers[name] = value end
  return { method = "POST", query = sample.webhook.query or "", headers = headers, body = sample.webhook.body }
end

-- The sample of a method that has an adapter; nil for one without, which promises nothing here.
local function sample_of(subject)
  if not subject.handler.fns then return nil end
  local sample = subject.sample
  expect(type(sample) == "table" and type(sample.replies) == "table",
    "write tests/samples/%s.json: how the provider answers, { payment_id, amount, currency, replies, webhook }", subject.entry.id)
  for _, what in ipairs(NEEDED) do expect(sample.replies[what], "tests/samples/%s.json has no reply to %s", subject.entry.id, what) end
  return sample
end

local function request_of(sample, what)
  return {
    key = "p1:" .. what .. ":1", attempt = 1, payment_id = sample.payment_id, ref = sample.ref or "", order = "1001", amount = sample.amount,
    total = sample.amount, currency = sample.currency, is_test = true, locale = "en", email = "ada@example.com",
    return_url = "https://shop.example/orders/t/payment/return", cancel_url = "https://shop.example/orders/t/payment?stopped=1",
    webhook_url = "https://shop.example/webhooks/plugin/entry",
  }
end

local function ask(subject, sample, what)
  return subject.handler.fns[what](request_of(sample, what), subject.handler.settings)
end

local function told(err)
  return type(err) == "table" and tostring(err.message) or tostring(err)
end

-- Has the provider answer everything with one reply; gives what it was asked.
local function answer_with(subject, reply)
  local asked = {}
  subject.answer_with(function(request)
    asked[#asked + 1] = request
    return reply
  end)
  return asked
end

local function each_operation(sample, visit)
  for _, what in ipairs(OPERATIONS) do
    if sample.replies[what] then visit(what, sample.replies[what]) end
  end
end

-- ---- answers -----------------------------------------------------------------------------------------------------------

local function check_money(what, answer, sample)
  local moves = answer.result == "captured" or answer.result == "refunded" or answer.result == "authorized"
  if not moves then return end
  expect(answer.amount == sample.amount, "%s: it says that %s moved, and %d were asked for", what, tostring(answer.amount), sample.amount)
  expect(answer.currency == nil or answer.currency == sample.currency, "%s: it answers in another currency", what)
  if answer.result ~= "authorized" then expect(answer.ref, "%s: name the provider's id of what moved as `ref`, so that it is counted once", what) end
end

local function check_answer(subject, sample, what, reply)
  answer_with(subject, reply)
  local answer, err = ask(subject, sample, what)
  expect(answer ~= nil, "%s: %s", what, told(err))
  local clean, problem = news.check(news.answer, answer)
  expect(clean, "%s: %s", what, tostring(problem))
  local allowed = MAY_ANSWER[what]
  expect(not allowed or allowed[clean.result], "%s: it cannot be answered with %s", what, clean.result)
  if clean.result == "requires_action" then expect(clean.redirect, "%s: requires_action needs a redirect", what) end
  check_money(what, clean, sample)
end

-- ---- no answer ---------------------------------------------------------------------------------------------------------

local function expect_no_answer(subject, sample, what, why)
  local answer, err = ask(subject, sample, what)
  if answer == nil then return expect(err ~= nil, "%s, while %s: answer nil and why, or { result = \"retry\" }", what, why) end
  expect(NO_ANSWER[answer.result], "%s, while %s: it answers %s, and nobody knows whether that is so", what, why, tostring(answer.result))
end

local BROKEN <const> = {
  { status = 500, body = "" }, { status = 502, body = "<html>Bad gateway</html>" }, { status = 503, body = "{}" }, { status = 200, body = "{" },
}

-- ---- keys --------------------------------------------------------------------------------------------------------------

-- All that was sent, as one text.
local function flat(request)
  local parts = { request.method or "GET", request.url, request.body or "" }
  local names = {}
  for name in pairs(request.headers or {}) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do parts[#parts + 1] = name .. ": " .. request.headers[name] end
  return table.concat(parts, "\n")
end

local function flat_all(requests)
  local parts = {}
  for i, request in ipairs(requests) do parts[i] = flat(request) end
  return table.concat(parts, "\n\n")
end

local function sent_for(subject, sample, what)
  local asked = answer_with(subject, sample.replies[what])
  ask(subject, sample, what)
  return flat_all(asked)
end

local MOVES_MONEY <const> = { authorize = true, capture = true, refund = true }

local function with_sample(run)
  return function(subject)
    local sample = sample_of(subject)
    if sample then run(subject, sample) end
  end
end

conformance.define("payment_method", {
  { name = "each operation is answered with news that can be counted", run = with_sample(function(subject, sample)
    each_operation(sample, function(what, reply) check_answer(subject, sample, what, reply) end)
  end) },
  { name = "the same operation sends the same request with the same key at every try", run = with_sample(function(subject, sample)
    each_operation(sample, function(what)
      local first, second = sent_for(subject, sample, what), sent_for(subject, sample, what)
      expect(first == second, "%s: the second try sends something else", what)
      expect(not MOVES_MONEY[what] or first:find("p1:" .. what .. ":1", 1, true), "%s: req.key is not sent: a lost answer would be paid twice", what)
    end)
  end) },
  { name = "our reference goes to the provider", run = with_sample(function(subject, sample)
    expect(sent_for(subject, sample, "authorize"):find(sample.payment_id, 1, true), "req.payment_id is not sent: news could not find their payment")
  end) },
  { name = "a provider that is broken has refused nothing", run = with_sample(function(subject, sample)
    for _, reply in ipairs(BROKEN) do
      each_operation(sample, function(what)
        answer_with(subject, reply)
        expect_no_answer(subject, sample, what, ("the provider answers %d %s"):format(reply.status, reply.body))
      end)
    end
  end) },
  { name = "an answer that is lost has refused nothing, and is asked for", run = with_sample(function(subject, sample)
    subject.outside("silent")
    each_operation(sample, function(what) expect_no_answer(subject, sample, what, "nobody answers") end)
    check_answer(subject, sample, "fetch", sample.replies.fetch)
    if not sample.replies.missing then return end
    answer_with(subject, sample.replies.missing)
    local answer = ask(subject, sample, "fetch")
    expect(answer and answer.result == "missing", "fetch: of a payment that the provider does not know, say { result = \"missing\" }")
  end) },
})

-- ---- webhooks, without a shop ------------------------------------------------------------------------------------------

local function hear(subject, raw)
  return subject.handler.fns.webhook(raw, subject.handler.settings, { now = 1767225600000 })
end

local function with_webhook(run)
  return with_sample(function(subject, sample)
    if sample.webhook then run(subject, sample) end
  end)
end

local function expect_refused(subject, raw, what)
  local answer = hear(subject, raw)
  expect(type(answer) ~= "table" or answer.refused, "%s: it was believed", what)
end

-- One byte of a text changed, somewhere.
local function altered(words, at)
  local byte = words:byte(at)
  return words:sub(1, at - 1) .. string.char(byte == 48 and 49 or 48) .. words:sub(at + 1)
end

conformance.define("payment_method", {
  { name = "a message is understood, and the same each time", run = with_webhook(function(subject, sample)
    local clean, problem = news.check(news.webhook, (hear(subject, payment_conformance.raw_of(sample))))
    expect(clean, "%s", tostring(problem))
    expect(#clean.events > 0, "the message says nothing")
    expect(clean.events[1].payment_id == sample.payment_id, "it is about %s, not about our reference", clean.events[1].payment_id)
    local again = hear(subject, payment_conformance.raw_of(sample))
    expect(json.encode(again.events) == json.encode(clean.events), "heard twice it says two things")
  end) },
  { name = "a message that was altered anywhere, or that nobody signed, is refused", run = with_webhook(function(subject, sample)
    local raw = payment_conformance.raw_of(sample)
    for i = 1, 16 do
      local at = 1 + (i - 1) * (#raw.body - 1) // 15
      expect_refused(subject, { method = "POST", query = "", headers = raw.headers, body = altered(raw.body, at) }, "byte " .. at .. " was another")
    end
    expect_refused(subject, { method = "POST", query = "", headers = {}, body = raw.body }, "without headers")
    expect_refused(subject, { method = "POST", query = "", headers = raw.headers, body = "" }, "without a body")
  end) },
})

return payment_conformance
