--- The explanation of a price in plain words: what, by whom, how much.
local i18n = require("kernel.i18n")
local page = require("web.admin.page")
local plugins = require("kernel.plugins")
local report = require("domain.report")

local view = {}

local function plugin_name(id)
  for _, plugin in ipairs(plugins.list()) do
    if plugin.id == id and plugin.manifest then return plugin.manifest.name end
  end
  return id
end

-- Why, in the words of the plugin or the shop; the bare key would tell nobody anything.
local function reason(self, entry)
  local found = entry.reason and i18n.find(self.locale, entry.reason.key, entry.reason.args)
  if found then return found end
  -- A rule of the merchant's own making carries its own words and no key.
  local key = entry.reason and entry.reason.key
  return key and key:find("[%s\128-\255]") and key or nil
end

-- The goods that a step is about; delivery and fees say themselves what they are.
local function target(step)
  return step.line and step.line.kind == "goods" and step.line.title or nil
end

local function entry_row(self, step, order)
  local entry = step.entry
  local words = page.text_or(self, "explanation." .. entry.op, page.text_or(self, "explanation.phase_" .. entry.phase, entry.op))
  local why = reason(self, entry) or entry.op == "rate" and order.delivery_title ~= "" and order.delivery_title or nil
  local row = {
    what = why and page.text(self, "explanation.with_reason", { what = words, why = why }) or words, on = target(step),
    who = entry.plugin ~= "" and entry.plugin ~= "core" and entry.plugin ~= "merx" and plugin_name(entry.plugin) or nil,
    rule = entry.rule, amount = i18n.currency(self.locale, step.amount, order.currency),
  }
  if step.included then
    row.what = page.text(self, "explanation.tax_included", { what = why or words, amount = i18n.currency(self.locale, step.included, order.currency) })
    row.amount, row.on = page.text(self, "explanation.in_price"), nil
  elseif step.amount > 0 then
    row.amount = "+" .. row.amount
  end
  return row
end

local function goods_row(self, step, order)
  local line = step.line
  local unit = i18n.currency(self.locale, line.list_unit_amount, order.currency)
  if line.list_pieces > 1 then unit = page.text(self, "explanation.for_pieces", { amount = unit, count = line.list_pieces }) end
  return {
    what = page.text(self, "explanation.goods", { count = line.quantity, unit = unit }), on = line.title,
    amount = i18n.currency(self.locale, step.amount, order.currency),
  }
end

--- Rows of the explanation, and the total that they make.
---@param self table page
---@param order merx.Order
---@return { what: string, on?: string, who?: string, amount: string }[]
function view.of(self, order)
  local rows = {}
  for i, step in ipairs(report.explain(order)) do
    if step.kind == "goods" then
      rows[i] = goods_row(self, step, order)
    elseif step.kind == "list" then
      rows[i] = { what = page.text(self, "explanation.list"), amount = i18n.currency(self.locale, step.amount, order.currency) }
    else
      rows[i] = entry_row(self, step, order)
    end
  end
  return rows
end

return view
