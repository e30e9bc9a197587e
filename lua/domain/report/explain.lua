--- How the total of an order came about, as steps: what the goods cost by the list, then every entry of
--- the ledger in the order in which it was written. The amounts of all steps add up to the total.
local money = require("domain.money")

local explain = {}

---@class merx.ExplainStep
---@field kind "goods"|"list"|"entry"
---@field line? table of the order that it speaks of
---@field amount integer what it adds to the total; taxes that prices hold already add nothing
---@field included? integer tax that the prices hold
---@field entry? merx.Entry

local function goods_steps(order)
  local steps, sum = {}, 0
  for _, line in ipairs(order.lines) do
    if line.kind == "goods" then
      local worth = money.times(line.list_unit_amount, line.list_pieces, line.quantity)
      steps[#steps + 1] = { kind = "goods", line = line, amount = worth }
      sum = sum + worth
    end
  end
  -- A line that was given away has no list price in the sum: then the goods are one step.
  if sum ~= order.list_amount then return { { kind = "list", amount = order.list_amount } } end
  return steps
end

---@param order merx.Order
---@return merx.ExplainStep[] steps
function explain.steps(order)
  local steps, by_key = goods_steps(order), {}
  for _, line in ipairs(order.lines) do by_key[line.key] = line end
  for _, entry in ipairs(order.ledger) do
    steps[#steps + 1] = {
      kind = "entry", entry = entry, line = by_key[entry.target], amount = entry.delta,
      included = entry.op == "tax" and entry.delta == 0 and entry.amount or nil,
    }
  end
  return steps
end

return explain
