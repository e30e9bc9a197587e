--- The price phase: price rules set the price of a piece. Asked for a cart, or once for a whole page.
local draft = require("domain.draft")
local money = require("domain.money")

local rules = {}

local function set_unit(work, handler, op)
  local line = work.by_id[op.line]
  local before = line.worth
  line.unit, line.unit_pieces = op.amount, op.pieces or 1
  line.worth = money.times(line.unit, line.unit_pieces, line.qty, work.mode)
  work.subtotal = work.subtotal + line.worth - before
  draft.note(work, handler, "price", op, line.id, before, line.worth)
end

--- Lets each price rule answer in its order.
---@param work table
---@param handlers merx.Handler[]
function rules.apply(work, handlers)
  for _, handler in ipairs(handlers) do
    for _, op in ipairs(draft.ask(work, handler) or {}) do set_unit(work, handler, op) end
  end
end

return rules
