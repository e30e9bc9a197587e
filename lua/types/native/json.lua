---@meta native.json
--- Strict JSON. Integers stay integers, keys come out sorted, arrays keep a mark.

---@class native.json
---@field null lightuserdata stands for null
local json = {}

---@param value any
---@param options? { pretty?: boolean }
---@return string? text
---@return native.Error? err
function json.encode(value, options) end

---@param text string
---@param max_depth? integer 64
---@return any value
---@return (native.Error|{ offset: integer })? err offset: the byte, from 0
function json.decode(text, max_depth) end

--- Marks a table so that it is an array also when empty.
---@generic T: table
---@param list? T
---@return T
function json.array(list) end

---@param value any
---@return boolean
function json.is_array(value) end

return json
