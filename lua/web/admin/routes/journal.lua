--- The journal: who did what, when, and what it was before.
local actors = require("web.admin.view.actors")
local audit = require("domain.audit")
local i18n = require("kernel.i18n")
local json = require("kernel.json")
local page = require("web.admin.page")
local report = require("domain.report")
local route = require("web.admin.route")
local times = require("web.admin.view.times")

local ROWS <const> = 50

-- Sums of an order are written as its money, all else as it is.
local function plain(self, value, name, currency)
  if type(value) == "string" then return value end
  if currency and name == "amount" and math.type(value) == "integer" then return i18n.currency(self.locale, value, currency) end
  return (json.encode(value, { sorted = true }))
end

-- What was, and what is: one row a field.
local function changes(self, row, currency)
  local names, list = {}, {}
  for name in pairs(row.before or {}) do names[name] = true end
  for name in pairs(row.after or {}) do names[name] = true end
  for name in pairs(names) do
    list[#list + 1] = {
      name = page.text_or(self, "journal.field_" .. name, name),
      before = row.before and row.before[name] ~= nil and plain(self, row.before[name], name, currency) or nil,
      after = row.after and row.after[name] ~= nil and plain(self, row.after[name], name, currency) or nil,
    }
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

local function subject(self, row, found)
  if found then return { text = page.text(self, "orders.open", { number = found.number }), url = "/admin/orders/" .. found.number } end
  if row.entity == "staff" then
    return { text = row.entity_id ~= "0" and actors.name(self, "staff:" .. row.entity_id) or page.text(self, "journal.unknown") }
  end
  return { text = page.text_or(self, "entities." .. row.entity, row.entity) .. " " .. row.entity_id }
end

local function view(self, row)
  local found = row.entity == "order" and report.find_order_name(math.tointeger(tonumber(row.entity_id)) or 0) or nil
  local is_refusal = row.action:find("refused", 1, true) ~= nil
  return {
    time = times.of(self, row.at), what = page.text_or(self, "actions." .. row.action:gsub("%.", "_"), row.action),
    subject = subject(self, row, found), changes = changes(self, row, found and found.currency), is_erased = row.is_erased, is_refusal = is_refusal,
    who = is_refusal and row.actor == "" and page.text(self, "journal.stranger") or actors.name(self, row.actor),
  }
end

route.get("/journal", "audit.view", function(ctx)
  local before = math.tointeger(tonumber(ctx.req:arg("before") or ""))
  local order_id = math.tointeger(tonumber(ctx.req:arg("order") or ""))
  local rows = order_id and audit.list_of("order", order_id, ROWS + 1, before) or audit.list(ROWS + 1, before)
  local has_more = #rows > ROWS
  rows[ROWS + 1] = nil
  local self, list = page.open(ctx), {}
  for i, row in ipairs(rows) do
    if order_id then row.entity, row.entity_id = "order", tostring(order_id) end
    list[i] = view(self, row)
  end
  local found = order_id and report.find_order_name(order_id)
  local filter = order_id and "&order=" .. order_id or ""
  page.send(self, {
    template = "journal", title = page.text(self, "journal.title"),
    drops = {
      entries = list, next_url = has_more and "/admin/journal?before=" .. rows[#rows].seq .. filter or nil,
      order_number = found and found.number, first_url = (before or order_id) and "/admin/journal" or nil,
    },
  })
end)

return true
