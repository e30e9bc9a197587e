--- Where providers of payments tell what happened: POST /webhooks/PLUGIN/ENTRY. Programs only: answers are short texts.
local order = require("domain.order")
local router = require("kernel.router")

local LARGEST <const> = 256 * 1024

local POLICY <const> = { who = "anyone", csrf = "none", cache = "none", body = LARGEST }

local function answer(ctx, status, content_type, body, headers)
  headers = headers or {}
  headers["Content-Type"], headers["Cache-Control"] = content_type, "no-store"
  ctx.req:reply(status, headers, body)
end

local function raw_of(ctx, handler)
  local headers = { ["content-type"] = ctx.req:header("content-type") }
  for _, name in ipairs(handler.spec and handler.spec.webhook_headers or {}) do headers[name] = ctx.req:header(name) end
  return { method = ctx.req.method, query = ctx.req.query or "", headers = headers, body = ctx.req:body() or "" }
end

router.post("/webhooks/:plugin/:entry", POLICY, function(ctx, params)
  local handler = order.find_webhook(params.plugin .. "/" .. params.entry)
  if not handler then return answer(ctx, 404, "text/plain; charset=utf-8", "Nobody listens here.\n") end
  local reply, err = order.take_webhook(handler, raw_of(ctx, handler), ctx.now)
  if reply then return answer(ctx, reply.status, reply.content_type, reply.body) end
  if err.code == "webhook.forged" then return answer(ctx, 400, "text/plain; charset=utf-8", "This is not from the provider.\n") end
  answer(ctx, 503, "text/plain; charset=utf-8", "Not now. Send it again later.\n", { ["Retry-After"] = "30" })
end)

return true
