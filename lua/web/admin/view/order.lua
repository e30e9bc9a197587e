--- An order as the people of the shop see it.
local actors = require("web.admin.view.actors")
local customer = require("domain.customer")
local explanation = require("web.admin.view.explanation")
local i18n = require("kernel.i18n")
local image = require("web.view.image")
local order = require("domain.order")
local page = require("web.admin.page")
local payment = require("domain.payment")
local points = require("kernel.points")
local staff = require("domain.staff")
local states = require("web.admin.view.states")
local times = require("web.admin.view.times")

local view = {}

local function amount_of(self, found, amount)
  return i18n.currency(self.locale, amount, found.currency)
end

local function method_title(self, id)
  for _, handler in ipairs(points.handlers("payment_method")) do
    if handler.id == id and handler.title then return i18n.text(self.locale, handler.title) end
  end
  return id
end

local function lines(self, found)
  local list = {}
  for _, line in ipairs(found.lines) do
    if line.kind == "goods" then
      local left = line.quantity - line.shipped_quantity - line.returned_quantity
      list[#list + 1] = {
        title = line.title, variant = line.variant_title ~= "" and line.variant_title or nil, sku = line.sku ~= "" and line.sku or nil,
        quantity = i18n.number(self.locale, line.quantity), unit = amount_of(self, found, line.unit_amount), total = amount_of(self, found, line.total_amount),
        image = image.of({ path = line.image, alt = "" }), url = line.product_id and "/admin/products/" .. line.product_id,
        sent = line.shipped_quantity > 0 and left > 0 and page.text(self, "order.sent_some", { count = line.shipped_quantity }) or nil,
        returned = line.returned_quantity > 0 and page.text(self, "order.returned_some", { count = line.returned_quantity }) or nil,
      }
    end
  end
  return list
end

local function totals(self, found)
  local rows = { { title = page.text(self, "order.goods"), value = amount_of(self, found, found.subtotal_amount) } }
  for _, line in ipairs(found.lines) do
    if line.kind ~= "goods" then rows[#rows + 1] = { title = line.title, value = amount_of(self, found, line.total_amount) } end
  end
  if found.added_tax_amount ~= 0 then
    rows[#rows + 1] = { title = page.text(self, "order.tax_added"), value = amount_of(self, found, found.added_tax_amount) }
  end
  rows[#rows + 1] = { title = page.text(self, "order.total"), value = amount_of(self, found, found.total_amount), is_total = true }
  if found.tax_amount - found.added_tax_amount ~= 0 then
    local included = amount_of(self, found, found.tax_amount - found.added_tax_amount)
    rows[#rows + 1] = { title = page.text(self, "order.tax_included"), value = included, is_small = true }
  end
  return rows
end

local function addresses(self, found)
  local list = {}
  for _, kind in ipairs({ "delivery", "billing" }) do
    local address = found.addresses[kind]
    if address then
      local rows = customer.address_lines(address, self.locale)
      rows[#rows + 1] = i18n.country(self.locale, address.country)
      local text = table.concat(rows, "\n")
      if list[1] and list[1].text == text then
        list[1].title = page.text(self, "order.address_both")
      else
        list[#list + 1] = { title = page.text(self, "order.address_" .. kind), lines = rows, text = text }
      end
    end
  end
  return list
end

local function payments(self, found)
  local list, is_asked = {}, payment.has_open_operations(found.id)
  for _, row in ipairs(found.payments) do
    local facts = {}
    if is_asked and row.flow == "online" then facts[#facts + 1] = page.text(self, "order.provider_asked") end
    if row.captured_amount > 0 then facts[#facts + 1] = page.text(self, "order.received", { amount = amount_of(self, found, row.captured_amount) }) end
    if row.refunded_amount > 0 then facts[#facts + 1] = page.text(self, "order.given_back", { amount = amount_of(self, found, row.refunded_amount) }) end
    if row.disputed_amount > 0 then facts[#facts + 1] = page.text(self, "order.disputed", { amount = amount_of(self, found, row.disputed_amount) }) end
    if row.error and row.error ~= "" then facts[#facts + 1] = row.error end
    list[#list + 1] = {
      title = method_title(self, row.method), amount = amount_of(self, found, row.amount), facts = facts,
      state = page.text_or(self, "states.charge." .. row.state, row.state),
    }
  end
  return list
end

local function parcels(self, found)
  local list = {}
  for _, row in ipairs(found.fulfilments) do
    local pieces = 0
    for _, line in ipairs(row.lines) do pieces = pieces + line.quantity end
    list[#list + 1] = {
      id = row.id, title = page.text(self, "order.parcel", { count = pieces }), state = page.text_or(self, "states.parcel." .. row.state, row.state),
      carrier = row.carrier ~= "" and row.carrier or nil, tracking = row.tracking_number ~= "" and row.tracking_number or nil,
      tracking_url = row.tracking_url ~= "" and row.tracking_url or nil, sent = times.of(self, row.created_at),
      can_deliver = found.state ~= "cancelled" and (row.state == "shipped" or row.state == "ready_for_pickup"),
    }
  end
  return list
end

-- What happened, newest first: states that changed, notes, reasons to wait.
local function timeline(self, found)
  local events = {}
  local function add(at, text, actor, more)
    events[#events + 1] = { at = at, seq = #events, time = times.of(self, at), text = text, who = actor and actors.name(self, actor), more = more }
  end
  add(found.placed_at, page.text(self, "order.event_placed"))
  for _, row in ipairs(order.history(found.id)) do
    local kind = row.field == "state" and "order" or row.field:match("^%a+")
    add(row.at, states.of(self, kind, row.now).text, row.actor, page.text_or(self, "reasons." .. row.reason:gsub("[%s%p]", "_"), row.reason))
  end
  for _, row in ipairs(order.notes(found.id)) do add(row.at, page.text(self, "order.event_note"), row.actor, row.body) end
  for _, row in ipairs(found.holds) do
    add(row.at, page.text(self, "order.event_hold", { reason = page.text_or(self, "holds." .. row.reason, row.reason) }), row.actor, row.note)
    if row.released_at then add(row.released_at, page.text(self, "order.event_released"), row.released_by) end
  end
  table.sort(events, function(a, b)
    if a.at ~= b.at then return a.at > b.at end
    return a.seq > b.seq
  end)
  return events
end

--- What can be done with an order now.
---@param found merx.Order
---@return { due?: integer, promised?: table, can_ship: boolean, can_cancel: boolean, can_hold: boolean, can_refund: boolean?, hold?: table }
function view.actions(found)
  local is_live = found.state == "placed" or found.state == "confirmed"
  local actions = { can_hold = is_live, can_cancel = false, can_ship = false }
  for _, hold in ipairs(found.holds) do
    if not hold.released_at then actions.hold = hold end
  end
  for _, row in ipairs(found.payments) do
    local is_waiting = row.flow == "offline" and row.kind == "charge" and row.state ~= "voided" and row.captured_amount < row.amount
    if found.state ~= "cancelled" and is_waiting and not actions.due then actions.due = row.amount - row.captured_amount end
    if found.state ~= "cancelled" and row.state == "authorized" then actions.promised = row end
  end
  if actions.hold or payment.has_open_operations(found.id) then actions.promised = nil end
  for _, row in ipairs(payment.list_refundable(found.id)) do actions.can_refund = actions.can_refund or row.refundable > 0 end
  local is_here = found.delivery_state == "unfulfilled" or found.delivery_state == "not_required"
  actions.can_cancel = is_live and is_here
  actions.can_ship = found.state == "confirmed" and not actions.hold
    and (found.delivery_state == "unfulfilled" or found.delivery_state == "partly_shipped")
  return actions
end

local function primary(actions, list)
  if actions.can_ship then return "ship" end
  for _, parcel in ipairs(list) do
    if parcel.can_deliver then return "deliver" end
  end
  return actions.promised and "capture" or actions.due and "cash" or nil
end

-- A number to be called, and as it is read: in one piece.
local function phone(number)
  if number == "" then return nil end
  return { href = (number:gsub("[^%d+]", "")), text = (number:gsub(" ", "\u{A0}")) }
end

--- The order's page.
---@param self table page
---@param found merx.Order
---@return table
function view.of(self, found)
  local actions, list = view.actions(found), parcels(self, found)
  local may_change = staff.may(self.ctx.staff, "orders.change")
  local base = "/admin/orders/" .. found.number
  return {
    number = found.number, url = base, version = found.version, placed = times.of(self, found.placed_at), states = states.of_order(self, found),
    state = found.state, is_test = found.is_test, lines = lines(self, found), totals = totals(self, found), addresses = addresses(self, found),
    email = found.email, phone = phone(found.phone), note = found.note ~= "" and found.note or nil,
    payments = payments(self, found), parcels = list, timeline = timeline(self, found), explanation = explanation.of(self, found),
    explanation_total = amount_of(self, found, found.total_amount), delivery_title = found.delivery_title,
    shop_url = "/orders/" .. found.token, may_change = may_change, is_cancelled = found.state == "cancelled",
    cancel_reason = found.cancel_reason ~= "" and found.cancel_reason or nil,
    hold = actions.hold and { id = actions.hold.id, reason = page.text_or(self, "holds." .. actions.hold.reason, actions.hold.reason) } or nil,
    can_ship = may_change and actions.can_ship, can_cancel = may_change and actions.can_cancel, can_hold = may_change and actions.can_hold and not actions.hold,
    can_refund = may_change and actions.can_refund,
    promised = may_change and actions.promised and { id = actions.promised.id, amount = amount_of(self, found, actions.promised.amount) } or nil,
    due = may_change and actions.due and amount_of(self, found, actions.due) or nil, primary = may_change and primary(actions, list) or nil,
    journal_url = staff.may(self.ctx.staff, "audit.view") and "/admin/journal?order=" .. found.id or nil,
  }
end

--- What cancelling an order would do, before anybody does it.
---@param self table page
---@param found merx.Order
---@return { stock: string, money: string }
function view.consequences(self, found)
  local pieces, kept = 0, 0
  for _, line in ipairs(found.lines) do
    if line.kind == "goods" then pieces = pieces + line.quantity end
  end
  for _, row in ipairs(found.payments) do kept = kept + row.captured_amount - row.refunded_amount end
  return {
    stock = page.text(self, "cancel.stock", { count = pieces }),
    money = kept > 0 and page.text(self, "cancel.money", { amount = amount_of(self, found, kept) }) or page.text(self, "cancel.no_money"),
  }
end

return view
