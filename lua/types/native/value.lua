---@meta native.value

---@class native.value
local value = {}

--- Plain data as bytes, for decode() in any thread of this process. Raises for functions and userdata.
---@param data any
---@return string
function value.encode(data) end

---@param bytes string of encode()
---@return any
function value.decode(bytes) end

return value
