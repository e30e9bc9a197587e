--- Addresses of plugins, below /apps/PLUGIN: the plugin says what to answer, the shop says it. Pages stand in the theme;
--- what a plugin wrote of HTML is cleaned.
local command = require("kernel.command")
local config = require("kernel.plugins.config")
local dev = require("kernel.dev")
local dev_pages = require("web.dev")
local failure = require("kernel.failure")
local form = require("web.form")
local json = require("kernel.json")
local log = require("kernel.log")
local page = require("web.page")
local plugins = require("kernel.plugins")
local points = require("kernel.points")
local respond = require("web.respond")
local router = require("kernel.router")
local template = require("kernel.template")
local text = require("kernel.text")

local LONGEST <const> = 1024 * 1024
local TYPES <const> = { ["text/plain"] = true, ["text/csv"] = true, ["application/xml"] = true } -- none that a browser runs

-- What a handler may know of a request.
local function input_of(ctx, params, sent, result)
  local query = {}
  for _, pair in ipairs(ctx.req:args()) do query[pair.name] = pair.value end
  return {
    method = ctx.req.method, path = ctx.path, params = params, query = query, form = sent and sent.fields or nil, result = result,
    locale = ctx.locale, currency = ctx.currency, channel = ctx.channel.handle, now = ctx.now,
  }
end

local function as_page(ctx, answer)
  local html = answer.markdown and text.markdown(tostring(answer.markdown)) or tostring(answer.html)
  local self = page.open(ctx)
  page.send(self, {
    template = "page", title = tostring(answer.title or ""), status = answer.status, cache = "none", robots = answer.robots or "noindex",
    drops = { page = { title = tostring(answer.title or ""), content = template.html((text.clean_html(html))) } },
  })
end

local WORDS <const> = { "title", "text", "html", "markdown", "robots", "redirect", "type" }

-- What is wrong with an answer as such: a visitor is shown words and data, never what is neither.
local function answer_problem(answer)
  for _, name in ipairs(WORDS) do
    local value = answer[name]
    local kind = type(value)
    if kind ~= "nil" and kind ~= "string" and kind ~= "number" then return ("%s must be a text, it is a %s"):format(name, kind) end
    if kind == "string" and not text.valid(value) then return name .. " is not written in UTF-8" end
  end
  if answer.json ~= nil then
    local _, err = json.encode(answer.json)
    return err and "json cannot be written: " .. err.message
  end
end

local function is_own_address(path)
  return type(path) == "string" and path:find("^/") and not path:find("^//") and not path:find("[%c\\]")
end

local function send(ctx, handler, answer)
  local status = math.type(answer.status) == "integer" and answer.status >= 200 and answer.status <= 599 and answer.status or 200
  answer.status = status
  if answer.redirect ~= nil then
    if is_own_address(answer.redirect) then return respond.redirect(ctx, ctx.root .. answer.redirect) end
    log.warn("a plugin redirects out of the shop", { handler = handler.id })
    return page.message(page.open(ctx), 500)
  end
  if answer.json ~= nil then return respond.json(ctx, status, answer.json) end
  if answer.markdown or answer.html then return as_page(ctx, answer) end
  local kind = TYPES[answer.type] and answer.type or "text/plain"
  ctx.req:reply(status, { ["Content-Type"] = kind .. "; charset=utf-8", ["Cache-Control"] = "no-store" }, tostring(answer.text or ""):sub(1, LONGEST))
end

-- A POST runs the command of its entry first; what that refused, the handler is told.
local function change(handler, sent)
  if not handler.spec.command then return nil end
  local result, err = command.run(handler.plugin .. "." .. handler.spec.command, sent and sent.fields or {}, { actor = "visitor" })
  if result then return { ok = result } end
  if respond.is_unavailable(err) then return nil, err end
  return { err = { code = err.code, message = err.message, data = err.data } }
end

-- One that is not set up is not there yet; whoever builds it reads why.
local function is_missing(ctx, handler)
  local idle = config.idle(handler)
  if not idle then return false end
  if dev.is_on() then
    dev_pages.plugin_error(ctx, handler.plugin, ("%s is not set up: %s"):format(handler.id, idle))
  else
    page.message(page.open(ctx), 404)
  end
  return true
end

-- An answer that is none is a failure of its handler like any other.
local function blame(handler, answer)
  local problem = type(answer) ~= "table" and "a route answers with a table, or nil where there is nothing" or answer_problem(answer)
  if not problem then return nil end
  return { message = handler.id .. ": " .. handler.blame("malformed", problem) }
end

local function answer_with(handler)
  return function(ctx, params)
    if is_missing(ctx, handler) then return end
    local sent, result, err
    if ctx.req.method == "POST" then
      sent = form.read(ctx)
      if not sent then return page.message(page.open(ctx), 422) end
      result, err = change(handler, sent)
      if err then return page.message(page.open(ctx), 503) end
    end
    local answer, problem = handler.call(input_of(ctx, params, sent, result), plugins.settings(handler))
    if answer ~= nil and not failure.is_error(problem) then problem = blame(handler, answer) end
    if problem and dev.is_on() then return dev_pages.plugin_error(ctx, handler.plugin, problem.message) end
    if answer == nil or problem then return page.message(page.open(ctx), problem and 500 or 404) end
    send(ctx, handler, answer)
  end
end

local function route_of(handler)
  local spec = handler.spec
  return {
    method = spec.method, path = spec.path, source = handler.id, handler = answer_with(handler),
    policy = { who = spec.who, csrf = spec.method == "GET" and "none" or spec.csrf, cache = "none", body = spec.body },
  }
end

local function find(path)
  if path:sub(1, 6) ~= "/apps/" then return nil end
  local methods, params
  for _, handler in ipairs(points.handlers("route")) do
    local named = router.fit(handler.spec.path, path)
    if named then
      methods, params = methods or {}, params or named
      methods[handler.spec.method] = methods[handler.spec.method] or route_of(handler)
    end
  end
  return methods, params
end

local function list()
  local routes = {}
  for i, handler in ipairs(points.handlers("route")) do routes[i] = route_of(handler) end
  return routes
end

router.more_with(find, list)

return true
