---@meta native.random

---@class native.random
local random = {}

---@param n integer at most 65536
---@return string bytes unpredictable
function random.bytes(n) end

return random
