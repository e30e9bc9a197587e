--- One product with the stock of its variants, and the form that changes it.
local command = require("kernel.command")
local fields = require("web.admin.view.fields")
local form = require("web.form")
local page = require("web.admin.page")
local product_view = require("web.admin.view.product")
local report = require("domain.report")
local respond = require("web.respond")
local route = require("web.admin.route")
local session = require("web.admin.session")
local text = require("kernel.text")
local times = require("web.admin.view.times")

local REASONS <const> = { "received", "counted", "lost", "damaged" }

local function find(ctx, params)
  local id = form.quantity(params.id)
  return id and report.find_product(ctx, id)
end

route.get("/products/:id", "products.view", function(ctx, params)
  local found = find(ctx, params)
  local self = page.open(ctx)
  if not found then return page.message(self, 404) end
  page.send(self, {
    template = "product", title = found.title, notice = times.notice(self), drops = { product = product_view.of(self, found) },
  })
end)

local function find_variant(found, params)
  local id = form.quantity(params.variant)
  for _, variant in ipairs(found.variants) do
    if variant.id == id and variant.stock then return variant end
  end
end

-- Product and variant of an address, or the page that says that there is none.
local function open(ctx, params)
  local found = find(ctx, params)
  local variant = found and find_variant(found, params)
  if not variant then page.message(page.open(ctx), 404) end
  return variant and found, variant
end

local function reasons(self)
  local options = {}
  for i, reason in ipairs(REASONS) do
    options[i] = { value = reason, label = page.text(self, "stock.reason_" .. reason), help = page.text(self, "stock.help_" .. reason) }
  end
  return options
end

local function place_field(self, variant, values)
  local options = {}
  for i, place in ipairs(variant.stock.places) do
    options[i] = { value = tostring(place.place_id), label = page.text(self, "stock.at_place", { place = place.place or "", count = place.balance }) }
  end
  return fields.of(self, "place", { options = options, value = values.place or options[1].value, label = page.text(self, "stock.place") })
end

local function send_form(ctx, found, variant, values, problems, options)
  local self = page.open(ctx)
  local list = {
    fields.of(self, "reason", { type = "radio", options = reasons(self), value = values.reason or "received", label = page.text(self, "stock.why") }),
    fields.of(self, "quantity", {
      value = values.quantity, inputmode = "numeric", required = true, problem = problems.quantity, args = options and options.args,
    }),
    fields.of(self, "note", { value = values.note, problem = problems.note }),
  }
  if #variant.stock.places > 1 then table.insert(list, 2, place_field(self, variant, values)) end
  local errors = fields.errors(list)
  if options and options.problem then errors[#errors + 1] = { message = options.problem } end
  local name = variant.title ~= "" and found.tracking ~= "product" and found.title .. " – " .. variant.title or found.title
  page.send(self, {
    template = "stock", title = page.text(self, "stock.title", { name = name }), has_errors = #errors > 0,
    status = #errors > 0 and (options and options.status or 422) or 200,
    drops = {
      product = { title = found.title, url = "/admin/products/" .. found.id }, name = name, path = ctx.path,
      variant = product_view.of(self, { id = found.id, title = found.title, tracking = found.tracking, variants = { variant }, handle = found.handle,
        state = found.state, shared_stock = found.shared_stock }).rows[1],
      form = { fields = list, errors = errors }, movements = product_view.movements(self, found.tracking == "product" and found.id or variant.id),
    },
  })
end

route.get("/products/:id/stock/:variant", "stock.change", function(ctx, params)
  local found, variant = open(ctx, params)
  if found then send_form(ctx, found, variant, {}, {}) end
end)

-- The place that was named, or the first one; nil while nothing lies anywhere.
local function find_place(variant, typed)
  for _, place in ipairs(variant.stock.places) do
    if tostring(place.place_id) == typed then return place end
  end
  return variant.stock.places[1]
end

-- A count says what lies there; all else says what came or went.
local function change(ctx, variant, place, given)
  local args = { variant_id = variant.id, location_id = place and place.place_id > 0 and place.place_id or nil, note = given.note }
  if given.reason == "counted" then
    args.quantity, args.low_at = given.quantity, place and place.low_at
    args.can_backorder = place ~= nil and place.floor == nil
    return command.run("stock.set", args, session.actor(ctx))
  end
  args.delta, args.reason = given.reason == "received" and given.quantity or -given.quantity, given.reason
  return command.run("stock.adjust", args, session.actor(ctx))
end

route.post("/products/:id/stock/:variant", "stock.change", function(ctx, params)
  local found, variant = open(ctx, params)
  if not found then return end
  local sent = ctx.form.fields
  local reason = "received"
  for _, known in ipairs(REASONS) do
    if sent.reason == known then reason = known end
  end
  local quantity = form.quantity(sent.quantity)
  local note = (sent.note or ""):match("^%s*(.-)%s*$")
  local problems = {}
  if not quantity or quantity == 0 and reason ~= "counted" then problems.quantity = "stock.quantity" end
  if text.len(note) > 500 then problems.note = "stock.note_too_long" end
  if next(problems) then return send_form(ctx, found, variant, sent, problems) end
  local done, err = change(ctx, variant, find_place(variant, sent.place), { reason = reason, quantity = quantity, note = note })
  if done then return respond.redirect(ctx, "/admin/products/" .. found.id .. "?done=stock") end
  if err.code == "stock.short" then
    return send_form(ctx, found, variant, sent, { quantity = "stock.short" }, { args = { available = err.data.available } })
  end
  local self = page.open(ctx)
  send_form(ctx, found, variant, sent, {}, { problem = page.explain(self, err), status = page.status_of(err) })
end)

return true
