--- The provider of trials as the world sees it: an interface for the plugin merx.test-pay, and the page where a trial is paid.
--- It looks like no page of the shop, because it stands for somebody else's. It is there in test mode only.
local command = require("kernel.command")
local crypto = require("kernel.crypto")
local form = require("web.form")
local i18n = require("kernel.i18n")
local order = require("domain.order")
local page = require("web.page")
local respond = require("web.respond")
local router = require("kernel.router")
local task = require("kernel.task")
local text = require("kernel.text")

local provider = order.test_provider

local API <const> = { who = "anyone", csrf = "none", cache = "none" }
local PAGE <const> = { who = "anyone", csrf = "none", cache = "none" }
local PRESS <const> = { who = "anyone", csrf = "origin", cache = "none" }

local SLOW <const> = 8000 -- ms; longer than the plugin waits

-- ---- the interface -----------------------------------------------------------------------------------------------------

local function wrong(ctx, status, words)
  respond.json(ctx, status, { error = words })
end

-- Whether a request may go on; one that may not has been answered.
local function is_known(ctx)
  if not provider.is_open() then
    wrong(ctx, 404, "the shop is not in test mode, or the plugin merx.test-pay has no key")
    return false
  end
  local given = (ctx.req:header("authorization") or ""):match("^Bearer (.+)$")
  if given and provider.knows(given) then return true end
  wrong(ctx, 401, "send the key of the plugin as a bearer token")
  return false
end

local function charge_view(ctx, reference)
  local charge, row = provider.find(reference)
  if not charge then return nil end
  return {
    id = charge.id, reference = charge.reference, status = charge.status, amount = charge.amount, currency = charge.currency,
    reason = charge.reason, captures = charge.captures, refunds = charge.refunds, disputes = charge.disputes, error = charge.error,
    pay_url = ctx.base_url .. ctx.root .. "/test-provider/pay/" .. row.token,
  }
end

local function send_charge(ctx, reference)
  local view = charge_view(ctx, reference)
  if view then respond.json(ctx, 200, view) else wrong(ctx, 404, "there is no such charge") end
end

router.post("/test-provider/charges", API, function(ctx)
  if not is_known(ctx) then return end
  local asked = ctx.req:json()
  if type(asked) ~= "table" then return wrong(ctx, 400, "send one JSON object") end
  local made, err = command.run("test_provider.charge", asked)
  if not made then return wrong(ctx, err.code == "invalid" and 422 or 503, err.message) end
  if made.fault == "refuse" or made.fault == "lose" then return wrong(ctx, 503, "as you wished") end
  if made.fault == "slow" and task.current() then task.sleep(SLOW) end
  send_charge(ctx, made.reference)
end)

router.get("/test-provider/charges/:reference", API, function(ctx, params)
  if is_known(ctx) then send_charge(ctx, params.reference) end
end)

router.post("/test-provider/charges/:reference/:wish", API, function(ctx, params)
  if not is_known(ctx) then return end
  local asked = ctx.req:json()
  local done, err = command.run("test_provider.act", {
    reference = params.reference, wish = params.wish, amount = type(asked) == "table" and asked.amount or nil,
    key = ctx.req:header("idempotency-key"),
  })
  if not done then return wrong(ctx, err.code == "invalid" and 422 or err.code == "charge.missing" and 404 or 503, err.message) end
  send_charge(ctx, done.reference)
end)

-- ---- the page ----------------------------------------------------------------------------------------------------------

local STYLE <const> = [[
:root { color-scheme: light dark; }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; }
header { padding: 1rem 1.5rem; background: #253858; color: #fff; font-weight: 600; }
main { max-width: 30rem; margin: 2rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.75rem; margin: 0 0 1rem; }
fieldset { border: 1px solid #8a94a6; border-radius: .5rem; margin: 0 0 1.25rem; padding: .75rem 1rem; }
label { display: flex; gap: .75rem; align-items: center; min-height: 2.75rem; }
button, a.on { display: block; box-sizing: border-box; width: 100%; min-height: 3rem; padding: .6rem 1rem; border: 0; border-radius: .5rem;
  background: #253858; color: #fff; font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer; }
p.trial { padding: .5rem 1rem; border-left: 4px solid #b58105; }
]]

local POLICY <const> = "default-src 'none'; style-src 'sha256-" .. text.base64(crypto.sha256(STYLE))
  .. "'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' http: https:"

local OUTCOMES <const> = {
  { "pay", "Pay" }, { "declined", "The card is declined" }, { "funds", "There is not enough money" }, { "cancelled", "I stop here" },
}

local NEWS <const> = {
  { "once", "once, as it should be" }, { "late", "ten seconds late" }, { "twice", "twice" }, { "never", "never" },
  { "forged", "a forged one first" }, { "wrong_amount", "one with a wrong amount first" },
}

local ENTITIES <const> = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

local function escape(words)
  return (tostring(words):gsub('[&<>"]', ENTITIES))
end

local function choices(title, field, list)
  local out = { "<fieldset><legend>" .. title .. "</legend>" }
  for i, choice in ipairs(list) do
    out[#out + 1] = ('<label><input type="radio" name="%s" value="%s"%s> %s</label>'):format(field, choice[1], i == 1 and " checked" or "", choice[2])
  end
  out[#out + 1] = "</fieldset>"
  return table.concat(out)
end

local function pay_form(charge, total)
  return "<form method=\"post\">" .. choices("What happens", "outcome", OUTCOMES) .. choices("The shop is told", "news", NEWS)
    .. "<button>Go on with " .. escape(total) .. "</button></form><p><a href=\"" .. escape(charge.cancel_url) .. "\">Not now</a></p>"
end

local function done_form(charge)
  local on = '<p><a class="on" href="' .. escape(charge.return_url) .. '">Back to the shop</a></p>'
  if #charge.captures == 0 or #charge.disputes > 0 then return on end
  return on .. '<form method="post"><input type="hidden" name="outcome" value="dispute"><button>Take the money back (a dispute)</button></form>'
end

local function send_page(ctx, charge)
  local total = i18n.currency("en", charge.amount, charge.currency)
  local body = ('<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    .. '<meta name="robots" content="noindex"><title>Pay %s – Provider of trials</title><style>%s</style></head><body><header>Provider of trials</header>'
    .. '<main><h1>%s</h1><p>Order %s. This payment is %s.</p><p class="trial">No money moves here.</p>%s</main></body></html>'):format(
    escape(total), STYLE, escape(total), escape(charge.order), escape(charge.status), charge.status == "open" and pay_form(charge, total) or done_form(charge))
  ctx.req:reply(200, {
    ["Content-Type"] = "text/html; charset=utf-8", ["Cache-Control"] = "no-store", ["Content-Security-Policy"] = POLICY,
    ["Referrer-Policy"] = "no-referrer",
  }, body)
end

local function find(ctx, token)
  local charge = provider.is_open() and token:find("^[%w_-]+$") and provider.find_by_token(token)
  if not charge then page.message(page.open(ctx), 404) end
  return charge
end

router.get("/test-provider/pay/:token", PAGE, function(ctx, params)
  local charge = find(ctx, params.token)
  if charge then send_page(ctx, charge) end
end)

router.post("/test-provider/pay/:token", PRESS, function(ctx, params)
  local charge = find(ctx, params.token)
  if not charge then return end
  local sent = form.read(ctx)
  local fields = sent and sent.fields or {}
  local done = command.run("test_provider.decide", { token = params.token, outcome = fields.outcome, news = fields.news })
  if not done then return page.message(page.open(ctx), 422) end
  if fields.outcome == "dispute" then return respond.redirect(ctx, ctx.root .. "/test-provider/pay/" .. params.token) end
  ctx.req:reply(303, { Location = fields.outcome == "cancelled" and charge.cancel_url or charge.return_url, ["Cache-Control"] = "no-store" }, "")
end)

return true
