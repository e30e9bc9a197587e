--- Who may come in: people are invited by a link, given roles, shut out and let in again.
local command = require("kernel.command")
local fields = require("web.admin.view.fields")
local form = require("web.form")
local page = require("web.admin.page")
local respond = require("web.respond")
local route = require("web.admin.route")
local session = require("web.admin.session")
local staff = require("domain.staff")
local times = require("web.admin.view.times")

local ROLES <const> = { "staff", "viewer", "owner" }

local function role_field(self, chosen)
  local options = {}
  for i, role in ipairs(ROLES) do
    options[i] = { value = role, label = page.text(self, "roles." .. role), help = page.text(self, "people.role_" .. role) }
  end
  return fields.of(self, "role", { type = "radio", label = page.text(self, "people.role"), options = options, value = chosen or "staff" })
end

local function state_of(self, row)
  if not row.is_enabled then return { text = page.text(self, "people.disabled"), icon = "none", tone = "over" } end
  if not row.has_password then return { text = page.text(self, "people.invited"), icon = "wait", tone = "wait" } end
  return { text = page.text(self, "people.active"), icon = "done", tone = "good" }
end

local function rows(self)
  local list = {}
  for i, row in ipairs(staff.list()) do
    list[i] = {
      name = row.name ~= "" and row.name or row.email, email = row.email, url = "/admin/people/" .. row.id,
      role = page.text_or(self, "roles." .. (row.role or ""), "–"),
      state = state_of(self, row), is_over = not row.is_enabled,
    }
  end
  return list
end

local function send_list(ctx, sent, problem, options)
  local self = page.open(ctx)
  local email = fields.of(self, "email", { type = "email", value = sent.email, required = true, problem = problem })
  local errors = fields.errors({ email })
  if options and options.problem then errors[1] = { message = options.problem, id = email.id } end
  page.send(self, {
    template = "people", title = page.text(self, "people.title"), notice = times.notice(self), has_errors = #errors > 0,
    status = #errors > 0 and (options and options.status or 422) or 200,
    drops = { people = rows(self), fields = { email, role_field(self, sent.role) }, errors = errors },
  })
end

-- The link is in this reply and nowhere else: only its digest is kept.
local function send_link(ctx, email, token)
  local self = page.open(ctx)
  page.send(self, {
    template = "person-link", title = page.text(self, "people.link_title"),
    drops = { link = ctx.base_url .. "/admin/link/" .. token, email = email },
  })
end

route.get("/people", "staff.change", function(ctx) send_list(ctx, {}) end)

route.post("/people", "staff.change", function(ctx)
  local sent = ctx.form.fields
  local token, token_hash = staff.draw_token()
  local email = (sent.email or ""):match("^%s*(.-)%s*$")
  local done, err = command.run("staff.invite", { email = email, role = sent.role, token_hash = token_hash }, session.actor(ctx))
  if done then return send_link(ctx, email, token) end
  if err.code == "invalid" and err.fields.email then return send_list(ctx, sent, err.fields.email) end
  send_list(ctx, sent, nil, { problem = page.explain(page.open(ctx), err), status = page.status_of(err) })
end)

local function find(params)
  local id = form.quantity(params.id)
  for _, row in ipairs(id and staff.list() or {}) do
    if row.id == id then return row end
  end
end

local function send_person(ctx, row, problem, status)
  local self = page.open(ctx)
  page.send(self, {
    template = "person", title = row.name ~= "" and row.name or row.email, notice = times.notice(self), has_errors = problem ~= nil, status = status,
    drops = {
      person = {
        email = row.email, url = "/admin/people/" .. row.id, state = state_of(self, row), is_enabled = row.is_enabled,
        is_self = row.id == ctx.staff.staff_user_id,
      },
      role_field = role_field(self, row.role), errors = problem and { { message = problem } } or {},
    },
  })
end

route.get("/people/:id", "staff.change", function(ctx, params)
  local row = find(params)
  if not row then return page.message(page.open(ctx), 404) end
  send_person(ctx, row)
end)

-- Runs a command about somebody else: nobody shuts themselves out by mistake.
local function change(ctx, params, name, args_of, done)
  local row = find(params)
  if not row or row.id == ctx.staff.staff_user_id then return page.message(page.open(ctx), 404) end
  local result, err = command.run(name, args_of(row), session.actor(ctx))
  if not result then return send_person(ctx, find(params), page.explain(page.open(ctx), err), page.status_of(err)) end
  if type(done) == "function" then return done(row) end
  respond.redirect(ctx, "/admin/people/" .. row.id .. "?done=" .. done)
end

route.post("/people/:id/role", "staff.change", function(ctx, params)
  change(ctx, params, "staff.set_role", function(row) return { email = row.email, role = ctx.form.fields.role } end, "role")
end)

route.post("/people/:id/disable", "staff.change", function(ctx, params)
  change(ctx, params, "staff.disable", function(row) return { email = row.email } end, "disabled")
end)

route.post("/people/:id/enable", "staff.change", function(ctx, params)
  change(ctx, params, "staff.enable", function(row) return { email = row.email } end, "enabled")
end)

route.post("/people/:id/reset", "staff.change", function(ctx, params)
  local token, token_hash = staff.draw_token()
  local function args_of(row) return { email = row.email, token_hash = token_hash } end
  change(ctx, params, "staff.reset", args_of, function(row) send_link(ctx, row.email, token) end)
end)

return true
