--- The token in forms of pages that are never shared: it follows from the visitor's secret cookie, so a
--- page of somebody else cannot know it.
local crypto = require("kernel.crypto")
local text = require("kernel.text")

local csrf = {}

---@param ctx merx.WebContext
---@return string "" for a visitor without a cart
function csrf.token(ctx)
  if not ctx.cart_token then return "" end
  return text.hex(crypto.blake2b("csrf:" .. ctx.cart_token)):sub(1, 32)
end

---@param ctx merx.WebContext
---@param sent string?
---@return boolean
function csrf.is_valid(ctx, sent)
  local token = csrf.token(ctx)
  return token ~= "" and type(sent) == "string" and crypto.equal(token, sent)
end

return csrf
