--- Paying at a provider: the way there, the way back, and what a shopper sees who has not paid. Every page works without a
--- script: one that waits asks for itself again.
local checkout = require("domain.checkout")
local command = require("kernel.command")
local lines = require("web.view.lines")
local order = require("domain.order")
local page = require("web.page")
local respond = require("web.respond")
local router = require("kernel.router")
local storefront_cart = require("web.storefront.cart")
local task = require("kernel.task")

local payment = {}

local GET <const> = { who = "anyone", csrf = "none", cache = "private" }
local POST <const> = { who = "anyone", csrf = "origin", cache = "none" }

local PATIENCE <const> = 8000 -- ms that a shopper waits for the provider before there is a page that says so
local FIRST_LOOK <const>, LONGEST_LOOK <const> = 20, 250
local REFRESH <const> = 3 -- seconds
local MINUTE <const> = 60000

--- Why a payment came to nothing, in the words of the theme.
payment.problems = {
  declined = "payment.problem_declined", funds = "payment.problem_funds", expired = "payment.problem_expired",
  cancelled = "payment.problem_cancelled", error = "payment.problem_error", stopped = "payment.problem_stopped",
}

local WORDS <const> = {
  wait = { title = "payment.wait_title", text = "payment.wait_text", button = "payment.look_again" },
  forward = { title = "payment.forward_title", text = "payment.forward_text", button = "payment.go" },
  stopped = { title = "payment.stopped_title", text = "payment.stopped_text", button = "payment.go" },
  pay = { title = "payment.pay_title", text = "payment.pay_text", button = "payment.go" },
}

local function url_of(ctx, token, rest)
  return ctx.root .. "/orders/" .. token .. (rest or "")
end

-- Until something has happened, or the shopper has waited long enough.
local function await(token, is_over)
  local found, left, look = order.progress(token), PATIENCE, FIRST_LOOK
  while found and not is_over(found) and left > 0 and task.current() do
    task.sleep(look)
    left, look = left - look, math.min(look * 2, LONGEST_LOOK)
    found = order.progress(token)
  end
  return found
end

local function is_answered(found)
  return found.phase ~= "wait"
end

local function is_decided(found)
  return found.phase ~= "wait" and found.phase ~= "pay"
end

-- Back to the step where another way to pay is chosen, with everything as it was.
local function to_checkout(ctx, found, problem)
  checkout.reopen(found.id)
  if found.cart_id then storefront_cart.adopt(ctx, found.cart_id) end
  respond.redirect(ctx, ctx.root .. "/checkout/payment?problem=" .. problem)
end

-- Where a shopper belongs whose payment needs no page; false when it needs one.
local function send_away(ctx, token, found)
  if found.phase == "done" then
    respond.redirect(ctx, url_of(ctx, token))
  elseif found.phase == "failed" then
    to_checkout(ctx, found, payment.problems[found.reason] and found.reason or "stopped")
  elseif found.phase == "expired" then
    to_checkout(ctx, found, "expired")
  else
    return false
  end
  return true
end

local function send_page(ctx, token, found, options)
  local self = page.open(ctx)
  local is_ready = found.phase == "pay"
  local total = lines.money(self, found.due_amount)
  local left = is_ready and not options.is_forward and found.expires_at and math.max(1, (found.expires_at - ctx.now) // MINUTE)
  local words = WORDS[not is_ready and "wait" or options.is_forward and "forward" or options.is_stopped and "stopped" or "pay"]
  local title = page.text(self, words.title)
  local refresh = is_ready and options.is_forward and "0; url=" .. found.redirect
    or not is_ready and REFRESH .. "; url=" .. url_of(ctx, token, "/payment") or nil
  page.send(self, {
    template = "payment", title = title, cache = "none", robots = "noindex",
    headers = { Refresh = refresh, ["Referrer-Policy"] = "no-referrer" }, -- the address of this page is a key
    drops = { payment = {
      state = is_ready and "pay" or "wait", title = title, text = page.text(self, words.text, { total = total }),
      number = found.number, total = total, url = is_ready and found.redirect or url_of(ctx, token, "/payment"),
      button = page.text(self, words.button, { total = total }),
      note = left and page.text(self, "payment.until", { count = left }) or nil,
      other = is_ready and not options.is_forward and url_of(ctx, token, "/payment/other") or nil,
      is_test = found.is_test == 1,
    } },
  })
end

local function show(ctx, token, found, options)
  if not found then return page.message(page.open(ctx), 404) end
  if not send_away(ctx, token, found) then send_page(ctx, token, found, options) end
end

local function token_of(params)
  return params.token:find("^[%w_-]+$") and params.token or ""
end

--- Sends a shopper on who has just ordered: to the provider, to the order, or to a page that waits.
---@param ctx merx.WebContext
---@param token string of the order
function payment.send_on(ctx, token)
  local found = await(token, is_answered)
  if not found or send_away(ctx, token, found) then return end
  respond.redirect(ctx, url_of(ctx, token, "/payment?go=1"))
end

--- Whether an order waits for its shopper to pay online, and where.
---@param ctx merx.WebContext
---@param found merx.Order
---@return string? url
function payment.url(ctx, found)
  if found.state ~= "placed" then return nil end
  local progress = order.progress(found.token)
  return (progress.phase == "pay" or progress.phase == "wait") and url_of(ctx, found.token, "/payment") or nil
end

router.get("/orders/:token/payment", GET, function(ctx, params)
  local token = token_of(params)
  show(ctx, token, order.progress(token), { is_forward = ctx.req:arg("go") == "1", is_stopped = ctx.req:arg("stopped") == "1" })
end)

-- Back from the provider, who may not have told us yet: we ask. A shopper who looks again sees what is known.
router.get("/orders/:token/payment/return", GET, function(ctx, params)
  local token = token_of(params)
  local found = order.progress(token)
  if found and (found.phase == "pay" or found.phase == "wait") then
    command.run("payment.look", { order_id = found.id })
    found = await(token, is_decided)
  end
  show(ctx, token, found, {})
end)

router.post("/orders/:token/payment/other", POST, function(ctx, params)
  local token = token_of(params)
  local found = order.progress(token)
  if not found then return page.message(page.open(ctx), 404) end
  if is_decided(found) then return show(ctx, token, found, {}) end
  local done = command.run("order.abandon_payment", { id = found.id })
  if done then return to_checkout(ctx, found, "stopped") end
  respond.redirect(ctx, url_of(ctx, token, "/payment")) -- it is being asked for just now
end)

return payment
