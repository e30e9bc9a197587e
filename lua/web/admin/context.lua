--- Who asks the back office for what, and in which language: read from the request once.
local channel = require("domain.channel")
local clock = require("kernel.clock")
local i18n = require("kernel.i18n")
local staff = require("domain.staff")

local context = {}

---@class merx.AdminContext: merx.WebContext
---@field is_admin true
---@field staff merx.StaffSession? nil: nobody is signed in
---@field session_token string? of the cookie
---@field form_secret string? what tokens in forms follow from
---@field form merx.Form? what was sent

--- Languages that the back office speaks.
context.LOCALES = { "en", "zh-CN" }

local SCHEMES <const> = { light = "light", dark = "dark" }

local function locale_of(req, session)
  if session then return session.locale end
  return i18n.negotiate(req:header("accept-language") or "", context.LOCALES) or context.LOCALES[1]
end

--- The context of a request to the back office; nil for all others.
---@param req userdata
---@return merx.AdminContext?
function context.of(req)
  local path = req.path
  if path:sub(1, 6) ~= "/admin" or #path > 6 and path:sub(7, 7) ~= "/" then return nil end
  local row = channel.list()[1]
  if not row then return nil end
  local now, token = clock.now(), req:cookie("staff")
  local session = token and staff.find_session(token, now)
  local ctx = channel.context(row, now, locale_of(req, session))
  ctx.req, ctx.path, ctx.root, ctx.is_admin = req, path, "", true
  ctx.base_url = req.scheme .. "://" .. req.host
  ctx.scheme = SCHEMES[req:cookie("scheme") or ""] or ""
  ctx.staff, ctx.session_token = session, token
  -- Before there is a session a cookie of its own holds the secret: nobody can be signed in by a form of theirs.
  ctx.form_secret = session and session.csrf or req:cookie("staff_form")
  return ctx
end

return context
