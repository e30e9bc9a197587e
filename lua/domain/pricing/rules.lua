--- The price phase: price rules set the price of a piece. Asked for a cart, or once for a whole page.
local draft = require("domain.draft")
local money = require("domain.money")

local rules = {}

local function set_unit(work, handler, op)
  local line, amount, pieces = work.by_id[op.line], op.amount, op.pieces or 1
  local before, worth = line.worth, money.times(amount, pieces, line.qty, work.mode)
  line.unit, line.unit_pieces, line.worth = amount, pieces, worth
  work.subtotal = work.subtotal + worth - before
  draft.note(work, handler, "price", op, op.line, before, worth)
end

--- Lets each price rule answer in its order.
---@param work table
---@param handlers merx.Handler[]
function rules.apply(work, handlers)
  for _, handler in ipairs(handlers) do
    local ops = draft.ask(work, handler)
    for i = 1, ops and #ops or 0 do set_unit(work, handler, ops[i]) end
  end
end

return rules
