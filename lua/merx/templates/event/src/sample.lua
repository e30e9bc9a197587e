-- Event: after an order is placed, another service is told. An effect may be called twice for one fact, so what is sent
-- carries the fact's own number; whoever hears it twice sees that.
local M = {}

---@type merx.fn.event
function M.placed(event)
  local address = shop.settings.endpoint
  if not address then return end
  local reply, err = shop.http.post(address, {
    json = { event = event.event, key = event.key, body = event.body },
    headers = { ["Idempotency-Key"] = event.key .. ":" .. tostring(event.seq) },
  })
  -- Raising means: not delivered, tell me again later.
  if not reply then error(err.message) end
  if reply.status >= 300 then error("the service answered " .. tostring(reply.status)) end
end

return M
