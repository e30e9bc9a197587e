--- The pages of `merx dev` below /__dev/, and its page for errors. Plain pages of their own: they must work when the theme
--- does not.
local clock = require("kernel.clock")
local command = require("kernel.command")
local crypto = require("kernel.crypto")
local dev = require("kernel.dev")
local form = require("web.form")
local i18n = require("kernel.i18n")
local plugins = require("kernel.plugins")
local router = require("kernel.router")
local settings = require("kernel.settings")

local pages = {}

local STYLE <const> = [[
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:70rem;padding:1.5rem;color:#1b1f24;background:#fff}
h1{font-size:1.3rem}h2{font-size:1.05rem;margin-top:2rem}a{color:#0b57a4}pre{background:#f5f6f8;padding:.75rem;overflow:auto;border-radius:6px}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #e3e6ea;vertical-align:top}
.it{background:#ffe9a8;display:inline-block;min-width:100%}.no{color:#7a828c}nav a{margin-right:1rem}
@media(prefers-color-scheme:dark){body{background:#14171b;color:#e6e8eb}pre{background:#1f242a}a{color:#7fb5ee}
td,th{border-color:#333a42}.it{background:#5a4a12}}]]

local HEADERS <const> = {
  ["Content-Type"] = "text/html; charset=utf-8", ["Cache-Control"] = "no-store",
  ["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}

local ENTITIES <const> = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

local function esc(value)
  return (tostring(value):gsub('[&<>"]', ENTITIES))
end

local function send(req, status, title, parts)
  local body = ([[<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>%s</title><style>%s</style></head><body>
<nav><a href="/__dev">Overview</a><a href="/__dev/mail">Mail</a><a href="/__dev/requests">Requests</a><a href="/__dev/payments">Payments</a><a href="/">Shop</a></nav>
<h1>%s</h1>%s</body></html>]]):format(esc(title), STYLE, esc(title), table.concat(parts, "\n"))
  req:reply(status, HEADERS, body)
end

local function time(ms)
  return i18n.datetime("en", ms, "medium")
end

local function table_of(rows, empty)
  if #rows == 0 then return "<p>" .. esc(empty) .. "</p>" end
  local lines = {}
  for i, row in ipairs(rows) do
    local cells = {}
    for j, cell in ipairs(row) do cells[j] = ("<td>%s</td>"):format(cell) end
    lines[i] = "<tr>" .. table.concat(cells) .. "</tr>"
  end
  return "<table>" .. table.concat(lines) .. "</table>"
end

local function excerpt_of(text)
  local found = dev.excerpt(text)
  if not found then return "" end
  local lines = {}
  for i, line in ipairs(found.lines) do
    local shown = ('<span class="no">%4d</span>  %s'):format(line.number, esc(line.text))
    lines[i] = line.is_it and '<span class="it">' .. shown .. "</span>" or shown
  end
  return ("<h2>%s:%d</h2><pre>%s</pre>"):format(esc(found.source), found.line, table.concat(lines, "\n"))
end

local function rows_of(locals)
  local rows = {}
  for i, entry in ipairs(locals) do rows[i] = { "<code>" .. esc(entry.name) .. "</code>", "<code>" .. esc(entry.value) .. "</code>" } end
  return rows
end

--- The page of an error that was raised while a request was answered.
---@param ctx merx.WebContext
---@param problem { message: string, trace: string, locals: table[] }
function pages.error(ctx, problem)
  local req, locals = ctx.req, rows_of(problem.locals)
  send(req, 500, "An error", {
    "<p><strong>" .. esc(problem.message) .. "</strong></p>", excerpt_of(problem.trace),
    "<h2>Locals</h2>", table_of(locals, "none"), "<h2>Trace</h2><pre>" .. esc(problem.trace) .. "</pre>",
    ("<h2>Request</h2><pre>%s %s\nhost %s\nid %s</pre>"):format(esc(req.method), esc(req.target), esc(req.host), esc(req.id)),
  })
end

--- The page of a failure of a plugin, with its own trace and locals when it raised.
---@param ctx merx.WebContext
---@param id string of the plugin
---@param message string
function pages.plugin_error(ctx, id, message)
  local found = plugins.find(id)
  local failure = found and found.failure
  local is_it = failure and message:find(failure.message, 1, true) ~= nil
  pages.error(ctx, { message = message, trace = is_it and failure.trace or message, locals = is_it and failure.locals or {} })
end

local ANYONE <const> = { who = "anyone", csrf = "none", cache = "none" }

-- Its last error with its lines and, when it raised, what its locals were.
local function failure_of(plugin)
  if not plugin.last_error then return "" end
  local is_it = plugin.failure and plugin.last_error:find(plugin.failure.message, 1, true)
  local rows = rows_of(is_it and plugin.failure.locals or {})
  return "<strong>" .. esc(plugin.last_error) .. "</strong>" .. excerpt_of(plugin.last_error) .. (#rows > 0 and table_of(rows, "") or "")
end

local function plugin_rows()
  local rows = {}
  for i, plugin in ipairs(plugins.list()) do
    local state = plugin.problem and "skipped: " .. plugin.problem or plugin.enabled and "enabled" or "off"
    rows[i] = { esc(plugin.id), esc(plugin.manifest and plugin.manifest.version or ""), esc(state), ("%d calls"):format(plugin.calls),
      failure_of(plugin) }
  end
  return rows
end

local function overview(ctx)
  send(ctx.req, 200, "Merx on your desk", {
    ("<p>It is %s. <code>merx clock +2h</code> or <code>merx clock 2026-12-24</code> moves it.</p>"):format(time(clock.now())),
    "<p>Plugins and themes are taken up when a file changes.</p>",
    ("<p>%d mails and %d requests were kept.</p>"):format(#dev.kept("mail"), #dev.kept("request")),
    "<h2>Plugins</h2>", table_of(plugin_rows(), "none"),
  })
end

local function mails(ctx)
  local rows = {}
  for i, mail in ipairs(dev.kept("mail")) do
    rows[i] = { time(mail.at), esc(mail.to), ("<strong>%s</strong><pre>%s</pre>"):format(esc(mail.subject), esc(mail.text)) }
  end
  send(ctx.req, 200, "Mail that was not sent", { table_of(rows, "No mail yet.") })
end

local function requests(ctx)
  local rows = {}
  for i, entry in ipairs(dev.kept("request")) do
    rows[i] = {
      time(entry.at), esc(entry.plugin), esc(entry.method .. " " .. entry.url), esc(entry.status or entry.error or ""),
      ("%d ms"):format(entry.elapsed_ms or 0), ("<pre>%s</pre><pre>%s</pre>"):format(esc(entry.body or ""), esc(entry.answer or "")),
    }
  end
  send(ctx.req, 200, "Requests that plugins sent", { table_of(rows, "No requests yet.") })
end

-- ---- the provider of trials and its faults -----------------------------------------------------------------------------

local TEST_PAY <const> = "plugin.merx.test-pay"
local KNOBS <const> = {
  { name = "fault", key = TEST_PAY .. "/card.fault", about = "What goes wrong with the next payments" },
  { name = "capture", key = TEST_PAY .. "/card.capture", about = "When the money is taken" },
}

local function is_offered()
  return settings.get("payment.test_mode") and settings.get(TEST_PAY .. ".endpoint") and settings.get(TEST_PAY .. ".key") and true or false
end

local function knob(about)
  local now, options = settings.get(about.key), {}
  for i, value in ipairs(settings.list()[about.key].spec.values) do
    options[i] = ("<option%s>%s</option>"):format(value == now and " selected" or "", esc(value))
  end
  return ('<p><label>%s <select name="%s">%s</select></label></p>'):format(esc(about.about), about.name, table.concat(options))
end

local function knobs()
  if not is_offered() then
    return { "<p>The plugin merx.test-pay pays at a provider that this server plays itself, and no money moves.</p>",
      '<form method="post"><button name="do" value="offer">Offer the test payment</button></form>' }
  end
  return { "<p>The checkout offers the test payment.</p>", '<form method="post">', knob(KNOBS[1]), knob(KNOBS[2]), "<button>Turn</button></form>" }
end

local function payments(ctx)
  local is_there = settings.list()[KNOBS[1].key] ~= nil
  send(ctx.req, 200, "Test payments", is_there and knobs() or { "<p>The plugin merx.test-pay is off: <code>merx plugin enable merx.test-pay</code></p>" })
end

-- What the button or the knobs ask for: values by key.
local function wanted_of(req, fields)
  if fields["do"] == "offer" then
    return {
      ["payment.test_mode"] = true, [TEST_PAY .. ".key"] = crypto.token(),
      [TEST_PAY .. ".endpoint"] = ("http://127.0.0.1:%s/test-provider"):format(req.host:match(":(%d+)$") or "80"),
    }
  end
  local values = {}
  for _, about in ipairs(KNOBS) do values[about.key] = fields[about.name] end
  return values
end

local function turn(ctx)
  local sent = form.read(ctx)
  local done, err = command.run("settings.set_all", { values = wanted_of(ctx.req, sent and sent.fields or {}) }, { actor = "dev" })
  if not done then return send(ctx.req, 422, "Test payments", { "<p><strong>" .. esc(err.message) .. "</strong></p>", table.unpack(knobs()) }) end
  ctx.req:reply(303, { Location = "/__dev/payments", ["Cache-Control"] = "no-store" }, "")
end

--- Declares the pages.
function pages.open()
  router.get("/__dev/payments", ANYONE, payments)
  router.post("/__dev/payments", { who = "anyone", csrf = "origin", cache = "none" }, turn)
  router.get("/__dev", ANYONE, overview)
  router.get("/__dev/mail", ANYONE, mails)
  router.get("/__dev/requests", ANYONE, requests)
end

return pages
