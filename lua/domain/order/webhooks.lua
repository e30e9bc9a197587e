--- Webhooks: the adapter says whether the provider really sent it, the message is on disk before it is acknowledged, and what
--- it says is applied by a command. What is forged leaves no trace but a line in the log.
local command = require("kernel.command")
local crypto = require("kernel.crypto")
local failure = require("kernel.failure")
local log = require("kernel.log")
local payment = require("domain.payment")
local points = require("kernel.points")
local settings = require("kernel.settings")
local text = require("kernel.text")

local webhooks = {}

--- What the adapter sees of a request.
---@class merx.RawWebhook
---@field method string
---@field query string
---@field headers table<string, string> those that the entry lists as webhook_headers, and content-type; names in lower case
---@field body string

---@param source string "plugin/entry"
---@return merx.Handler?
function webhooks.find(source)
  for _, handler in ipairs(points.handlers("payment_method")) do
    if handler.id == source and handler.fns and handler.fns.webhook then
      local is_closed = handler.spec and handler.spec.is_test and not settings.get("payment.test_mode")
      return not is_closed and handler or nil
    end
  end
end

-- One message, one row: by the provider's id of its only event, else by what it says.
local function id_of(events, body)
  if #events == 1 then return events[1].id end
  return "sha256:" .. text.hex(crypto.sha256(body))
end

-- What the adapter makes of it. A refusal is the adapter's word that it is forged; a fault is that it cannot say.
local function read(handler, raw, now)
  local ok, answer, err = pcall(handler.fns.webhook, raw, handler.settings, { now = now })
  if not ok or answer == nil and type(err) == "table" and tostring(err.code):find("^plugin%.") then
    local why = ok and err.message or tostring(answer)
    log.error("a webhook cannot be read", { source = handler.id, error = why })
    return failure.new("webhook.unreadable", why)
  end
  if type(answer) ~= "table" or answer.refused then
    local why = type(answer) == "table" and answer.refused or type(err) == "table" and err.message or err or "refused"
    log.warn("a webhook is refused", { source = handler.id, error = tostring(why):sub(1, 200) })
    return failure.new("webhook.forged", tostring(why))
  end
  local clean, problem = payment.news.check(payment.news.webhook, answer)
  if clean then return clean end
  if handler.blame then handler.blame("malformed", problem) end
  log.error("a webhook cannot be read", { source = handler.id, error = problem })
  return failure.new("webhook.unreadable", problem)
end

--- Takes in a webhook.
---@param handler merx.Handler
---@param raw merx.RawWebhook
---@param now integer
---@return { status: integer, body: string, content_type: string }? reply the provider's own way of being told
---@return merx.Error? err "webhook.forged": nothing is kept; "webhook.unreadable", or of the writer: it should come again
function webhooks.take(handler, raw, now)
  local answer, err = read(handler, raw, now)
  if not answer then return nil, err end
  local kept, problem = command.run("payment.receive", {
    source = handler.id, event_id = id_of(answer.events, raw.body), headers = raw.headers, body = raw.body, events = answer.events,
  })
  if not kept then return nil, problem end
  -- It is on disk: whatever fails now is mended by the jobs thread, and the provider need not send it again.
  local ok, done, trouble = pcall(command.run, "payment.apply_message", { id = kept.id })
  if not ok or not done then
    log.error("a message of a provider waits to be applied", { message = kept.id, error = ok and trouble.message or tostring(done) })
  elseif done.is_refused then
    log.warn("news of a provider are not believed", { source = handler.id, message = kept.id, error = done.error })
  end
  local reply = answer.reply
  return {
    status = reply.status or 200, body = reply.body or "", content_type = reply.content_type or "text/plain; charset=utf-8",
  }
end

return webhooks
