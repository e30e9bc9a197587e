--- Host calls that leave the machine: requests to granted hosts. The client judges the address; here the plugin's allow-list
--- is made, and handles of secrets become what they stand for, for this request only.
local client = require("native.client")
local dev = require("kernel.dev")
local failure = require("kernel.failure")
local host = require("kernel.plugins.host")
local json = require("native.json")
local secrets = require("kernel.plugins.secrets")
local settings = require("kernel.settings")
local text = require("native.text")

local SECONDS <const> = 1000
local CONNECT_MS <const> = 5000
local SHORTEST <const>, LONGEST <const> = 1, 30 -- seconds; an effect's step may wait as long
local BODY_MAX <const> = 4 * 1024 * 1024
local REDIRECTS <const> = 3

-- "https://api.example.com:8443/v1" is a place.
local function place_of_url(url)
  local scheme, authority = tostring(url):match("^(https?)://([^/?#]+)")
  return authority and { host = authority:lower(), plain = scheme == "http" }
end

local function places_of(plugin)
  local places = {}
  for _, granted in ipairs(plugin.granted.http or {}) do
    local place = granted.host and { host = granted.host:lower(), plain = granted.plain == true }
    if granted.setting then place = place_of_url(settings.get("plugin." .. plugin.id .. "." .. granted.setting)) end
    places[#places + 1] = place
  end
  return places
end

local function allows_method(granted, method)
  if not granted.methods then return true end
  for _, allowed in ipairs(granted.methods) do
    if allowed == method then return true end
  end
  return false
end

local function method_is_granted(plugin, method)
  for _, granted in ipairs(plugin.granted.http or {}) do
    if allows_method(granted, method) then return true end
  end
  return false
end

-- A text, or what a handle stands for.
local function reveal(plugin, value)
  if type(value) == "table" then return secrets.read(plugin, value) end
  if value == nil or type(value) == "boolean" then return failure.new("http.invalid", "a header or field is neither a text, a number nor a secret") end
  return tostring(value)
end

local function headers_of(plugin, request)
  local headers = {}
  for name, value in pairs(request.headers or {}) do
    local plain, err = reveal(plugin, value)
    if not plain then return nil, err end
    headers[tostring(name)] = plain
  end
  if request.auth ~= nil then
    local plain, err = reveal(plugin, request.auth)
    if not plain then return nil, err end
    headers["Authorization"] = (request.scheme_of_auth or "Bearer") .. " " .. plain
  end
  return headers
end

local function form_of(plugin, form)
  local names, parts = {}, {}
  for name in pairs(form) do names[#names + 1] = tostring(name) end
  table.sort(names)
  for i, name in ipairs(names) do
    local plain, err = reveal(plugin, form[name])
    if not plain then return nil, err end
    parts[i] = text.url_encode(name) .. "=" .. text.url_encode(plain)
  end
  return table.concat(parts, "&")
end

-- The body and what it is: one of body, form and json.
local function body_of(plugin, request)
  local given = (request.body ~= nil and 1 or 0) + (request.form ~= nil and 1 or 0) + (request.json ~= nil and 1 or 0)
  if given > 1 then return failure.new("http.invalid", "a request has a body, a form or json, and not two of them") end
  if type(request.form) == "table" then
    local form, err = form_of(plugin, request.form)
    return form, err or "application/x-www-form-urlencoded"
  end
  if request.json ~= nil then return json.encode(request.json), "application/json" end
  return request.body and tostring(request.body) or "", nil
end

local function has_header(headers, wanted)
  for name in pairs(headers) do
    if name:lower() == wanted then return true end
  end
  return false
end

-- Redirects are followed for reading only: what changes something is never sent twice.
local function redirects_of(request, method)
  return (method == "GET" or method == "HEAD") and request.redirects ~= false and REDIRECTS or 0
end

-- Who must not wait for others has a pool, as the contracts say; each other plugin has a small one of its own.
local POOLS <const> = { payments = 64, webhooks = 32 }

local function pool_of(plugin)
  local at_once = POOLS[plugin.pool]
  if at_once then return { name = plugin.pool, at_once = at_once, per_host = plugin.pool == "payments" and at_once or nil } end
  return { name = plugin.id, at_once = 4 }
end

local function timeout_of(request)
  local seconds = math.tointeger(tonumber(request.timeout)) or 10
  return math.max(SHORTEST, math.min(seconds, LONGEST)) * SECONDS
end

local SHOWN <const> = 4000 -- bytes of a body

-- For the pages of merx dev: what went out and came back, without the headers, which may hold secrets.
local function note(plugin, method, request, body, reply, problem)
  dev.keep("request", {
    plugin = plugin.id, method = method, url = tostring(request.url), body = text.valid(body) and body:sub(1, SHOWN) or "(bytes)",
    status = reply and reply.status, elapsed_ms = reply and reply.elapsed_ms, error = problem and problem.message,
    answer = reply and text.valid(reply.body) and reply.body:sub(1, SHOWN) or nil,
  })
end

--- Sends what a plugin asked for.
---@param plugin merx.Plugin
---@param request table
---@return table? reply
---@return merx.Error? err
local function send(plugin, request)
  local method = tostring(request.method or "GET"):upper()
  local headers, err = headers_of(plugin, request)
  if not headers then return nil, err end
  local body, kind = body_of(plugin, request)
  if not body then return nil, kind end
  if kind and not has_header(headers, "content-type") then headers["Content-Type"] = kind end
  local reply, problem = client.request({
    method = method, url = tostring(request.url), headers = headers, body = body, places = places_of(plugin), connect_ms = CONNECT_MS,
    total_ms = timeout_of(request), body_max = BODY_MAX, redirects = redirects_of(request, method), pool = pool_of(plugin),
  })
  if dev.is_on() then note(plugin, method, request, body, reply, problem) end
  if not reply then return failure.new("http." .. problem.code, problem.message) end
  return reply
end

host.define("http.request", {
  kinds = { effect = true }, capability = "http",
  needs = function(plugin, request)
    local method = tostring(type(request) == "table" and request.method or "GET"):upper()
    if not method_is_granted(plugin, method) then
      local authority = type(request) == "table" and place_of_url(request.url)
      return ('"capabilities": { "http": [ { "host": "%s", "methods": ["%s"] } ] }'):format(authority and authority.host or "api.example.com", method)
    end
  end,
  call = function(plugin, _, request)
    return send(plugin, request)
  end,
})

return true
