--- An order as its buyer sees it.
local customer = require("domain.customer")
local filters = require("web.filters")
local i18n = require("kernel.i18n")
local image = require("web.view.image")
local page = require("web.page")
local points = require("kernel.points")

local view = {}

local NEW_FOR <const> = 15 * 60 * 1000

local function line_view(self, line)
  local options = {}
  for _, option in ipairs(line.options) do options[#options + 1] = option.value end
  return {
    title = line.title, variant_title = #options > 0 and table.concat(options, " / ") or line.variant_title, quantity = line.quantity,
    sku = line.sku, image = image.of({ path = line.image, alt = "" }), final_line_price = filters.hundredths(line.total_amount, self.ctx.currency),
  }
end

local function add_tax(rates, order, tax)
  local key = tax.rate_id .. tostring(tax.is_included)
  if not rates[key] then
    rates[key] = { title = tax.title, ppm = tax.ppm, amount = 0, is_included = tax.is_included }
    order[#order + 1] = key
  end
  rates[key].amount = rates[key].amount + tax.amount
end

local function totals(self, order)
  local ctx, rows, rates, keys, goods = self.ctx, {}, {}, {}, 0
  for _, line in ipairs(order.lines) do
    if line.kind == "goods" then goods = goods + line.total_amount end
    for _, tax in ipairs(line.taxes) do add_tax(rates, keys, tax) end
  end
  rows[1] = { title = page.text(self, "cart.totals.subtotal"), value = filters.money(ctx, goods) }
  for _, line in ipairs(order.lines) do
    if line.kind ~= "goods" then
      rows[#rows + 1] = {
        title = line.title,
        value = line.total_amount == 0 and page.text(self, "cart.totals.free") or filters.money(ctx, line.total_amount),
      }
    end
  end
  local included = {}
  for _, key in ipairs(keys) do
    local rate = rates[key]
    local row = {
      title = page.text(self, rate.is_included and "cart.totals.tax_included" or "cart.totals.tax", {
        name = rate.title, rate = filters.rate(ctx.locale, rate.ppm),
      }),
      value = filters.money(ctx, rate.amount), state = rate.is_included and "included" or nil,
    }
    if rate.amount ~= 0 then table.insert(rate.is_included and included or rows, row) end
  end
  rows[#rows + 1] = { title = page.text(self, "cart.totals.total"), value = filters.money(ctx, order.total_amount), state = "total" }
  return table.move(included, 1, #included, #rows + 1, rows)
end

local function method_title(ctx, id)
  for _, handler in ipairs(points.handlers("payment_method")) do
    if handler.id == id and handler.title then return i18n.text(ctx.locale, handler.title) end
  end
  return id
end

local DELIVERED <const> = { delivered = true, not_required = true }
local SENT <const> = { shipped = true, partly_shipped = true, delivered = true, ready_for_pickup = true }

local function timeline(self, order, placed_text)
  local ctx, events = self.ctx, {}
  local function add(key, is_done, detail)
    events[#events + 1] = { title = page.text(self, "order." .. key), state = is_done and "done" or nil, detail = detail or "" }
  end
  add("placed", true, placed_text)
  if order.state == "cancelled" then
    add("cancelled_step", true, order.cancelled_at and i18n.datetime(ctx.locale, order.cancelled_at, "medium"))
    return events
  end
  if order.delivery_state == "not_required" then return events end
  add("packed", SENT[order.delivery_state] == true)
  add("sent", SENT[order.delivery_state] == true)
  add("delivered", DELIVERED[order.delivery_state] == true)
  return events
end

local function payment_text(self, order)
  local title = method_title(self.ctx, order.payment_method)
  if order.payment_state == "paid" then return page.text(self, "order.payment_paid", { title = title }) end
  return page.text(self, "order.payment_due", { title = title, total = filters.money(self.ctx, order.due_amount) })
end

local function iso(ms)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", ms // 1000)
end

local function next_text(self, order, pay_url)
  if order.state == "cancelled" then return page.text(self, "order.cancelled") end
  if pay_url then return page.text(self, "order.next_pay") end
  return page.text(self, order.payment_state == "unpaid" and "order.next_cod" or "order.next")
end

--- The order's page.
---@param self table page
---@param order merx.Order
---@param pay_url? string where it is paid, when it still has to be
---@return table
function view.of(self, order, pay_url)
  local ctx = self.ctx
  self.address_store = false -- nobody else has this address
  local address = order.addresses.delivery or order.addresses.billing
  local placed_text = i18n.datetime(ctx.locale, order.placed_at, "medium")
  local drop = {
    name = order.number, number = order.number, created_iso = iso(order.placed_at),
    created_text = placed_text, is_new = not pay_url and ctx.now - order.placed_at < NEW_FOR,
    email = order.email, line_items = {}, totals = totals(self, order), timeline = timeline(self, order, placed_text),
    delivery_text = order.delivery_title, payment_text = payment_text(self, order), address_lines = {},
    next_text = next_text(self, order, pay_url), pay_url = pay_url,
  }
  if address then
    drop.address_lines = customer.address_lines(address, ctx.locale)
    drop.address_lines[#drop.address_lines + 1] = i18n.country(ctx.locale, address.country)
    drop.first_name = address.given_name or address.name
  end
  for _, line in ipairs(order.lines) do
    if line.kind == "goods" then drop.line_items[#drop.line_items + 1] = line_view(self, line) end
  end
  return drop
end

return view
