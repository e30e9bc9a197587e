--- The smallest program that the server can host: pages, a cached page, commands, jobs, forms. Scenarios
--- and measurements of the server use it, so that they need no shop.
local cache = require("native.cache")
local db = require("native.db")
local json = require("native.json")
local task = require("native.task")
local thread = require("native.thread")
local clock = require("native.clock")

local HTML <const> = { ["Content-Type"] = "text/html; charset=utf-8" }
local TEXT <const> = { ["Content-Type"] = "text/plain; charset=utf-8" }

local statements = {}

local function statement(sql)
  local found = statements[sql]
  if not found then
    found = assert(db.main():prepare(sql))
    statements[sql] = found
  end
  return found
end

-- --- commands -----------------------------------------------------------------------------------

local commands = {}

commands["counter.add"] = function(args, meta)
  statement("INSERT INTO counters (name, value, changed_at) VALUES (:name, :by, :now) ON CONFLICT (name) "
    .. "DO UPDATE SET value = value + :by, changed_at = :now"):run({ name = args.name, by = args.by or 1, now = meta.now })
  cache.touch("counter:" .. args.name)
  return { value = statement("SELECT value FROM counters WHERE name = :name"):value({ name = args.name }) }
end

commands["counter.refuse"] = function(args, meta)
  commands["counter.add"](args, meta)
  return nil, { code = "counter.refused", message = "this one is always undone" }
end

commands["counter.raise"] = function(args, meta)
  commands["counter.add"](args, meta)
  error("a bug")
end

-- --- pages --------------------------------------------------------------------------------------

local function count_of(name)
  cache.read("counter:" .. name)
  return statement("SELECT value FROM counters WHERE name = :name"):value({ name = name }) or 0
end

local pages = {}

pages["/"] = function(req) req:reply(200, HTML, "<!doctype html><title>Hello</title><p>Hello, world!</p>\n") end

pages["/page"] = function(req)
  local body = ("<!doctype html><title>Page</title><p>count %d</p>\n"):format(count_of("page"))
  req:reply(200, { ["Content-Type"] = HTML["Content-Type"], ["Merx-Route"] = "/page" }, body .. ("x"):rep(20000), { shared = true })
end

-- A page with a part that is kept by itself, and changes less often than the rest.
pages["/parts"] = function(req)
  local part = cache.get("part")
  if not part then
    cache.open()
    part = ("<p>part %d</p>"):format(count_of("part"))
    cache.close("part", part)
  end
  req:reply(200, HTML, ("<!doctype html><title>Parts</title>%s<p>count %d</p>\n"):format(part, count_of("page")), { shared = true })
end

pages["/add"] = function(req)
  local result, err = task.command("counter.add", { name = req:arg("name") or "page" }, { key = "" })
  if not result then return req:reply(503, TEXT, err.code .. "\n") end
  req:reply(200, TEXT, result.value .. "\n")
end

pages["/refuse"] = function(req)
  local _, err = task.command("counter.refuse", { name = "page" })
  req:reply(409, TEXT, err.code .. "\n")
end

pages["/raise-command"] = function(req)
  local _, err = task.command("counter.raise", { name = "page" })
  req:reply(500, TEXT, err.code .. "\n")
end

pages["/count"] = function(req) req:reply(200, TEXT, count_of("page") .. "\n") end
pages["/ticks"] = function(req) req:reply(200, TEXT, count_of("ticks") .. "\n") end
pages["/raise"] = function() error("a bug in a page") end
pages["/raise-twice"] = pages["/raise"]
pages["/forget"] = function() end
pages["/spin"] = function() while true do end end
pages["/now"] = function(req) req:reply(200, TEXT, clock.now() .. "\n") end

pages["/sleep"] = function(req)
  task.sleep(math.tointeger(req:arg("ms") or "100"))
  req:reply(200, TEXT, "slept\n")
end

pages["/late-write"] = function(req)
  task.sleep(200)
  task.command("counter.add", { name = "late" })
  req:reply(200, TEXT, "written\n")
end

pages["/late"] = function(req) req:reply(200, TEXT, count_of("late") .. "\n") end

pages["/fleeting"] = function(req) req:reply(200, { ["Content-Type"] = TEXT["Content-Type"], ["Cache-Control"] = "no-store" }, "for you\n") end

pages["/large"] = function(req) req:reply(200, TEXT, ("0123456789abcdef"):rep(math.tointeger(req:arg("kib") or "1024") * 64)) end

pages["/echo"] = function(req)
  local headers = {}
  for _, name in ipairs({ "host", "x-forwarded-for", "x-probe", "content-type" }) do headers[name] = req:header(name) end
  req:reply(200, { ["Content-Type"] = "application/json" }, json.encode({
    method = req.method, path = req.path, query = req.query, host = req.host, scheme = req.scheme,
    remote = req.remote, id = req.id, secure = req.secure, body = req:body(), headers = headers, args = req:args(),
    cart = req:cookie("cart"),
  }))
end

pages["/form"] = function(req)
  local form, err = req:form()
  if not form then return req:reply(400, TEXT, err.code .. ": " .. err.message .. "\n") end
  local fields = {}
  for i, item in ipairs(form) do
    fields[i] = { name = item.name, value = item.value, filename = item.file and item.file.filename, size = item.file and item.file.size }
  end
  req:reply(200, { ["Content-Type"] = "application/json" }, json.encode(fields))
end

pages["/admin/form"] = pages["/form"]

pages["/cookie"] = function(req)
  assert(req:set_cookie("cart", "abc", { max_age = 60 }))
  req:reply(303, { Location = "/" })
end

pages["/bad-header"] = function(req)
  local ok, err = req:reply(200, { ["X-Bad"] = "a\nb" }, "no")
  assert(not ok and err.code == "invalid")
  req:reply(200, TEXT, "refused\n")
end

local function request(req)
  local page = pages[req.path]
  if not page then return req:reply(404, TEXT, "nothing here\n") end
  page(req)
end

local function command(name, args, meta)
  if not commands[name] then return nil, { code = "command.unknown", message = "there is no command " .. name } end
  return commands[name](args, meta)
end

local function error_page(status, req)
  if req.path == "/raise-twice" then error("a bug in the error page") end
  if req.path == "/sleep" then task.sleep(60000) end
  req:reply(status, { ["Content-Type"] = HTML["Content-Type"], ["Cache-Control"] = "no-store" }, "<!doctype html><p>our own " .. status .. "</p>\n")
end

local last_tick = 0

local function tick(now)
  if now - last_tick >= 1000 then -- its own commit wakes it again
    last_tick = now
    task.command("counter.add", { name = "ticks" })
  end
  return 60000
end

local reloads = 0

if thread.role == "worker" then cache.configure({ query = { "page", "sort_by" }, private_cookies = { "cart", "session" }, key_cookies = { "scheme" } }) end

return {
  request = request,
  error = error_page,
  command = command,
  tick = tick,
  reload = function() reloads = reloads + 1 end,
  metrics = function() return "# TYPE hello_reloads gauge\nhello_reloads " .. reloads .. "\n" end,
}
