--- States of orders, money and goods as a word and a shape, never as colour alone.
local page = require("web.admin.page")

local states = {}

-- state -> shape and tone
local SHAPES <const> = {
  order = {
    placed = { "wait", "wait" }, confirmed = { "open", "todo" }, completed = { "done", "good" }, cancelled = { "none", "over" },
  },
  payment = {
    unpaid = { "open", "todo" }, pending = { "wait", "wait" }, authorized = { "half", "wait" }, partly_paid = { "half", "todo" },
    paid = { "done", "good" }, partly_refunded = { "half", "over" }, refunded = { "none", "over" }, voided = { "none", "over" },
    failed = { "alert", "bad" },
  },
  delivery = {
    not_required = { "none", "over" }, unfulfilled = { "open", "todo" }, partly_shipped = { "half", "todo" }, shipped = { "truck", "good" },
    ready_for_pickup = { "wait", "todo" }, delivered = { "done", "good" }, partly_returned = { "half", "over" }, returned = { "none", "over" },
  },
}

--- One state.
---@param self table page
---@param kind "order"|"payment"|"delivery"
---@param state string
---@return { text: string, icon: string, tone: string }
function states.of(self, kind, state)
  local shape = SHAPES[kind][state] or { "open", "over" }
  return { text = page.text_or(self, "states." .. kind .. "." .. state, state), icon = shape[1], tone = shape[2] }
end

--- The states of an order that matter now: one that ended has no more to come.
---@param self table page
---@param order { state: string, payment_state: string, delivery_state: string }
---@return table[]
function states.of_order(self, order)
  if order.state == "cancelled" then
    local list = { states.of(self, "order", order.state) }
    if order.payment_state ~= "unpaid" and order.payment_state ~= "voided" then list[2] = states.of(self, "payment", order.payment_state) end
    return list
  end
  local list = { states.of(self, "payment", order.payment_state) }
  if order.delivery_state ~= "not_required" then list[2] = states.of(self, "delivery", order.delivery_state) end
  return list
end

return states
