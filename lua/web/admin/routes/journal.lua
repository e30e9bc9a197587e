--- The journal: who did what, when, and what it was before.
local actors = require("web.admin.view.actors")
local audit = require("domain.audit")
local json = require("kernel.json")
local order = require("domain.order")
local page = require("web.admin.page")
local route = require("web.admin.route")
local times = require("web.admin.view.times")

local ROWS <const> = 50

local function plain(value)
  if type(value) == "string" then return value end
  return (json.encode(value, { sorted = true }))
end

-- What was, and what is: one row a field.
local function changes(self, row)
  local names, list = {}, {}
  for name in pairs(row.before or {}) do names[name] = true end
  for name in pairs(row.after or {}) do names[name] = true end
  for name in pairs(names) do
    list[#list + 1] = {
      name = page.text_or(self, "journal.field_" .. name, name), before = row.before and row.before[name] ~= nil and plain(row.before[name]) or nil,
      after = row.after and row.after[name] ~= nil and plain(row.after[name]) or nil,
    }
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

local function subject(self, row)
  if row.entity == "order" then
    local found = order.find(math.tointeger(tonumber(row.entity_id)) or 0)
    if found then return { text = page.text(self, "orders.open", { number = found.number }), url = "/admin/orders/" .. found.number } end
  end
  if row.entity == "staff" then
    return { text = row.entity_id ~= "0" and actors.name(self, "staff:" .. row.entity_id) or page.text(self, "journal.unknown") }
  end
  return { text = page.text_or(self, "entities." .. row.entity, row.entity) .. " " .. row.entity_id }
end

local function view(self, row)
  local is_refusal = row.action:find("refused", 1, true) ~= nil
  return {
    time = times.of(self, row.at), what = page.text_or(self, "actions." .. row.action:gsub("%.", "_"), row.action),
    subject = subject(self, row), changes = changes(self, row), is_erased = row.is_erased, is_refusal = is_refusal,
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
  local found = order_id and order.find(order_id)
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
