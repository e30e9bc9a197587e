--- The settings: all changed together, or none.
local command = require("kernel.command")
local form = require("web.form")
local page = require("web.admin.page")
local respond = require("web.respond")
local route = require("web.admin.route")
local session = require("web.admin.session")
local settings = require("kernel.settings")
local settings_view = require("web.admin.view.settings")
local staff = require("domain.staff")
local times = require("web.admin.view.times")

local function send(ctx, typed, err, status)
  local self = page.open(ctx)
  local groups, errors = settings_view.groups(self, typed, err)
  if err and #errors == 0 then
    errors[1] = { message = err.code == "settings.stale" and page.text(self, "settings.changed") or page.explain(self, err) }
  end
  page.send(self, {
    template = "settings", title = page.text(self, "settings.title"), status = status, has_errors = #errors > 0, notice = times.notice(self),
    drops = { groups = groups, errors = errors, seen = settings.revision(), may_change = staff.may(ctx.staff, "settings.change") },
  })
end

route.get("/settings", "settings.view", function(ctx) send(ctx, {}) end)

route.post("/settings", "settings.change", function(ctx)
  local values, typed = {}, {}
  for key, definition in pairs(settings.list()) do
    local sent = ctx.form.fields[key]
    if sent then
      typed[key] = sent
      values[key] = settings_view.read(ctx, definition, sent)
    end
  end
  local done, err = command.run("settings.set_all", { values = values, seen = form.quantity(ctx.form.fields.seen) or 0 }, session.actor(ctx))
  if done then return respond.redirect(ctx, "/admin/settings?done=settings") end
  -- What changed meanwhile is shown as it is now, and not as it was typed over.
  if err.code == "settings.stale" then typed = {} end
  send(ctx, typed, err, page.status_of(err))
end)

return true
