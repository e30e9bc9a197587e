---@meta
--- Made by `merx plugin reference` of lua/types/native/json.lua: change it there.

---@class shop.json
---@field null lightuserdata stands for null
local json = {}

---@param value any
---@param options? { pretty?: boolean }
---@return string? text
---@return shop.Error? err
function json.encode(value, options) end

---@param text string
---@param max_depth? integer 64
---@return any value
---@return (shop.Error|{ offset: integer })? err offset: the byte, from 0
function json.decode(text, max_depth) end

--- Marks a table so that it is an array also when empty.
---@generic T: table
---@param list? T
---@return T
function json.array(list) end

---@param value any
---@return boolean
function json.is_array(value) end
