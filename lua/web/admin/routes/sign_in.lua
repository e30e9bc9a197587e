--- Coming in and going out.
local command = require("kernel.command")
local fields = require("web.admin.view.fields")
local page = require("web.admin.page")
local respond = require("web.respond")
local route = require("web.admin.route")
local session = require("web.admin.session")
local staff = require("domain.staff")

-- Only back into the back office.
local function safe_target(next_path)
  local is_ours = next_path and (next_path == "/admin" or next_path:find("^/admin[/?]")) and not next_path:find("[%c\\]")
    and not next_path:find("^/admin/sign%-")
  return is_ours and next_path or "/admin"
end

local function send_form(ctx, given, problem, options)
  session.prepare(ctx)
  local self = page.open(ctx)
  local list = {
    fields.of(self, "email", { type = "email", value = given.email, autocomplete = "username", required = true }),
    fields.of(self, "password", { type = "password", autocomplete = "current-password", required = true }),
  }
  page.send(self, {
    template = "sign-in", title = page.text(self, "sign_in.title"), status = options and options.status, has_errors = problem ~= nil,
    headers = options and options.headers, notice = options and options.notice,
    drops = {
      form = { fields = list, errors = problem and { { message = problem, id = "field-email" } } or {}, next = given.next },
      is_set_up = staff.is_set_up(),
    },
  })
end

route.get("/sign-in", nil, function(ctx)
  local target = safe_target(ctx.req:arg("next"))
  if ctx.staff then return respond.redirect(ctx, target) end
  local self = page.open(ctx)
  local notice = ctx.req:arg("ended") and page.text(self, "sign_in.ended") or ctx.req:arg("out") and page.text(self, "sign_in.out") or nil
  send_form(ctx, { next = target }, nil, { notice = notice })
end)

route.post("/sign-in", nil, function(ctx)
  local sent, self = ctx.form.fields, page.open(ctx)
  local given = session.visitor(ctx)
  given.email, given.password = sent.email or "", sent.password or ""
  local target = safe_target(sent.next)
  local shown = { email = given.email, next = target }
  if given.email == "" or given.password == "" then
    return send_form(ctx, shown, page.text(self, "sign_in.empty"), { status = 422 })
  end
  local found, err = staff.sign_in(given)
  if found then return session.enter(ctx, found, target) end
  if err.code == "attempt.too_many" then
    local seconds = (err.data.wait + 999) // 1000
    return send_form(ctx, shown, page.text(self, "sign_in.too_many", { minutes = (seconds + 59) // 60 }),
      { status = 429, headers = { ["Retry-After"] = tostring(seconds) } })
  end
  if err.code == "staff.wrong" then return send_form(ctx, shown, page.text(self, "sign_in.wrong"), { status = 422 }) end
  send_form(ctx, shown, page.explain(self, err), { status = page.status_of(err) })
end)

route.post("/sign-out", "self", function(ctx)
  local done, err = command.run("staff.sign_out", { id = ctx.staff.staff_user_id, token_hash = staff.digest(ctx.session_token) }, session.actor(ctx))
  local self = page.open(ctx)
  if not done then return page.message(self, page.status_of(err), { text = page.explain(self, err) }) end
  session.forget(ctx)
  ctx.req:reply(303, { Location = "/admin/sign-in?out=1", ["Cache-Control"] = "no-store", ["Clear-Site-Data"] = '"cache"' }, "")
end)

return true
