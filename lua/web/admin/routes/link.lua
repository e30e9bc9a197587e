--- What a link opens: its holder chooses a password, once. The first owner also says who they are.
local command = require("kernel.command")
local fields = require("web.admin.view.fields")
local page = require("web.admin.page")
local route = require("web.admin.route")
local schema = require("kernel.schema")
local session = require("web.admin.session")
local staff = require("domain.staff")

local function find(ctx, token)
  return token:find("^[%w_-]+$") and #token == 43 and staff.find_link(token, ctx.now) or nil
end

local function send_gone(ctx)
  local self = page.open(ctx)
  page.send(self, {
    template = "message", status = 410, title = page.text(self, "link.gone_title"), is_bare = true,
    drops = { message = { title = page.text(self, "link.gone_title"), text = page.text(self, "link.gone") } },
  })
end

local function send_form(ctx, link, values, problems, options)
  session.prepare(ctx)
  local self, list = page.open(ctx), {}
  local is_first = not link.email
  if is_first then
    list[1] = fields.of(self, "email", {
      type = "email", value = values.email, autocomplete = "username", required = true, problem = problems.email,
    })
  end
  list[#list + 1] = fields.of(self, "name", {
    value = values.name or link.name, autocomplete = "name", problem = problems.name, help = page.text(self, "link.name_help"),
  })
  list[#list + 1] = fields.of(self, "password", {
    type = "password", autocomplete = "new-password", required = true, problem = problems.password, help = page.text(self, "link.password_help"),
    label = page.text(self, "fields.new_password"), args = { min = 12 },
  })
  local errors = fields.errors(list)
  if options and options.problem then errors[#errors + 1] = { message = options.problem } end
  page.send(self, {
    template = "link", title = page.text(self, is_first and "link.first_title" or "link.title"), has_errors = #errors > 0, is_bare = true,
    status = #errors > 0 and (options and options.status or 422) or 200,
    drops = { form = { fields = list, errors = errors, path = ctx.path, email = link.email }, is_first = is_first },
  })
end

route.get("/link/:token", nil, function(ctx, params)
  local link = find(ctx, params.token)
  if not link then return send_gone(ctx) end
  send_form(ctx, link, {}, {})
end)

local PERSON <const> = schema.object({ email = schema.email({ required = true }), name = schema.text({ max = 100, default = "" }) })

route.post("/link/:token", nil, function(ctx, params)
  local link = find(ctx, params.token)
  if not link then return send_gone(ctx) end
  local sent = ctx.form.fields
  local person, err = schema.check(PERSON, { email = link.email or sent.email, name = sent.name }, { coerce = true })
  local problems = err and err.fields or {}
  local typed = staff.normal_password(sent.password or "")
  problems.password = staff.password_problem(typed, session.own_words(link.email or sent.email, sent.name))
  if next(problems) then return send_form(ctx, link, sent, problems) end
  local hash, failed = staff.hash(typed)
  local done
  if hash then
    done, failed = command.run("staff.accept", {
      token_hash = staff.digest(params.token), email = not link.email and person.email or nil, name = person.name, locale = ctx.locale,
      password_hash = hash,
    })
  end
  local found
  if done then found, failed = staff.begin_session(done.id, session.visitor(ctx)) end
  if found then return session.enter(ctx, found, "/admin") end
  if failed.code == "link.used" then return send_gone(ctx) end
  local self = page.open(ctx)
  send_form(ctx, link, sent, {}, { problem = page.explain(self, failed), status = page.status_of(failed) })
end)

return true
