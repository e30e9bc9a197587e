--- A visitor without a network: requests go straight into lua/web, replies come back as tables.
local visitor = {}

local Visitor = {}
Visitor.__index = Visitor

local function parse_query(query)
  local args = {}
  local text = require("native.text")
  for pair in (query or ""):gmatch("[^&]+") do
    local name, value = pair:match("^([^=]*)=?(.*)$")
    args[#args + 1] = { name = text.url_decode(name), value = text.url_decode(value) }
  end
  return args
end

local function make_request(self, method, target, form)
  local path, query = target:match("^([^?]*)%??(.*)$")
  local req = {
    method = method, path = path, target = target, query = query, host = "shop.test", scheme = "http", remote = "127.0.0.1",
    id = "test", secure = false, sent = {},
  }
  local args = parse_query(query)
  function req:header(name) return self.headers and self.headers[name] end
  req.headers = self.headers
  function req:cookie(name) return self.visitor.cookies[name] end
  req.visitor = self
  function req:args() return args end
  function req:arg(name)
    for _, arg in ipairs(args) do
      if arg.name == name then return arg.value end
    end
  end
  function req:form()
    if form or method ~= "POST" then return form or {} end
    return nil, { code = "invalid", message = "the body is no form" }
  end
  function req:json()
    local value, err = require("native.json").decode(self.visitor.body)
    return value, err
  end
  function req:body() return self.visitor.body or "" end
  function req:set_cookie(name, value, options)
    self.visitor.cookies[name] = not (options and options.max_age == 0) and value or nil
  end
  function req:reply(status, headers, body, options)
    assert(not self.answered, "a request is answered once")
    self.answered = { status = status, headers = headers, body = type(body) == "userdata" and body:string() or body, options = options }
  end
  return req
end

--- A new visitor, without cookies.
function visitor.new()
  return setmetatable({ cookies = {}, headers = {} }, Visitor)
end

local function ask(self, method, target, form)
  local req = make_request(self, method, target, form)
  require("web").request(req)
  return assert(req.answered, "the request was not answered")
end

---@param target string
---@param method? "GET"|"HEAD"|"OPTIONS"|"PUT"
function Visitor:get(target, method)
  return ask(self, method or "GET", target)
end

--- Sends a form: a list of { name, value }, or a table.
---@param target string
---@param fields table
function Visitor:post(target, fields)
  local form = {}
  for name, value in pairs(fields) do
    form[#form + 1] = type(value) == "table" and { name = value[1], value = value[2] } or { name = name, value = tostring(value) }
  end
  return ask(self, "POST", target, form)
end

--- What is answered when core refuses a request to "/" before Lua sees it.
---@param status integer
---@param headers table<string, string> of the request
function Visitor:fail(status, headers)
  self.headers = headers
  local req = make_request(self, "POST", "/")
  require("web").error(status, req)
  self.headers = {}
  return req.answered
end

--- Sends JSON, as programs do.
---@param target string
---@param body string
---@param content_type? string
---@return table reply
---@return any value that the reply holds
function Visitor:send(target, body, content_type)
  self.headers, self.body = { ["content-type"] = content_type or "application/json" }, body
  local reply = ask(self, "POST", target)
  self.headers, self.body = {}, nil
  return reply, (require("native.json").decode(reply.body))
end

--- Sends `self.body` as it is, with `self.headers`.
---@param target string
---@return table reply
function Visitor:send_raw(target)
  return ask(self, "POST", target)
end

--- Follows redirects with GET.
function Visitor:follow(reply)
  while reply.headers.Location do reply = self:get(reply.headers.Location) end
  return reply
end

return visitor
