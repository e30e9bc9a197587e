-- Speaks with the provider of trials: JSON over HTTP, a key with every request, messages signed by HMAC-SHA256. Every answer
-- is a whole charge, so that all functions read it in one way.
local M = {}

local TIMEOUT <const> = 5 -- seconds

local RESULTS <const> = { open = "requires_action", authorized = "authorized", captured = "captured", failed = "failed", voided = "voided" }

-- Captures, refunds and disputes of a charge, each with the provider's id.
local function events_of(charge)
  local events = {}
  local function add(result, entries)
    for _, entry in ipairs(entries or {}) do
      events[#events + 1] = { result = result, ref = entry.id, amount = entry.amount, currency = charge.currency, state = entry.state }
    end
  end
  add("captured", charge.captures)
  add("refunded", charge.refunds)
  add("disputed", charge.disputes)
  return events
end

-- A charge as the engine's news: how it stands, and what moved.
local function news_of(charge)
  local answer = { result = RESULTS[charge.status], charge = charge.id, currency = charge.currency, reason = charge.reason, events = events_of(charge) }
  if charge.status == "open" then answer.redirect = charge.pay_url end
  if charge.status == "authorized" then answer.amount = charge.amount end
  if charge.status == "captured" then answer.ref, answer.amount = charge.captures[1].id, charge.captures[1].amount end
  return answer
end

-- No answer, or one that is no charge: the engine asks again with the same key.
local function send(method, path, key, body)
  local reply, err = shop.http.request({
    method = method, url = shop.settings.endpoint .. path, auth = shop.secret("key"), headers = { ["Idempotency-Key"] = key }, json = body,
    timeout = TIMEOUT,
  })
  if not reply then return nil, err end
  if reply.status == 404 then return nil, { code = "missing", message = "the provider does not know it" } end
  local charge = reply.status < 300 and shop.json.decode(reply.body)
  if type(charge) ~= "table" then return nil, { code = "no_answer", message = "the provider answered " .. reply.status } end
  return charge
end

local function ask(path, req, body)
  local charge, err = send("POST", path, req.key, body or { amount = req.amount })
  if not charge then return { result = "retry", error = err.message } end
  return news_of(charge), charge
end

local function path_of(req, rest)
  return "/charges/" .. req.payment_id .. rest
end

function M.authorize(req, cfg)
  return (ask("/charges", req, {
    reference = req.payment_id, order = req.order, amount = req.amount, currency = req.currency, capture = cfg.capture, fault = cfg.fault,
    locale = req.locale, return_url = req.return_url, cancel_url = req.cancel_url, webhook_url = req.webhook_url,
  }))
end

function M.capture(req)
  return (ask(path_of(req, "/capture"), req))
end

function M.void(req)
  return (ask(path_of(req, "/void"), req))
end

function M.refund(req)
  local answer, charge = ask(path_of(req, "/refunds"), req)
  if not charge then return answer end
  for _, refund in ipairs(charge.refunds) do
    if refund.key == req.key then return { result = "refunded", ref = refund.id, amount = refund.amount, currency = charge.currency } end
  end
  return { result = "refund_failed", error = charge.error }
end

function M.fetch(req)
  local charge, err = send("GET", path_of(req, ""), req.key)
  if charge then return news_of(charge) end
  return err.code == "missing" and { result = "missing" } or { result = "retry", error = err.message }
end

-- Pure: is it from the provider, and what does it say?
function M.webhook(raw)
  if not shop.crypto.hmac_sha256_ok(shop.secret("key"), raw.body, raw.headers["x-test-pay-signature"] or "") then return nil end
  local told = shop.json.decode(raw.body)
  return { reply = { status = 200, body = "ok" }, events = { {
    id = told.id, payment_id = told.reference, charge = told.charge, result = told.kind, ref = told.ref, amount = told.amount,
    currency = told.currency, reason = told.reason, state = told.state,
  } } }
end

return M
