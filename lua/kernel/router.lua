--- From method and path to a handler. A route says who may call it, how it is guarded against
--- forged requests and how its reply may be cached; without that the start stops.
local failure = require("kernel.failure")

local router = {}

---@class merx.Policy
---@field who "anyone"|"customer"|string "staff:<permission>" for people of the shop
---@field csrf "origin"|"token"|"none" how an unsafe request proves where it comes from
---@field cache "page"|"private"|"none" page: shared with every visitor who has no cart or session
---@field body? integer largest body in bytes

---@class merx.Route
---@field method string
---@field path string segments; ":name" takes one, "*name" the rest
---@field policy merx.Policy
---@field handler fun(req: userdata, params: table<string, string>, ctx: table)
---@field source string who declared it
---@field is_admin? boolean below /admin; lua/web finds out

local WHO = { anyone = true, customer = true }
local CSRF = { origin = true, token = true, none = true }
local CACHE = { page = true, private = true, none = true }
local SAFE = { GET = true, HEAD = true, OPTIONS = true }

local routes = {} ---@type merx.Route[]
local exact = {} -- path -> method -> route
local tree = {} -- segment -> node; node.param, node.rest, node.routes

local function check_policy(name, policy)
  assert(type(policy) == "table", name .. " declares no policy: say who, csrf and cache")
  assert(WHO[policy.who] or tostring(policy.who):find("^staff:[%l_.]+$"), name .. ": who is anyone, customer or staff:<permission>")
  assert(CSRF[policy.csrf], name .. ": csrf is origin, token or none")
  assert(CACHE[policy.cache], name .. ": cache is page, private or none")
  assert(policy.cache ~= "page" or policy.csrf ~= "token", name .. ": a shared page cannot carry a token")
end

local function node_for(path)
  local node = tree
  for segment in path:gmatch("[^/]+") do
    local kind, name = segment:match("^([:*])([%w_]+)$")
    if kind == ":" then
      node.param = node.param or { name = name, node = {} }
      assert(node.param.name == name, path .. ": this segment is called :" .. node.param.name .. " elsewhere")
      node = node.param.node
    elseif kind == "*" then
      node.rest = node.rest or { name = name, routes = {} }
      return node.rest
    else
      node.children = node.children or {}
      node.children[segment] = node.children[segment] or {}
      node = node.children[segment]
    end
  end
  node.routes = node.routes or {}
  return node
end

--- Declares a route.
---@param method string
---@param path string
---@param policy merx.Policy
---@param handler function
---@param source? string
function router.add(method, path, policy, handler, source)
  local name = method .. " " .. path
  check_policy(name, policy)
  assert(type(handler) == "function", name .. " needs a handler")
  local route = { method = method, path = path, policy = policy, handler = handler, source = source or "merx" }
  local target
  if path:find("[:*]") then
    target = node_for(path).routes
  else
    exact[path] = exact[path] or {}
    target = exact[path]
  end
  assert(not target[method], name .. " is declared twice, by " .. (target[method] and target[method].source or ""))
  target[method] = route
  routes[#routes + 1] = route
end

---@param path string
---@param policy merx.Policy
---@param handler function
function router.get(path, policy, handler) router.add("GET", path, policy, handler) end

---@param path string
---@param policy merx.Policy
---@param handler function
function router.post(path, policy, handler) router.add("POST", path, policy, handler) end

-- Depth first: a literal segment wins over a parameter, a parameter over the rest.
local function descend(node, segments, at, params)
  if at > #segments then return node.routes end
  local child = node.children and node.children[segments[at]]
  local found = child and descend(child, segments, at + 1, params)
  if not found and node.param then
    params[node.param.name] = segments[at]
    found = descend(node.param.node, segments, at + 1, params)
    if not found then params[node.param.name] = nil end
  end
  if not found and node.rest then
    params[node.rest.name] = table.concat(segments, "/", at)
    found = node.rest.routes
  end
  return found
end

local function allowed_methods(methods)
  local list = { "OPTIONS" }
  for method in pairs(methods) do
    list[#list + 1] = method
    if method == "GET" then list[#list + 1] = "HEAD" end
  end
  table.sort(list)
  return table.concat(list, ", ")
end

local find_elsewhere, list_elsewhere

--- Sets who knows addresses that come and go: those of plugins.
---@param find fun(path: string): table<string, merx.Route>?, table<string, string>? by method, and the parameters
---@param list fun(): merx.Route[]
function router.more_with(find, list)
  find_elsewhere, list_elsewhere = find, list
end

--- Whether a path fits a pattern of segments: ":name" takes one, "*name" the rest.
---@param pattern string
---@param path string
---@return table<string, string>? params nil when it does not fit
function router.fit(pattern, path)
  local params, rest = {}, path:gmatch("[^/]+")
  for segment in pattern:gmatch("[^/]+") do
    local kind, name = segment:match("^([:*])([%w_]+)$")
    local found = rest()
    if not found then return nil end
    if kind == "*" then
      local parts = { found }
      for part in rest do parts[#parts + 1] = part end
      params[name] = table.concat(parts, "/")
      return params
    end
    if kind then params[name] = found elseif found ~= segment then return nil end
  end
  if rest() then return nil end
  return params
end

--- Finds the route of a request.
---@param method string
---@param path string normalised, without a locale in front
---@return merx.Route? route
---@return table<string, string>|merx.Error params or "route.missing" | "route.method" (data.allow)
function router.match(method, path)
  local params = {}
  local methods = exact[path]
  if not methods then
    local segments = {}
    for segment in path:gmatch("[^/]+") do segments[#segments + 1] = segment end
    methods = descend(tree, segments, 1, params)
  end
  if not methods and find_elsewhere then
    local others, named = find_elsewhere(path)
    methods, params = others, named or params
  end
  if not methods or not next(methods) then
    return failure.new("route.missing", "there is nothing at " .. path)
  end
  local route = methods[method] or method == "HEAD" and methods.GET
  if not route then
    local allow = allowed_methods(methods)
    return failure.new("route.method", "use " .. allow .. " here", nil, { allow = allow })
  end
  return route, params
end

--- Whether an unsafe request comes from our own pages. A client that says nothing about where it
--- comes from is no browser, and a forged request needs a browser.
---@param method string
---@param site string? Sec-Fetch-Site
---@param origin string? Origin
---@param own_origin string scheme and host of this request
---@return boolean
function router.is_same_origin(method, site, origin, own_origin)
  if SAFE[method] then return true end
  if site then return site == "same-origin" or site == "none" end
  if origin then return origin == own_origin end
  return true
end

--- All routes, in the order they were declared; those of plugins at the end.
---@return merx.Route[]
function router.list()
  local others = list_elsewhere and list_elsewhere() or {}
  return table.move(others, 1, #others, #routes + 1, table.move(routes, 1, #routes, 1, {}))
end

return router
