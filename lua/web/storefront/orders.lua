--- The page of an order, for whoever has its link; and how a guest finds it again.
local crypto = require("kernel.crypto")
local form = require("web.form")
local order = require("domain.order")
local order_view = require("web.view.order")
local page = require("web.page")
local payment_page = require("web.storefront.payment")
local respond = require("web.respond")
local router = require("kernel.router")
local text = require("kernel.text")

router.get("/orders/:token", { who = "anyone", csrf = "none", cache = "private" }, function(ctx, params)
  local self = page.open(ctx)
  local found = params.token:find("^[%w_-]+$") and order.find_by_token(params.token)
  if not found then return page.message(self, 404) end
  page.send(self, {
    template = "order", title = page.text(self, "order.title", { number = found.number }), cache = "none", robots = "noindex",
    drops = { order = order_view.of(self, found, payment_page.url(ctx, found)) },
  })
end)

local function field(self, name, value, err)
  local label = page.text(self, "account." .. name)
  return {
    id = "order-" .. name, name = name, label = label, type = name == "email" and "email" or "text", value = value or "",
    autocomplete = name == "email" and "email" or "off", inputmode = name == "email" and "email" or nil, required = true, error = err,
  }
end

local function send_account(ctx, values, errors, status)
  local self = page.open(ctx)
  local title = page.text(self, "account.title")
  if #errors > 0 then title = page.text(self, "forms.error_title", { title = title }) end
  page.send(self, {
    template = "account", title = title, status = status, cache = #errors > 0 and "private" or "page", robots = "noindex",
    drops = { form = {
      errors = errors, fields = { field(self, "number", values.number), field(self, "email", values.email) },
    } },
  })
end

router.get("/account", { who = "anyone", csrf = "none", cache = "page" }, function(ctx)
  send_account(ctx, {}, {})
end)

-- A number alone opens nothing; number and address together are what the confirmation holds. The answer
-- to a wrong pair does not tell which half was wrong.
router.post("/account", { who = "anyone", csrf = "origin", cache = "none" }, function(ctx)
  local sent = form.read(ctx)
  local values = sent and sent.fields or {}
  local number = text.nfkc(values.number or ""):gsub("[^%w-]", "")
  local email = text.fold(values.email or ""):match("^%s*(.-)%s*$")
  local found = number ~= "" and order.find_by_number(number)
  if found and email ~= "" and crypto.equal(text.fold(found.email), email) then
    return respond.redirect(ctx, ctx.root .. "/orders/" .. found.token)
  end
  local self = page.open(ctx)
  send_account(ctx, values, { { id = "order-number", message = page.text(self, "account.not_found") } }, 422)
end)


return true
