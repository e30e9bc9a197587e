-- What plugin code has of the engine, as it finds it in a state of its own.
local native = require("native.plugin")
local test = require("support.test")

local ASKS <const> = [[
local M = {}
function M.reads() local reply = shop.http.get("https://example.com") return reply end
function M.logs()
  shop.log("a line")
  return {}
end
function M.emits()
  shop.tx.emit("acme.done", "key", {})
  return {}
end
function M.looks() return { shop.settings.colour } end
function M.gets(input) return { shop.http.get(input.url, { timeout = 3 }) } end
return M]]

local function open(answer)
  return assert(native.open({ id = "test.asks", modules = { asks = ASKS }, prelude = { "kernel/sandbox/shop.lua" }, host = answer }))
end

test.case("a refusal names the line of the plugin that asked", function()
  local state = open(function(_, name) return false, name .. " is refused" end)
  for name, line in pairs({ reads = 2, logs = 4, emits = 8, looks = 11 }) do
    local ok, err = state:call("effect", "asks:" .. name)
    test.equal(ok, nil)
    test.truthy(err.message:find(("asks.lua:%d: %%S+ is refused"):format(line)), name .. ": " .. err.message)
  end
end)

test.case("a request carries its method, address and options", function()
  local seen
  local state = open(function(_, _, request)
    seen = request
    return true, { status = 200 }
  end)
  local ok, answer = state:call("effect", "asks:gets", nil, { url = "https://example.com/a" })
  test.equal(ok, true)
  test.equal(answer[1].status, 200)
  test.equal(seen, { method = "GET", url = "https://example.com/a", timeout = 3 })
end)
