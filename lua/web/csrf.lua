--- The token in forms of pages that are never shared: it follows from a secret of the visitor, so a page
--- of somebody else cannot know it.
local crypto = require("kernel.crypto")
local text = require("kernel.text")

local csrf = {}

--- The token that follows from a secret.
---@param secret string?
---@return string "" without a secret
function csrf.of(secret)
  if not secret or secret == "" then return "" end
  return text.hex(crypto.blake2b("csrf:" .. secret)):sub(1, 32)
end

--- Whether a form holds the token of a secret.
---@param secret string?
---@param sent string?
---@return boolean
function csrf.holds(secret, sent)
  local token = csrf.of(secret)
  return token ~= "" and type(sent) == "string" and crypto.equal(token, sent)
end

--- The token of a visitor with a cart.
---@param ctx merx.WebContext
---@return string "" for a visitor without a cart
function csrf.token(ctx)
  return csrf.of(ctx.cart_token)
end

---@param ctx merx.WebContext
---@param sent string?
---@return boolean
function csrf.is_valid(ctx, sent)
  return csrf.holds(ctx.cart_token, sent)
end

return csrf
