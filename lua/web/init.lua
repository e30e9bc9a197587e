--- The web: from a request to a reply. Finds the storefront, the route and its policy, and lets the
--- handler answer; what goes wrong on the way gets a page that says so.
local admin_context = require("web.admin.context")
local admin_page = require("web.admin.page")
local cache = require("kernel.cache")
local context = require("web.context")
local dev = require("kernel.dev")
local dev_pages = require("web.dev")
local form = require("web.form")
local fs = require("kernel.files")
local gate = require("web.gate")
local i18n = require("kernel.i18n")
local log = require("kernel.log")
local page = require("web.page")
local points = require("kernel.points")
local respond = require("web.respond")
local router = require("kernel.router")
local task = require("kernel.task")
local text = require("kernel.text")
local thread = require("kernel.thread")

local web = {}

-- Query parameters that a list page understands; others neither change a page nor split the cache.
local QUERY <const> = { "after", "before", "sort_by", "q", "page", "variant" }

local function load_routes(room)
  local folder = thread.share .. "/lua/web/" .. room
  for _, name in ipairs(assert(fs.list(folder))) do
    if name:find("%.lua$") then require("web." .. room:gsub("/", ".") .. "." .. name:gsub("%.lua$", "")) end
  end
end

local function fail(ctx, status, headers)
  local pages = ctx.is_admin and admin_page or page
  pages.message(pages.open(ctx), status, { id = status >= 500 and ctx.req.id or nil, headers = headers })
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
    return text.url_encode_path("/" .. ctx.req.path:match("^/*(.-)/*$")) .. (query and query ~= "" and "?" .. query or "")
  end
end

-- The back office answers at one address only, and not again below each language.
local function find_route(ctx)
  local route, params = router.match(ctx.req.method, ctx.path)
  if not route then return nil, params end
  if route.is_admin == nil then route.is_admin = route.path:find("^/admin%f[/\0]") ~= nil end
  if route.is_admin ~= (ctx.is_admin == true) then return nil, { code = "route.missing" } end
  return route, params
end

-- Sends whoever is not signed in to the page where that is done, and from there back.
local function refuse(ctx, refusal)
  ctx.refusal = refusal
  if refusal ~= "sign_in" or respond.wants_json(ctx) then return fail(ctx, refusal == "sign_in" and 401 or 403) end
  local is_page = ctx.req.method == "GET"
  respond.redirect(ctx, "/admin/sign-in" .. (is_page and "?next=" .. text.url_encode(ctx.req.target) or "?ended=1"))
end

local function dispatch(ctx)
  local req = ctx.req
  if req.path == "*" then return req:reply(204, { Allow = "GET, HEAD, OPTIONS, POST" }, "") end -- OPTIONS of the server itself
  local target = tidy(ctx)
  if target then return respond.redirect(ctx, target, (req.method == "GET" or req.method == "HEAD") and 301 or 308) end
  local route, params = find_route(ctx)
  if not route then
    if params.code ~= "route.method" then return fail(ctx, 404) end
    if req.method == "OPTIONS" then return req:reply(204, { Allow = params.data.allow }, "") end
    return fail(ctx, 405, { Allow = params.data.allow })
  end
  if is_forged(req, route.policy) then return fail(ctx, 403) end
  if req.method ~= "GET" and req.method ~= "HEAD" and is_too_large(req, route.policy) then return fail(ctx, 413) end
  if ctx.is_admin and req.method == "POST" then ctx.form = form.read(ctx) end
  local refusal = gate.refusal(ctx, route.policy)
  if refusal then return refuse(ctx, refusal) end
  ctx.route = route
  return route.handler(ctx, params)
end

--- Answers a request. Runs as a task: it may wait.
---@param req userdata
function web.request(req)
  task.pin(points.generation())
  local ctx = admin_context.of(req) or context.of(req)
  if not ctx then return req:reply(404, { ["Content-Type"] = "text/plain; charset=utf-8" }, "There is no shop at this address.\n") end
  local ok, err = xpcall(dispatch, dev.is_on() and dev.explain or debug.traceback, ctx)
  if ok then return end
  if dev.is_on() then
    log.error("a request failed", { request_id = req.id, path = req.path, error = err.trace })
    return dev_pages.error(ctx, err)
  end
  local path = req.path:gsub("^(/admin/link/).*", "%1…") -- who reads the log does not come in by it
  log.error("a request failed", { request_id = req.id, path = path, error = tostring(err) })
  if not pcall(fail, ctx, 500) then
    req:reply(500, { ["Content-Type"] = "text/plain; charset=utf-8" }, "Something broke. It is our fault, nothing of yours is lost.\n")
  end
end

--- A page for what core refused before Lua saw it: too large, too slow.
---@param status integer
---@param req userdata
function web.error(status, req)
  local ctx = admin_context.of(req) or context.of(req)
  if ctx then fail(ctx, status) end
end

assert(i18n.load(thread.share .. "/lua/locales"))
load_routes("storefront")
load_routes("admin/routes")
if dev.is_on() then dev_pages.open() end
if thread.role == "worker" then
  assert(cache.configure({ query = QUERY, private_cookies = { "cart", "session" }, key_cookies = { "scheme" } }))
end

return web
