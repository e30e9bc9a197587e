-- What happened, sent as https://www.standardwebhooks.com says: the id stays the same when a message is sent again, and the
-- signature covers id, time and body. Whoever answers with anything but 2xx gets it again, later.
local hooks = {}

local TIMEOUT <const> = 15

-- An order is told with its sums and lines; nothing personal goes out.
local function about_order(id)
  local order = shop.db.one("SELECT * FROM pub_orders WHERE id = :id", { id = id })
  if order then
    order.lines = shop.db.many("SELECT * FROM pub_order_lines WHERE order_id = :id ORDER BY position", { id = id })
  end
  return order
end

local function data_of(event)
  if event.event:find("^order%.") then return { order = about_order(event.body.id), change = event.body } end
  return event.body
end

function hooks.tell(event)
  local address = shop.settings.address
  if not address then return end
  local id = ("evt_%d_%d"):format(event.seq, event.at)
  local now = shop.now() // 1000
  local body = shop.json.encode({ type = event.event, timestamp = event.at, data = data_of(event) })
  local signature = assert(shop.crypto.hmac_sha256(shop.secret("secret"), ("%s.%d.%s"):format(id, now, body), "base64"))
  local reply, err = shop.http.post(address, {
    body = body, timeout = TIMEOUT,
    headers = {
      ["Content-Type"] = "application/json", ["webhook-id"] = id, ["webhook-timestamp"] = now, ["webhook-signature"] = "v1," .. signature,
    },
  })
  if not reply then error(err.message, 0) end
  if reply.status < 200 or reply.status > 299 then error("the receiver answered with " .. reply.status, 0) end
end

return hooks
