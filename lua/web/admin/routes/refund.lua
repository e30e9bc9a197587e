--- Gives money back: first pieces are named and the sum is worked out, then it is given, exactly that sum.
local command = require("kernel.command")
local fields = require("web.admin.view.fields")
local form = require("web.form")
local i18n = require("kernel.i18n")
local order = require("domain.order")
local page = require("web.admin.page")
local points = require("kernel.points")
local respond = require("web.respond")
local route = require("web.admin.route")
local session = require("web.admin.session")
local text = require("kernel.text")

local function find(params)
  return params.number:find("^[%w-]+$") and #params.number <= 40 and order.find_by_number(params.number) or nil
end

-- The pieces that were named, by line; whatever is no number of pieces is a mistake of its field.
local function read(found, sent)
  local wanted, problems, left = {}, {}, order.refundable(found.id)
  for _, line in ipairs(found.lines) do
    local typed = sent["line-" .. line.id] or ""
    if typed:find("%S") then
      local quantity = form.quantity(typed)
      if not quantity or quantity > left[line.id].quantity then
        problems[line.id] = "refund.quantity"
      elseif quantity > 0 then
        wanted[#wanted + 1] = { line_id = line.id, quantity = quantity }
      end
    end
  end
  return wanted, problems, left
end

local function line_fields(self, found, sent, problems, left)
  local list = {}
  for _, line in ipairs(found.lines) do
    local rest = left[line.id]
    if rest.quantity > 0 and rest.amount > 0 then
      local title = line.variant_title ~= "" and line.title .. " – " .. line.variant_title or line.title
      list[#list + 1] = fields.of(self, "line-" .. line.id, {
        label = title, value = sent["line-" .. line.id], inputmode = "numeric", is_plain = true, unit = page.text(self, "refund.unit"),
        problem = problems[line.id], args = { left = rest.quantity },
        help = page.text(self, "refund.left", { count = rest.quantity, amount = i18n.currency(self.locale, rest.amount, found.currency) }),
      })
    end
  end
  return list
end

local function method_title(self, id)
  for _, handler in ipairs(points.handlers("payment_method")) do
    if handler.id == id and handler.title then return i18n.text(self.locale, handler.title) end
  end
  return id
end

-- Where the money goes, before it goes.
local function preview(self, found, quoted, wanted)
  local parts = {}
  for i, part in ipairs(quoted.parts) do
    parts[i] = page.text(self, part.payment.flow == "online" and "refund.by_provider" or "refund.by_hand", {
      amount = i18n.currency(self.locale, part.amount, found.currency), method = method_title(self, part.payment.method),
    })
  end
  local lines = {}
  for i, want in ipairs(wanted) do lines[i] = { name = "line-" .. want.line_id, value = want.quantity } end
  return { amount = i18n.currency(self.locale, quoted.amount, found.currency), expected = quoted.amount, parts = parts, lines = lines }
end

local function send(ctx, found, sent, options)
  local self = page.open(ctx)
  local wanted, problems, left = read(found, sent)
  local list = line_fields(self, found, sent, problems, left)
  local errors, quoted = fields.errors(list), nil
  if #errors == 0 and #wanted > 0 then
    local err
    quoted, err = order.quote_refund(found.id, wanted)
    if not quoted then errors[1] = { message = page.explain(self, err) } end
  elseif #errors == 0 and sent.look then
    errors[1] = { message = page.text(self, "refund.choose"), id = list[1] and list[1].id }
  end
  if options and options.problem then table.insert(errors, 1, { message = options.problem }) end
  local is_restocked = sent.restock ~= "no"
  page.send(self, {
    template = "refund", title = page.text(self, "refund.title", { number = found.number }), has_errors = #errors > 0,
    status = options and options.status or #errors > 0 and 422 or 200,
    drops = {
      order = { number = found.number, url = "/admin/orders/" .. found.number, version = found.version }, fields = list, errors = errors,
      restock_field = fields.of(self, "restock", { type = "radio", label = page.text(self, "refund.restock"), value = is_restocked and "yes" or "no",
        options = {
          { value = "yes", label = page.text(self, "refund.restock_yes") }, { value = "no", label = page.text(self, "refund.restock_no") },
        } }),
      reason_field = fields.of(self, "reason", { value = sent.reason }), restock = is_restocked and "yes" or "no", reason = sent.reason,
      preview = quoted and preview(self, found, quoted, wanted) or nil,
    },
  })
end

route.get("/orders/:number/refund", "orders.change", function(ctx, params)
  local found = find(params)
  if not found then return page.message(page.open(ctx), 404) end
  local sent = {}
  for _, arg in ipairs(ctx.req:args()) do sent[arg.name] = arg.value end
  send(ctx, found, sent)
end)

route.post("/orders/:number/refund", "orders.change", function(ctx, params)
  local found = find(params)
  if not found then return page.message(page.open(ctx), 404) end
  local sent, self = ctx.form.fields, page.open(ctx)
  local wanted = read(found, sent)
  -- Exactly what was shown is given, or nothing.
  local quoted = #wanted > 0 and order.quote_refund(found.id, wanted)
  if not quoted or tostring(quoted.amount) ~= sent.expected then
    return send(ctx, found, sent, { problem = page.text(self, "failures.order_stale"), status = 409 })
  end
  local done, err = command.run("payment.refund", {
    order_id = found.id, version = form.quantity(sent.version) or 0, lines = wanted, is_restocked = sent.restock == "yes",
    reason = text.sub(sent.reason or "", 1, 500),
  }, session.actor(ctx))
  if done then return respond.redirect(ctx, "/admin/orders/" .. found.number .. "?done=refunded") end
  send(ctx, order.find(found.id), sent, { problem = page.explain(self, err), status = page.status_of(err) })
end)

return true
