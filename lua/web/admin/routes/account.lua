--- What concerns the person who is signed in: name, language, colours, password, where they are signed in.
local browser = require("web.admin.view.browser")
local command = require("kernel.command")
local fields = require("web.admin.view.fields")
local i18n = require("kernel.i18n")
local page = require("web.admin.page")
local respond = require("web.respond")
local route = require("web.admin.route")
local session = require("web.admin.session")
local staff = require("domain.staff")
local text = require("kernel.text")
local times = require("web.admin.view.times")

local LOCALES <const> = require("web.admin.context").LOCALES
local SCHEMES <const> = { "", "light", "dark" }
local YEAR <const> = 365 * 24 * 3600

local function languages()
  local options = {}
  for i, locale in ipairs(LOCALES) do options[i] = { value = locale, label = i18n.name(locale) } end
  return options
end

local function schemes(self)
  local options = {}
  for i, scheme in ipairs(SCHEMES) do options[i] = { value = scheme, label = page.text(self, "account.scheme_" .. (scheme == "" and "auto" or scheme)) } end
  return options
end

local function sessions(self)
  local ctx, list = self.ctx, {}
  for i, row in ipairs(staff.list_sessions(ctx.staff.staff_user_id, ctx.now)) do
    list[i] = {
      address = row.address, agent = browser.name(row.agent), seen = times.relative(self, row.seen_at), is_this = row.id == ctx.staff.id,
      began = times.exact(self, row.created_at),
    }
  end
  return list
end

local function send(ctx, problems, status)
  local self = page.open(ctx)
  local me = ctx.staff
  local person = {
    fields.of(self, "name", { value = me.name, autocomplete = "name" }),
    fields.of(self, "locale", { value = me.locale, options = languages() }),
    fields.of(self, "scheme", { value = ctx.scheme, options = schemes(self), help = page.text(self, "account.scheme_help") }),
  }
  local password = {
    fields.of(self, "password", { type = "password", autocomplete = "current-password", required = true, problem = problems.password,
      label = page.text(self, "fields.old_password") }),
    fields.of(self, "new_password", { type = "password", autocomplete = "new-password", required = true, problem = problems.new_password,
      help = page.text(self, "link.password_help"), args = { min = 12 } }),
  }
  local errors = fields.errors(password)
  page.send(self, {
    template = "account", title = page.text(self, "account.title"), status = status, has_errors = #errors > 0, notice = times.notice(self),
    drops = {
      person = person, password = password, errors = errors, sessions = sessions(self), email = me.email,
      role = page.text_or(self, "roles." .. me.role, me.role),
    },
  })
end

route.get("/account", "self", function(ctx) send(ctx, {}) end)

route.post("/account", "self", function(ctx)
  local sent = ctx.form.fields
  local locale = ctx.staff.locale
  for _, known in ipairs(LOCALES) do
    if sent.locale == known then locale = known end
  end
  local done, err = command.run("staff.set_person", {
    id = ctx.staff.staff_user_id, name = text.sub(sent.name or "", 1, 100), locale = locale,
  }, session.actor(ctx))
  if not done then
    local self = page.open(ctx)
    return page.message(self, page.status_of(err), { text = page.explain(self, err) })
  end
  local scheme = (sent.scheme == "light" or sent.scheme == "dark") and sent.scheme or ""
  ctx.req:set_cookie("scheme", scheme, { max_age = scheme ~= "" and YEAR or 0 })
  respond.redirect(ctx, "/admin/account?done=person")
end)

route.post("/account/password", "self", function(ctx)
  local sent, me = ctx.form.fields, ctx.staff
  -- The old password is guessable, too: whoever finds an open screen tries no faster than at the door.
  local is_right, err = staff.confirm(me, sent.password or "", ctx.req.remote or "")
  if err and err.code == "attempt.too_many" then return send(ctx, { password = "password.too_many" }, 429) end
  if not err and not is_right then return send(ctx, { password = "password.wrong" }, 422) end
  local typed = staff.normal_password(sent.new_password or "")
  local problem = not err and staff.password_problem(typed, session.own_words(me.email, me.name))
  if problem then return send(ctx, { new_password = problem }, 422) end
  local hash, done
  if not err then hash, err = staff.hash(typed) end
  if hash then
    done, err = command.run("staff.change_password", { id = me.staff_user_id, password_hash = hash, session_id = me.id }, session.actor(ctx))
  end
  if done then return respond.redirect(ctx, "/admin/account?done=password") end
  local self = page.open(ctx)
  page.message(self, page.status_of(err), { text = page.explain(self, err) })
end)

route.post("/account/sessions", "self", function(ctx)
  local done, err = command.run("staff.sign_out", { id = ctx.staff.staff_user_id, session_id = ctx.staff.id, everywhere = true }, session.actor(ctx))
  if done then return respond.redirect(ctx, "/admin/account?done=sessions") end
  local self = page.open(ctx)
  page.message(self, page.status_of(err), { text = page.explain(self, err) })
end)

return true
