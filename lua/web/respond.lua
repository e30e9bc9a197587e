--- Replies: pages, redirects, JSON, problems. What every reply of the shop carries stands here.
local activity = require("domain.activity")
local buf = require("kernel.buf")
local form = require("web.form")
local json = require("kernel.json")

local respond = {}

-- Scripts and styles are files of our own; nothing stands inside a page.
local POLICY <const> = "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; object-src 'none'; "
  .. "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

local CACHE_CONTROL <const> = {
  page = "private, no-cache", -- the server's own cache is exact; a browser asks again and gets 304
  private = "private, no-cache",
  none = "no-store",
}

local function headers_of(cache, more)
  local headers = {
    ["Content-Type"] = "text/html; charset=utf-8",
    ["Cache-Control"] = CACHE_CONTROL[cache],
    ["Content-Security-Policy"] = POLICY,
    ["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()",
    ["Cross-Origin-Opener-Policy"] = "same-origin",
  }
  for name, value in pairs(more or {}) do headers[name] = value end
  return headers
end

--- Whether a command failed because the shop could not write, and not because of what was sent: 503.
---@param err merx.Error
---@return boolean
function respond.is_unavailable(err)
  local code = err.code:gsub("^db%.", "")
  return code == "busy" or code == "system" or code == "unknown"
end

--- What to tell a shopper whose order was not answered with an order. Only a shop that is busy knows that nothing was
--- ordered; after a failure of the disk an earlier press may turn out to stand.
---@param err merx.Error one that is_unavailable()
---@return string key of a text
function respond.trouble_of_order(err)
  local code = err.code:gsub("^db%.", "")
  return code == "busy" and "checkout.busy" or code == "unknown" and "checkout.unknown" or "checkout.closed"
end

--- Notes what the visitor does with this request, by GA4's names. A page is noted when it is sent; here go what it is
--- about, and what is no page.
---@param ctx merx.WebContext
---@param name string
---@param subject_id? integer
---@param details? merx.ActivityDetails kept only of visitors who agreed
function respond.note(ctx, name, subject_id, details)
  if ctx.req.method == "HEAD" then return nil end
  local note = activity.note(name, ctx.channel.id, subject_id)
  local cookie = ctx.req:cookie("visitor")
  if cookie then
    details = details or {}
    details.locale = ctx.locale
  end
  activity.record(note, cookie, ctx.req.path, details)
  return note
end

--- Sends a page.
---@param ctx merx.WebContext
---@param status integer
---@param body userdata|string
---@param options? { cache?: "page"|"private"|"none", headers?: table }
function respond.html(ctx, status, body, options)
  local cache = options and options.cache or "private"
  local event, note = ctx.event, nil
  if status == 200 and (event or cache ~= "none") then
    note = respond.note(ctx, event and event.name or "page_view", event and event.subject_id, event and event.details)
  end
  -- Visitors with a cart or a session see their own page; only the others' may be kept.
  local shared = cache == "page" and status == 200 and not ctx.cart_token or nil
  ctx.req:reply(status, headers_of(cache, options and options.headers), body, shared and { shared = true, note = note } or nil)
end

-- What is no character of a URL, as handles of other scripts are: written the way that addresses are sent.
local function as_url(path)
  return (path:gsub("[^!#-;=?-Z_a-z~%[%]]", function(c) return ("%%%02X"):format(c:byte()) end))
end

--- Sends the browser on, with 303 after a POST: reloading never sends twice.
---@param ctx merx.WebContext
---@param path string below the root of the storefront, or whole
---@param status? integer
function respond.redirect(ctx, path, status)
  ctx.req:reply(status or 303, { Location = as_url(path), ["Cache-Control"] = "no-store" }, "")
end

--- Sends the browser back to where a form stood, but only into this shop: one slash, and no address of another host
--- behind it.
---@param ctx merx.WebContext
---@param return_to? string
function respond.back(ctx, return_to)
  local is_ours = return_to and return_to:find("^/[^/\\]") and not return_to:find("[%c\\]")
  respond.redirect(ctx, is_ours and return_to or ctx.root .. "/")
end

---@param ctx merx.WebContext
---@param status integer
---@param value any
function respond.json(ctx, status, value)
  ctx.req:reply(status, { ["Content-Type"] = "application/json; charset=utf-8", ["Cache-Control"] = "no-store" }, json.encode(value))
end

--- Says what is wrong to a program (RFC 9457). Programs that know the carts of Online Stores look for `message` and
--- `description`.
---@param ctx merx.WebContext
---@param status integer
---@param title string
---@param detail string
---@param options? { fields?: table<string, string>, headers?: table } `fields` are names and codes of what is wrong with them
function respond.problem(ctx, status, title, detail, options)
  local errors
  if options and options.fields then
    errors = json.array({})
    for name, code in pairs(options.fields) do errors[#errors + 1] = { pointer = "/" .. name:gsub("%.", "/"), detail = detail, code = code } end
    table.sort(errors, function(a, b) return a.pointer < b.pointer end)
  end
  local headers = { ["Content-Type"] = "application/problem+json", ["Cache-Control"] = "no-store" }
  for name, value in pairs(options and options.headers or {}) do headers[name] = value end
  ctx.req:reply(status, headers, json.encode({
    type = "about:blank", title = title, status = status, detail = detail, errors = errors, message = detail, description = detail,
    instance = "urn:merx:request:" .. ctx.req.id,
  }))
end

---@return userdata
function respond.buffer()
  return buf.new()
end

-- How much a client wants a type, from 0 to 1, and how exactly it says so.
local function quality(accept, family, kind)
  local best, exactness = 0, 0
  for element in accept:gmatch("[^,]+") do
    local range = element:match("^%s*([^;%s]*)")
    local fit = range == family .. "/" .. kind and 3 or range == family .. "/*" and 2 or range == "*/*" and 1 or 0
    if fit > exactness then best, exactness = tonumber(element:match(";%s*q%s*=%s*([%d.]+)")) or 1, fit end
  end
  return best
end

--- Whether the client is a program that wants JSON: it would rather have that than a page, sent JSON, or asks at an address
--- that only programs ask.
---@param ctx merx.WebContext
---@return boolean
function respond.wants_json(ctx)
  if form.is_json(ctx) or ctx.path:find("%.json$") or ctx.path:find("^/cart[%w/]*%.js$") then return true end
  local accept = ctx.req:header("accept")
  if not accept or not accept:find("[jJ][sS][oO][nN]") and not accept:find("application/*", 1, true) then return false end
  accept = accept:lower()
  local json_quality = math.max(quality(accept, "application", "json"), quality(accept, "application", "problem+json"))
  return json_quality > quality(accept, "text", "html")
end

return respond
