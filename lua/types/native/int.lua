---@meta native.int
--- Integers with 128 bits inside. What does not fit 64 bits raises.

---@class native.int
local int = {}

---@param a integer
---@param b integer
---@return integer
function int.add(a, b) end

---@param a integer
---@param b integer
---@return integer
function int.mul(a, b) end

--- a * b // c
---@param a integer
---@param b integer
---@param c integer
---@return integer
function int.mul_div(a, b, c) end

--- a * b % c
---@param a integer
---@param b integer
---@param c integer
---@return integer
function int.mul_mod(a, b, c) end

return int
