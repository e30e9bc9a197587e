local AMOUNT <const> = 770000

local M = {}

-- Price rule: everything costs the same.
function M.same(input)
  local ops = {}
  for i, line in ipairs(input.lines) do ops[i] = { op = "set_unit", line = line.id, amount = AMOUNT, reason = { "same" } } end
  return ops
end

return M
