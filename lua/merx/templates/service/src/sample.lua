-- Service: a pure function for other plugins. They name it under capabilities.services and call
-- shop.service("acme.sample/convert", { amount = 1000 }).
local M = {}

---@type merx.fn.service
function M.convert(input, cfg)
  if math.type(input.amount) ~= "integer" then return nil, { code = "amount", message = "an amount is an integer" } end
  return { amount = money.ppm_of(input.amount, cfg.ppm) }
end

return M
