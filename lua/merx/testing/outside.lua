--- The world outside of the shop, as specs describe it: which requests will be sent and what comes back, and the mails that
--- were sent; files are kept in memory. Everything of the host's own guard stays in force; only the wire is another one.
local files = require("merx.testing.files")
local json = require("native.json")
local mails = require("merx.testing.mails")
local storage = require("kernel.plugins.storage")

local outside = {}

---@class merx.ExpectedRequest
---@field method? string GET
---@field url string whole, without the query when `query` is not told
---@field reply? { status?: integer, headers?: table<string, string>, body?: string, json?: any }
---@field request? table what was sent, once it was

local expected = {} ---@type merx.ExpectedRequest[]
local unexpected = {} ---@type string[]
local mood ---@type "answers"|"silent"|nil
local script ---@type (fun(request: table): table)?

outside.sent = {} ---@type table[] requests, in their order
outside.mails = {} ---@type table[] { from, to, subject, text, html }

local Expected = {}
Expected.__index = Expected

--- The other side does what it was asked, but its answer never arrives.
function Expected:lose_answer()
  self.failure = { code = "system", message = "the connection was lost before the answer came" }
  return self
end

--- Nothing comes back in time.
function Expected:timeout()
  self.failure = { code = "busy", message = "there was no answer in time" }
  return self
end

--- Says that the plugin will send a request, and what comes back. Requests are answered in this order.
---@param request merx.ExpectedRequest
function outside.expect(request)
  assert(type(request.url) == "string", "t.http.expect needs the url")
  expected[#expected + 1] = setmetatable(request, Expected)
  return request
end

--- Forgets everything.
function outside.reset()
  expected, unexpected, mood, script, outside.sent, outside.mails = {}, {}, nil, nil, {}, {}
  files.reset()
end

--- Has every request answered by a function, until mood() says otherwise.
---@param fn fun(request: table): { status?: integer, headers?: table<string, string>, body?: string, json?: any }
function outside.answer_with(fn)
  script, mood = fn, nil
end

--- Has every request answered with 200 and an empty object, or none.
---@param wanted "answers"|"silent"
function outside.mood(wanted)
  mood, script = wanted, nil
end

--- What is wrong at the end of a case: requests that came unasked, or never.
---@return string?
function outside.problem()
  if #unexpected > 0 then return unexpected[1] end
  if expected[1] then return ("the plugin never sent %s %s"):format(expected[1].method or "GET", expected[1].url) end
end

-- "api.example.com", "*.example.com", with ":port" when it is not the scheme's own.
local function is_place(places, url)
  local scheme, authority = url:match("^(https?)://([^/?#]+)")
  if not scheme then return false end
  for _, place in ipairs(places) do
    local wanted = place.host:lower()
    local fits = authority:lower() == wanted
      or wanted:sub(1, 2) == "*." and authority:lower():sub(-#wanted + 1) == wanted:sub(2) and #authority > #wanted - 1
    if fits and (scheme == "https" or place.plain) then return true end
  end
  return false
end

local function answer_of(reply)
  reply = reply or {}
  local headers = {}
  for name, value in pairs(reply.headers or {}) do headers[name:lower()] = value end
  local body = reply.body or reply.json ~= nil and json.encode(reply.json) or ""
  return { status = reply.status or 200, headers = headers, body = body, elapsed_ms = 1 }
end

local function refuse(code, message)
  return nil, { code = code, message = message }
end

local function request(given)
  local method, url = given.method or "GET", given.url
  outside.sent[#outside.sent + 1] = given
  if not is_place(given.places, url) then
    return refuse("invalid", url .. " is at no place that this plugin may reach: name its host under capabilities.http")
  end
  if mood == "answers" then return answer_of({ json = {} }) end
  if mood == "silent" then return refuse("busy", "there was no answer in time") end
  if script then return answer_of(script(given)) end
  local next_one = expected[1]
  if not next_one or (next_one.method or "GET") ~= method or next_one.url ~= url then
    unexpected[#unexpected + 1] = ("the plugin sent %s %s, and the test expected %s"):format(method, url,
      next_one and (next_one.method or "GET") .. " " .. next_one.url or "no request: say t.http.expect({ … }) before")
    return refuse("invalid", unexpected[#unexpected])
  end
  table.remove(expected, 1)
  next_one.request = given
  if next_one.failure then return nil, next_one.failure end
  return answer_of(next_one.reply)
end

local function mail(given)
  outside.mails[#outside.mails + 1] = mails.read(given)
  return { status = 250, headers = {}, body = "ok", elapsed_ms = 1 }
end

--- Puts this world in the place of the real one, for this Lua.
function outside.stand_in()
  local client = require("native.client")
  client.request, client.mail = request, mail
  storage.keep_in(files)
end

return outside
