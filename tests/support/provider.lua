--- A provider of payments in a test: an adapter whose answers are what the test says, and what it was asked.
local drafts = require("support.drafts")

local provider = {}

--- A handler that pays by redirect. `answers[what]` is a list of answers, taken in turn; the last one stays. An answer may be
--- a function of the request.
---@param answers table<string, any[]>
---@param spec? table more of the entry
---@return merx.Handler handler with `asked`, the requests by function
function provider.handler(answers, spec)
  local asked, fns = {}, {}
  for _, what in ipairs({ "authorize", "capture", "void", "refund", "fetch" }) do
    fns[what] = function(req)
      asked[what] = asked[what] or {}
      table.insert(asked[what], req)
      local list = answers[what] or {}
      local answer = #list > 1 and table.remove(list, 1) or list[1]
      if type(answer) == "function" then return answer(req) end
      return answer
    end
  end
  function fns.webhook(raw)
    if raw.headers["x-signature"] ~= "good" then return nil end
    return { reply = { status = 202, body = "got it" }, events = require("native.json").decode(raw.body) }
  end
  local entry = { settings = {}, flow = "redirect", hold_minutes = 30, webhook_headers = { "x-signature" } }
  for name, value in pairs(spec or {}) do entry[name] = value end
  local handler = drafts.handler("payment_method", function() return { { op = "offer", title = "Pay later" } } end,
    { id = "test.provider/pay", plugin = "test.provider", spec = entry })
  handler.fns, handler.asked = fns, asked
  return handler
end

return provider
