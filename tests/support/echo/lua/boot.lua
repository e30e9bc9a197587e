--- Answers every request with what was understood of it, as JSON; what may be any bytes is in hex.
local json = require("native.json")
local text = require("native.text")

local ASKED <const> = {
  "accept", "connection", "content-length", "content-type", "cookie", "expect", "host", "transfer-encoding", "user-agent",
  "x", "x-a", "x-b", "x-c", "x-d", "x-empty", "x-next", "x-probe", "!#$%&'*+-.^_`|~0aZ",
}

local function request(req)
  local headers = {}
  for _, name in ipairs(ASKED) do
    local value = req:header(name)
    headers[name:lower()] = value and text.hex(value)
  end
  req:reply(200, { ["Content-Type"] = "application/json" }, json.encode({
    method = req.method, path = req.path, query = req.query, host = req.host, scheme = req.scheme, body = text.hex(req:body()), headers = headers,
  }))
end

return { request = request, command = function() return {} end }
