--- The cookies of the back office: who is signed in, and what forms of strangers carry before that.
local crypto = require("kernel.crypto")
local respond = require("web.respond")
local settings = require("kernel.settings")
local text = require("kernel.text")

local session = {}

--- Makes sure that a form of somebody who is not signed in can carry a token.
---@param ctx merx.AdminContext
function session.prepare(ctx)
  if ctx.form_secret and ctx.form_secret ~= "" then return end
  ctx.form_secret = crypto.token()
  ctx.req:set_cookie("staff_form", ctx.form_secret, { same_site = "Strict" })
end

--- Where the browser is and what it is, as sessions remember it.
---@param ctx merx.AdminContext
---@return { address: string, agent: string, old_token?: string }
function session.visitor(ctx)
  local agent = ctx.req:header("user-agent") or ""
  return {
    address = ctx.req.remote or "", agent = text.valid(agent) and text.sub(agent, 1, 300) or "", old_token = ctx.session_token,
  }
end

--- Lets somebody in and sends the browser on. The cookie ends with the browser.
---@param ctx merx.AdminContext
---@param found { token: string }
---@param target string
function session.enter(ctx, found, target)
  ctx.req:set_cookie("staff", found.token, { same_site = "Lax" })
  ctx.req:set_cookie("staff_form", "", { max_age = 0, same_site = "Strict" })
  respond.redirect(ctx, target)
end

--- Forgets the cookie.
---@param ctx merx.AdminContext
function session.forget(ctx)
  ctx.req:set_cookie("staff", "", { max_age = 0, same_site = "Lax" })
end

--- Who asks, as commands and the journal know it.
---@param ctx merx.AdminContext
---@return { actor: string }
function session.actor(ctx)
  return { actor = ctx.staff.actor }
end

--- Passwords that are made of these are refused.
---@param ... string?
---@return string[]
function session.own_words(...)
  local words = { settings.get("shop.name") }
  for _, word in ipairs({ ... }) do words[#words + 1] = word end
  return words
end

return session
