--- The checkout: address, delivery, payment. Each page asks one thing and shows the whole sum.
local address_form = require("web.view.address_form")
local cache = require("kernel.cache")
local checkout = require("domain.checkout")
local command = require("kernel.command")
local csrf = require("web.csrf")
local customer = require("domain.customer")
local form = require("web.form")
local fragments = require("web.fragments")
local i18n = require("kernel.i18n")
local lines = require("web.view.lines")
local page = require("web.page")
local payment_page = require("web.storefront.payment")
local respond = require("web.respond")
local router = require("kernel.router")
local storefront_cart = require("web.storefront.cart")

local GET <const> = { who = "anyone", csrf = "none", cache = "private" }
local POST <const> = { who = "anyone", csrf = "token", cache = "none" }
local DAY <const> = 86400000

local STEPS <const> = { "address", "delivery", "payment" }
local RANK <const> = { address = 1, delivery = 2, payment = 3, confirm = 3 }

local function url_of(ctx, step)
  return ctx.root .. "/checkout/" .. step
end

local MOST_STEP_VIEWS <const> = 32

-- The same for all visitors who have come as far.
local kept_step_views = cache.keep(MOST_STEP_VIEWS, function(self, current, reached)
  local views = {}
  for i, step in ipairs(STEPS) do
    views[i] = {
      title = page.text(self, "checkout.step_" .. step), current = step == current,
      url = RANK[step] <= RANK[reached] and url_of(self.ctx, step) or nil,
    }
  end
  return fragments.hold(views)
end)

local function step_views(self, current, reached)
  local ctx = self.ctx
  local key = self.theme.stamp .. " " .. ctx.channel.id .. " " .. ctx.root .. " " .. ctx.locale .. " " .. current .. " " .. reached
  return (kept_step_views(key, ctx.now, self, current, reached))
end

local function review_rows(self, row, quote, current)
  local ctx, rows = self.ctx, {}
  rows[1] = { title = page.text(self, "checkout.review_contact"), value = row.email, url = url_of(ctx, "address") }
  if row.delivery_address then
    local parts = customer.address_lines(row.delivery_address, ctx.locale)
    parts[#parts + 1] = i18n.country(ctx.locale, row.delivery_address.country)
    rows[2] = { title = page.text(self, "checkout.review_address"), value = table.concat(parts, ", "), url = url_of(ctx, "address") }
  end
  if current == "payment" and quote.delivery then
    rows[#rows + 1] = {
      title = page.text(self, "checkout.review_delivery"), value = lines.text_of(ctx, quote.delivery.title), url = url_of(ctx, "delivery"),
    }
  end
  return rows
end

-- Sends a step. `fields` holds what only this step shows.
local function send(ctx, self, view, step, fields, status)
  local drop = {
    step = step, steps = step_views(self, step, view.step == "cart" and "address" or view.step), action = url_of(ctx, step),
    csrf = csrf.token(ctx), totals = lines.totals(self, view.quote), line_items = {}, errors = {},
  }
  for i, line in ipairs(view.quote.lines) do drop.line_items[i] = lines.of_quote(self, line) end
  for name, value in pairs(fields) do drop[name] = value end
  local title = page.text(self, "checkout.step_" .. step) .. " – " .. page.text(self, "checkout.title")
  if #drop.errors > 0 then title = page.text(self, "forms.error_title", { title = title }) end
  page.send(self, {
    template = "checkout", title = title, status = status, cache = "none", robots = "noindex", drops = { checkout = drop },
  })
end

-- What keeps a cart from the checkout, in words. A rule that blocks it says why.
local function cart_errors(ctx, view)
  local errors, said = {}, {}
  for _, problem in ipairs(view.problems) do
    if problem.step == "cart" and not problem.is_minor then
      local about = problem.message or problem.code == "tax.unavailable" and { key = "quote.cannot_check", args = {} }
      local words = about and checkout.words(ctx.locale, about) or page.text(page.open(ctx), "checkout.stock_short")
      if not said[words] then errors[#errors + 1] = { message = words } end
      said[words] = true
    end
  end
  return errors
end

-- The visitor's checkout, or nothing after sending them where they belong.
local function open(ctx, options)
  local row = storefront_cart.current(ctx)
  if not row then
    respond.redirect(ctx, ctx.root .. "/cart")
    return nil
  end
  local view = checkout.view(ctx, row, options)
  if view.step == "cart" then
    if #view.quote.lines == 0 then
      respond.redirect(ctx, ctx.root .. "/cart")
    else
      storefront_cart.send(ctx, { status = 422, errors = cart_errors(ctx, view) })
    end
    return nil
  end
  return view
end

-- Reads a form of the checkout and refuses what does not come from our page.
local function read(ctx)
  local sent = form.read(ctx)
  if not sent or not csrf.is_valid(ctx, sent.fields.csrf) then
    storefront_cart.send(ctx, { status = 403, errors = { { message = page.text(page.open(ctx), "checkout.expired") } } })
    return nil
  end
  return sent
end

-- --- address ------------------------------------------------------------------------------------

local function send_address(ctx, view, values, errors, status, notice)
  local self = page.open(ctx)
  local contact = address_form.contact(self, values, errors)
  local rows, country = address_form.rows(self, values, errors)
  send(ctx, self, view, "address", {
    contact_fields = contact, address_rows = rows, country_field = country,
    errors = address_form.summary(contact, rows, country), button = page.text(self, "checkout.continue_delivery"),
    notice = notice,
  }, status)
end

local function send_known_address(ctx, view)
  local values = { email = view.cart.email }
  for name, value in pairs(view.cart.delivery_address or {}) do values[name] = value end
  values.country = values.country or view.cart.country ~= "" and view.cart.country or ctx.channel.country
  send_address(ctx, view, values, {})
end

-- Who begins sees the first page at once; who comes back, where they were.
router.get("/checkout", GET, function(ctx)
  local view = open(ctx)
  if not view then return end
  respond.note(ctx, "begin_checkout", nil, { currency = ctx.currency, value = view.quote.total })
  if view.step == "address" then return send_known_address(ctx, view) end
  respond.redirect(ctx, url_of(ctx, view.step == "confirm" and "payment" or view.step))
end)

router.get("/checkout/address", GET, function(ctx)
  local view = open(ctx)
  if view then send_known_address(ctx, view) end
end)

-- "delivery.postal_code" of the command is "postal_code" of the form.
local function errors_of(err)
  local errors = {}
  for name, key in pairs(err.fields or {}) do errors[name:gsub("^delivery%.", "")] = key end
  return errors
end

-- What is wrong with what was typed, by field; nothing when it was saved. The second answer is a failure
-- of the shop's own.
local function save_address(ctx, values)
  local delivery = {}
  for _, name in ipairs(customer.address_names) do delivery[name] = values[name] end
  local _, wrong = customer.check_address(delivery)
  local errors = wrong and errors_of(wrong) or {}
  local email = (values.email or ""):match("^%s*(.-)%s*$")
  if email == "" then errors.email = "schema.required" end
  if next(errors) then return errors end
  local result, err = command.run("cart.set_address", { cart = ctx.cart_token, delivery = delivery, email = email })
  if result then return nil end
  if respond.is_unavailable(err) then return {}, err end
  return errors_of(err)
end

-- Nothing is worked out before the address is saved: the next page does that.
router.post("/checkout/address", POST, function(ctx)
  if not storefront_cart.current(ctx) then return respond.redirect(ctx, ctx.root .. "/cart") end
  local sent = read(ctx)
  if not sent then return end
  local errors, broken = {}, nil
  if not sent.fields.refresh then
    errors, broken = save_address(ctx, sent.fields)
    if not errors then return respond.redirect(ctx, url_of(ctx, "delivery")) end
  end
  local view = open(ctx)
  if not view then return end
  if sent.fields.refresh then return send_address(ctx, view, sent.fields, {}, 200) end
  local notice = broken and page.text(page.open(ctx), "checkout.unsaved") or nil
  send_address(ctx, view, sent.fields, errors, broken and 503 or 422, notice)
end)

-- --- delivery -----------------------------------------------------------------------------------

local MOST_DAYS_TEXTS <const> = 64
local days_texts, days_texts_count = {}, 0 -- all visitors of a day read the same few

local function write_days(ctx, rate)
  local from = i18n.date(ctx.locale, ctx.now + rate.min_days * DAY, "medium")
  local to = i18n.date(ctx.locale, ctx.now + (rate.max_days or rate.min_days) * DAY, "medium")
  return i18n.text(ctx.locale, from == to and "delivery_days.day" or "delivery_days.range", { from = from, to = to })
end

local function days_text(ctx, rate)
  if not rate.min_days then return nil end
  local key = ctx.locale .. " " .. ctx.now // DAY .. " " .. rate.min_days .. "-" .. (rate.max_days or rate.min_days)
  local text = days_texts[key]
  if not text then
    if days_texts_count >= MOST_DAYS_TEXTS then days_texts, days_texts_count = {}, 0 end
    text = write_days(ctx, rate)
    days_texts[key], days_texts_count = text, days_texts_count + 1
  end
  return text
end

local function send_delivery(ctx, view, options, status)
  local self, views = page.open(ctx), {}
  checkout.offer_rates(ctx, view)
  local chosen = view.quote.delivery and view.quote.delivery.id
  for i, rate in ipairs(view.quote.rates) do
    views[i] = {
      id = "delivery-" .. i, value = rate.id, title = lines.text_of(ctx, rate.title), detail = days_text(ctx, rate), checked = rate.id == chosen,
      price = rate.amount == 0 and page.text(self, "checkout.free") or lines.money(self, rate.amount),
    }
  end
  send(ctx, self, view, "delivery", {
    title = page.text(self, "checkout.delivery_title"), options = views, review = review_rows(self, view.cart, view.quote, "delivery"),
    empty = #views == 0 and page.text(self, "checkout.no_delivery") or nil, button = page.text(self, "checkout.continue_payment"),
    errors = options and options.errors, notice = options and options.notice,
  }, status)
end

-- A step that is asked for too early leads to the one that comes first.
local function too_early(ctx, view, step)
  if RANK[view.step] >= RANK[step] then return false end
  respond.redirect(ctx, url_of(ctx, view.step))
  return true
end

router.get("/checkout/delivery", GET, function(ctx)
  local view = open(ctx)
  if not view or too_early(ctx, view, "delivery") then return end
  if not view.quote.needs_delivery then return respond.redirect(ctx, url_of(ctx, "payment")) end
  send_delivery(ctx, view)
end)

local function offers(list, id)
  for _, entry in ipairs(list) do
    if entry.id == id then return true end
  end
  return false
end

local function refuse_delivery(ctx, view, err)
  local is_unavailable = err ~= nil and respond.is_unavailable(err)
  local message = page.text(page.open(ctx), is_unavailable and "checkout.unsaved" or "checkout.choose_again")
  send_delivery(ctx, view, { errors = { { id = "delivery-1", message = message } } }, is_unavailable and 503 or 422)
end

-- What the page has just offered is taken without working out the sum again: the next page does that.
router.post("/checkout/delivery", POST, function(ctx)
  local row = storefront_cart.current(ctx)
  if not row then return respond.redirect(ctx, ctx.root .. "/cart") end
  local sent = read(ctx)
  if not sent then return end
  local choice = sent.fields.delivery
  if not checkout.is_offered(ctx, row, choice) then
    local view = open(ctx)
    if not view or too_early(ctx, view, "delivery") then return end
    if not offers(view.quote.rates, choice) then return refuse_delivery(ctx, view) end
  end
  local result, err = command.run("cart.choose_delivery", { cart = row.token, choice = choice })
  if result then return respond.redirect(ctx, url_of(ctx, "payment")) end
  local view = open(ctx)
  if view then refuse_delivery(ctx, view, err) end
end)

-- --- payment ------------------------------------------------------------------------------------

-- The quote as it would be with a payment method: its fee is part of what is accepted.
local function view_with(ctx, row, method)
  local copy = {}
  for name, value in pairs(row) do copy[name] = value end
  copy.payment_choice = method
  return checkout.view(ctx, copy)
end

local function send_payment(ctx, view, options, status)
  options = options or {}
  local self, views, hashes = page.open(ctx), {}, {}
  local methods = view.quote.methods
  local chosen = options.chosen or view.cart.payment_choice
  if not offers(methods, chosen) then chosen = methods[1] and methods[1].id end
  local paid = view.quote.payment
  local shown = (not chosen or paid and paid.id == chosen) and view or view_with(ctx, view.cart, chosen)
  if chosen then checkout.offer_order(ctx, shown, chosen) end
  for i, method in ipairs(methods) do
    local with = method.id == chosen and shown or view_with(ctx, view.cart, method.id)
    hashes[i] = { name = "quotes[" .. method.id .. "]", value = with.quote.hash }
    views[i] = {
      id = "payment-" .. i, value = method.id, title = lines.text_of(ctx, method.title), checked = method.id == chosen,
      detail = lines.text_of(ctx, method.description), price = method.fee > 0 and "+ " .. lines.money(self, method.fee) or nil,
    }
  end
  local total = lines.money(self, shown.quote.due)
  local is_online = shown.quote.payment ~= nil and shown.quote.payment.flow ~= "offline"
  send(ctx, self, shown, "payment", {
    title = page.text(self, "checkout.payment_title"), options = views, hashes = hashes,
    review = review_rows(self, view.cart, shown.quote, "payment"), empty = #views == 0 and page.text(self, "checkout.no_payment") or nil,
    button = page.text(self, is_online and "checkout.place_redirect" or "checkout.place_offline", { total = total }),
    errors = options.errors, notice = options.notice,
  }, status)
end

router.get("/checkout/payment", GET, function(ctx)
  local view = open(ctx, { assume_payment = true })
  if not view or too_early(ctx, view, "payment") then return end
  local problem = payment_page.problems[ctx.req:arg("problem") or ""]
  send_payment(ctx, view, { notice = problem and page.text(page.open(ctx), problem) })
end)

-- What stopped the order, on the page where it can be mended.
local function refuse(ctx, err, chosen)
  local self = page.open(ctx)
  if err.code == "stock.short" or err.code == "line.not_sold" then
    return storefront_cart.send(ctx, { status = 409, errors = { { message = page.text(self, "checkout.stock_short") } } })
  end
  local view = open(ctx)
  if not view then return end
  if err.code == "quote_changed" then
    local total = lines.money(self, err.data.due)
    return send_payment(ctx, view, { chosen = chosen, notice = page.text(self, "checkout.quote_changed", { total = total }) }, 409)
  end
  if err.code == "checkout.incomplete" and RANK[view.step] and view.step ~= "confirm" and view.step ~= "payment" then
    return respond.redirect(ctx, url_of(ctx, view.step))
  end
  local message = page.text(self, respond.is_unavailable(err) and respond.trouble_of_order(err) or "checkout.choose_again")
  send_payment(ctx, view, { chosen = chosen, errors = { { id = "payment-1", message = message } } }, respond.is_unavailable(err) and 503 or 422)
end

-- One command places the order and keeps the method: a second click, a reload, leads to the same order.
router.post("/checkout/payment", POST, function(ctx)
  local sent = read(ctx)
  if not sent then return end
  local method = sent.fields.payment
  local accepted = sent.groups.quotes and sent.groups.quotes[method or ""] or sent.fields.quote or ""
  local placed, err = checkout.complete(ctx, ctx.cart_token, accepted, {
    payment = method, address = ctx.req.remote, base_url = ctx.base_url .. ctx.root,
  })
  if not placed then return refuse(ctx, err, method) end
  if not placed.is_again then
    respond.note(ctx, "purchase", nil, { order_id = placed.id, currency = ctx.currency })
  end
  payment_page.send_on(ctx, placed.token)
end)

return true
