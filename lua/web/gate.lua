--- Who may call a route: the one place where the policies of routes are held against those who ask.
local command = require("kernel.command")
local csrf = require("web.csrf")
local log = require("kernel.log")
local staff = require("domain.staff")

local gate = {}

-- Somebody who is signed in was refused: the journal knows. Strangers are only asked to sign in.
local function note(ctx, why)
  local what = ctx.req.method .. " " .. ctx.req.path
  local done, err = command.run("staff.note_refusal", { why = why, what = what:sub(1, 200), id = ctx.staff.staff_user_id, address = ctx.req.remote },
    { actor = ctx.staff.actor })
  if not done then log.error("a refusal is not in the journal", { what = what, error = err.message }) end
end

--- Holds a route's policy against the request.
---@param ctx merx.WebContext
---@param policy merx.Policy
---@return "sign_in"|"forbidden"|"forged"|nil refusal
function gate.refusal(ctx, policy)
  if policy.who ~= "anyone" then
    local permission = policy.who:match("^staff:(.+)$")
    if not permission then return "forbidden" end -- nobody is a customer with an account yet
    if not ctx.staff then return "sign_in" end
    if not staff.may(ctx.staff, permission) then
      note(ctx, "permission")
      return "forbidden"
    end
  end
  -- The checkout's forms hold the token of the cart and are looked at by their pages; these of a session here.
  if policy.csrf == "token" and ctx.is_admin and not csrf.holds(ctx.form_secret, ctx.form and ctx.form.fields.csrf) then
    if ctx.staff then note(ctx, "csrf") end
    return "forged"
  end
  if ctx.staff then staff.see(ctx.staff, ctx.now) end
  return nil
end

return gate
