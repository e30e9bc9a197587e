--- An order as one row of a list.
local i18n = require("kernel.i18n")
local page = require("web.admin.page")
local states = require("web.admin.view.states")
local times = require("web.admin.view.times")

local view = {}

---@param self table page
---@param row table
---@return table
function view.of(self, row)
  return {
    number = row.number, url = "/admin/orders/" .. row.number, placed = times.of(self, row.placed_at),
    customer = row.name and row.name ~= "" and row.name or row.email, email = row.email, country = row.country and i18n.country(self.locale, row.country),
    total = i18n.currency(self.locale, row.total_amount, row.currency), states = states.of_order(self, row),
    is_over = row.state == "cancelled" or row.state == "completed", is_test = row.is_test == 1,
    label = page.text(self, "orders.open", { number = row.number }),
  }
end

---@param self table page
---@param rows table[]
---@return table[]
function view.list(self, rows)
  local list = {}
  for i, row in ipairs(rows) do list[i] = view.of(self, row) end
  return list
end

return view
