--- The provider behind the plugin merx.test-pay, served by the engine itself while the shop is in test mode: charges are rows,
--- and its messages come in by the same door as those of any provider.
local charges = require("domain.order.charges")
local command = require("kernel.command")
local crypto = require("kernel.crypto")
local db = require("kernel.db")
local failure = require("kernel.failure")
local jobs = require("kernel.jobs")
local json = require("kernel.json")
local schema = require("kernel.schema")
local secrets = require("kernel.plugins.secrets")
local settings = require("kernel.settings")
local text = require("kernel.text")
local webhooks = require("domain.order.webhooks")

local test_provider = {}

local SOURCE <const> = "merx.test-pay/card"
local KEY <const> = "plugin.merx.test-pay.key"
local LATE <const> = 10 * 1000

--- Whether the shop is in test mode and the plugin has its key.
---@return boolean
function test_provider.is_open()
  return settings.get("payment.test_mode") and settings.list()[KEY] ~= nil and settings.get(KEY) ~= nil
end

--- Whether a request comes from the plugin: it knows the key.
---@param given string
---@return boolean
function test_provider.knows(given)
  local key = secrets.open(KEY)
  return key ~= nil and crypto.equal(key, given)
end

local function read(row)
  return row and json.decode(row.body) or nil, row
end

---@param reference string
---@return merx.TrialCharge? charge
---@return { token: string }? row
function test_provider.find(reference)
  return read(db.one("test_charge_by_reference", { reference = reference }))
end

--- The charge behind the address of a page.
---@param token string
---@return merx.TrialCharge?
function test_provider.find_by_token(token)
  return (read(db.one("test_charge_by_token", { token = token })))
end

local function save(tx, charge)
  db.run("test_charge_save", { reference = charge.reference, body = json.encode(charge), at = tx.now })
end

-- Which messages leave for one piece of news, and when: as it should be, or as the shopper of the trial wished.
local function copies_of(news)
  if news == "never" then return {} end
  if news == "twice" then return { { after = 0 }, { after = 0 } } end
  if news == "late" then return { { after = LATE } } end
  if news == "forged" then return { { after = 0, is_forged = true }, { after = LATE } } end
  if news == "wrong_amount" then return { { after = 0, more = 100 }, { after = LATE } } end
  return { { after = 0 } }
end

local function tell(tx, charge, message, news)
  if not message then return end
  message.reference, message.charge, message.currency, message.reason = charge.reference, charge.id, charge.currency, charge.reason
  charge.told = (charge.told or 0) + 1
  for i, copy in ipairs(copies_of(news)) do
    local sent = {}
    for field, value in pairs(message) do sent[field] = value end
    sent.id = ("ev_%s_%d%s"):format(charge.id, charge.told, copy.more and "x" or "")
    sent.amount = sent.amount and sent.amount + (copy.more or 0)
    tx.job("test_provider.deliver", { message = sent, is_forged = copy.is_forged or false }, {
      at = tx.now + copy.after, key = ("test_provider:%s:%d:%d"):format(charge.id, charge.told, i),
    })
  end
end

local address = schema.text({ max = 1000, default = "" })

command.define({
  name = "test_provider.charge",
  doc = "The provider of trials is asked for a charge; asked twice, it has one.",
  args = schema.object({
    reference = schema.text({ required = true, max = 100 }), order = schema.text({ max = 100, default = "" }),
    amount = schema.integer({ required = true, min = 0 }), currency = schema.text({ required = true, pattern = "^%u%u%u$" }),
    capture = schema.enum({ "at_once", "later", default = "at_once" }), locale = schema.text({ max = 20, default = "en" }),
    fault = schema.enum({ "none", "declined", "unavailable", "lost", "slow", "early", default = "none" }),
    return_url = address, cancel_url = address, webhook_url = address,
  }),
  handler = function(tx, args)
    local charge, row = test_provider.find(args.reference)
    if not charge then
      local token = tx.token()
      local _, id = db.run("test_charge_insert", { reference = args.reference, token = token, body = "{}", at = tx.now })
      charge, row = charges.new("ch" .. id, args), { token = token }
    end
    charge.asked = (charge.asked or 0) + 1
    local fault = charges.fault(args.fault, charge.asked)
    if fault ~= "refuse" and not charge.is_begun then
      charge.is_begun = true
      tell(tx, charge, charges.begin(charge))
    end
    save(tx, charge)
    return { reference = charge.reference, token = row.token, fault = fault }
  end,
})

command.define({
  name = "test_provider.act",
  doc = "The provider of trials is asked to capture, to void or to give back.",
  args = schema.object({
    reference = schema.text({ required = true, max = 100 }), wish = schema.enum({ "capture", "void", "refunds", required = true }),
    amount = schema.integer({ required = true, min = 0 }), key = schema.text({ required = true, max = 200 }),
  }),
  handler = function(tx, args)
    local charge = test_provider.find(args.reference)
    if not charge then return failure.new("charge.missing", "there is no such charge") end
    tell(tx, charge, charges.act(charge, args.wish, args.amount, args.key))
    save(tx, charge)
    return { reference = charge.reference }
  end,
})

command.define({
  name = "test_provider.decide",
  doc = "The shopper of a trial pays, or does not, or takes the money back.",
  args = schema.object({
    token = schema.text({ required = true, max = 100 }),
    outcome = schema.enum({ "pay", "declined", "funds", "cancelled", "dispute", required = true }),
    news = schema.enum({ "once", "never", "twice", "late", "forged", "wrong_amount", default = "once" }),
  }),
  handler = function(tx, args)
    local charge = test_provider.find_by_token(args.token)
    if not charge then return failure.new("charge.missing", "there is no such charge") end
    local message
    if args.outcome == "dispute" then message = charges.dispute(charge) else message = charges.decide(charge, args.outcome) end
    tell(tx, charge, message, args.news)
    save(tx, charge)
    return { reference = charge.reference, is_done = message ~= nil }
  end,
})

-- A message that was not acknowledged comes again, as with any provider: the job fails and is tried later.
jobs.define({
  name = "test_provider.deliver",
  doc = "Sends a message of the provider of trials.",
  handler = function(args, now)
    local handler = webhooks.find(SOURCE)
    if not handler then return end -- the shop has left test mode: nobody listens
    local body = json.encode(args.message)
    local key = args.is_forged and "a wrong key" or assert(secrets.open(KEY))
    local raw = {
      method = "POST", query = "", body = body,
      headers = { ["content-type"] = "application/json", ["x-test-pay-signature"] = text.hex(crypto.hmac_sha256(key, body)) },
    }
    local reply, err = webhooks.take(handler, raw, now)
    if not reply and not args.is_forged then error(err.message, 0) end
  end,
})

return test_provider
