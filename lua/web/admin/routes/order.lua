--- One order: what it is, why it costs what it costs, and what can be done with it. Each form carries the
--- version that was looked at; what changed meanwhile is shown instead of overwritten.
local command = require("kernel.command")
local fields = require("web.admin.view.fields")
local form = require("web.form")
local order = require("domain.order")
local order_view = require("web.admin.view.order")
local page = require("web.admin.page")
local respond = require("web.respond")
local route = require("web.admin.route")
local session = require("web.admin.session")
local times = require("web.admin.view.times")

local HOLDS <const> = { "review", "risk", "stock", "payment" }

local function find(params)
  return params.number:find("^[%w-]+$") and #params.number <= 40 and order.find_by_number(params.number) or nil
end

local function hold_field(self)
  local options = {}
  for i, reason in ipairs(HOLDS) do options[i] = { value = reason, label = page.text(self, "holds." .. reason) } end
  return fields.of(self, "reason", { options = options, value = "review", label = page.text(self, "order.hold_reason") })
end

-- Sends the page of an order, with what went wrong at its head.
local function send(ctx, found, problem, status)
  local self = page.open(ctx)
  page.send(self, {
    template = "order", title = page.text(self, "order.title", { number = found.number }), status = status, has_errors = problem ~= nil,
    notice = not problem and times.notice(self) or nil,
    drops = {
      order = order_view.of(self, found), errors = problem and { { message = problem } } or {},
      ship_fields = {
        fields.of(self, "carrier", {}), fields.of(self, "tracking_number", {}), fields.of(self, "tracking_url", { type = "url", inputmode = "url" }),
      },
      hold_fields = { hold_field(self) }, note_field = fields.of(self, "note", { rows = 3, required = true }),
    },
  })
end

route.get("/orders/:number", "orders.view", function(ctx, params)
  local found = find(params)
  if not found then return page.message(page.open(ctx), 404) end
  send(ctx, found)
end)

-- Runs a command about an order, and answers: on to the order, or the order as it is now and what was wrong.
-- A note may be added to whatever became of the order; all else holds for what was looked at.
local function change(ctx, params, name, args_of, done)
  local found = find(params)
  if not found then return page.message(page.open(ctx), 404) end
  local sent = ctx.form.fields
  local args = args_of(found, sent)
  if name ~= "order.note" then args.version = form.quantity(sent.version) or 0 end
  local result, err = command.run(name, args, session.actor(ctx))
  if result then return respond.redirect(ctx, "/admin/orders/" .. found.number .. "?done=" .. done) end
  local self = page.open(ctx)
  local problem = page.explain(self, err)
  if err.code == "invalid" then
    local field, key = next(err.fields)
    local label = page.text_or(self, "fields." .. field, "")
    problem = (label ~= "" and label .. ": " or "") .. fields.message(self, key, err.args and err.args[field])
  end
  send(ctx, order.find(found.id), problem, page.status_of(err))
end

-- What was typed, without blanks around it; nil when it is nothing.
local function given(typed)
  local plain = (typed or ""):match("^%s*(.-)%s*$")
  return plain ~= "" and plain or nil
end

route.post("/orders/:number/cash", "orders.change", function(ctx, params)
  change(ctx, params, "payment.record", function(found) return { order_id = found.id } end, "cash")
end)

route.post("/orders/:number/capture", "orders.change", function(ctx, params)
  change(ctx, params, "payment.capture", function(found, sent)
    return { order_id = found.id, payment_id = form.quantity(sent.payment) }
  end, "capture")
end)

route.post("/orders/:number/parcels", "orders.change", function(ctx, params)
  change(ctx, params, "order.fulfil", function(found, sent)
    return { id = found.id, carrier = given(sent.carrier), tracking_number = given(sent.tracking_number), tracking_url = given(sent.tracking_url) }
  end, "shipped")
end)

route.post("/orders/:number/parcels/:parcel/delivered", "orders.change", function(ctx, params)
  change(ctx, params, "order.deliver", function(found) return { id = found.id, fulfilment_id = form.quantity(params.parcel) or 0 } end, "delivered")
end)

route.post("/orders/:number/holds", "orders.change", function(ctx, params)
  change(ctx, params, "order.hold", function(found, sent) return { id = found.id, reason = sent.reason, note = given(sent.note) } end, "held")
end)

route.post("/orders/:number/holds/:hold/release", "orders.change", function(ctx, params)
  change(ctx, params, "order.release_hold", function(found) return { id = found.id, hold_id = form.quantity(params.hold) or 0 } end, "released")
end)

route.post("/orders/:number/notes", "orders.change", function(ctx, params)
  change(ctx, params, "order.note", function(found, sent) return { id = found.id, body = given(sent.note) } end, "noted")
end)

-- What cancelling loses is said before it is lost.
route.get("/orders/:number/cancel", "orders.change", function(ctx, params)
  local found = find(params)
  if not found then return page.message(page.open(ctx), 404) end
  if not order_view.actions(found).can_cancel then return respond.redirect(ctx, "/admin/orders/" .. found.number) end
  local self = page.open(ctx)
  page.send(self, {
    template = "cancel", title = page.text(self, "cancel.title", { number = found.number }),
    drops = {
      order = { number = found.number, url = "/admin/orders/" .. found.number, version = found.version }, losses = order_view.consequences(self, found),
      reason_field = fields.of(self, "reason", { label = page.text(self, "cancel.reason"), help = page.text(self, "cancel.reason_help") }),
    },
  })
end)

route.post("/orders/:number/cancel", "orders.change", function(ctx, params)
  change(ctx, params, "order.cancel", function(found, sent) return { id = found.id, by = "merchant", reason = given(sent.reason) } end, "cancelled")
end)

return true
