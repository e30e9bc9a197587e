--- The web: from a request to a reply. Finds the storefront, the route and its policy, and lets the
--- handler answer; what goes wrong on the way gets a page that says so.
local cache = require("kernel.cache")
local context = require("web.context")
local fs = require("kernel.files")
local i18n = require("kernel.i18n")
local log = require("kernel.log")
local page = require("web.page")
local respond = require("web.respond")
local router = require("kernel.router")
local thread = require("kernel.thread")

local web = {}

-- Query parameters that a list page understands; others neither change a page nor split the cache.
local QUERY <const> = { "after", "before", "sort_by", "q", "page", "variant" }

local function load_routes()
  local folder = thread.share .. "/lua/web/storefront"
  for _, name in ipairs(assert(fs.list(folder))) do
    if name:find("%.lua$") then require("web.storefront." .. name:gsub("%.lua$", "")) end
  end
end

local function fail(ctx, status, headers)
  if respond.wants_json(ctx) then
    return respond.problem(ctx, status, page.text(page.open(ctx), "errors." .. status .. ".title"), "")
  end
  page.message(page.open(ctx), status, { id = status >= 500 and ctx.req.id or nil, headers = headers })
end

local function own_origin(req)
  return req.scheme .. "://" .. req.host
end

local function is_forged(req, policy)
  return policy.csrf ~= "none"
    and not router.is_same_origin(req.method, req:header("sec-fetch-site"), req:header("origin"), own_origin(req))
end

-- What a form of a shop is at most, unless its route says otherwise. Core refused larger ones before.
local BODY <const> = 64 * 1024

local function is_too_large(req, policy)
  local length = math.tointeger(tonumber(req:header("content-length") or "0")) or 0
  return length > (policy.body or BODY) or #(req:body() or "") > (policy.body or BODY)
end

-- One spelling of each address: no slash at its end.
local function tidy(ctx)
  if #ctx.path > 1 and ctx.path:sub(-1) == "/" then
    local query = ctx.req.query
    return ctx.req.path:gsub("/+$", "") .. (query and query ~= "" and "?" .. query or "")
  end
end

local function dispatch(ctx)
  local req = ctx.req
  local target = tidy(ctx)
  if target and req.method == "GET" then return respond.redirect(ctx, target, 301) end
  local route, params = router.match(req.method, ctx.path)
  if not route then
    if params.code ~= "route.method" then return fail(ctx, 404) end
    if req.method == "OPTIONS" then return req:reply(204, { Allow = params.data.allow }, "") end
    return fail(ctx, 405, { Allow = params.data.allow })
  end
  if is_forged(req, route.policy) then return fail(ctx, 403) end
  if req.method ~= "GET" and req.method ~= "HEAD" and is_too_large(req, route.policy) then return fail(ctx, 413) end
  ctx.route = route
  return route.handler(ctx, params)
end

--- Answers a request. Runs as a task: it may wait.
---@param req userdata
function web.request(req)
  local ctx = context.of(req)
  if not ctx then return req:reply(404, { ["Content-Type"] = "text/plain; charset=utf-8" }, "There is no shop at this address.\n") end
  local ok, err = xpcall(dispatch, debug.traceback, ctx)
  if ok then return end
  log.error("a request failed", { request_id = req.id, path = req.path, error = tostring(err) })
  if not pcall(fail, ctx, 500) then
    req:reply(500, { ["Content-Type"] = "text/plain; charset=utf-8" }, "Something broke. It is our fault, nothing of yours is lost.\n")
  end
end

--- A page for what core refused before Lua saw it: too large, too slow.
---@param status integer
---@param req userdata
function web.error(status, req)
  local ctx = context.of(req)
  if ctx then page.message(page.open(ctx), status) end
end

assert(i18n.load(thread.share .. "/lua/locales"))
load_routes()
if thread.role == "worker" then
  assert(cache.configure({ query = QUERY, private_cookies = { "cart", "session" }, key_cookies = { "scheme" } }))
end

return web
