---@meta native.table
--- What Lua cannot say about tables: how large they will be.

---@class native.table
local table = {}

--- The entries of a table, without its metatable. One that grows field by field moves all of them each
--- time that its room doubles.
---@param source table not changed
---@param fields integer how many there will be in all; only a hint, 0 to 4096
---@return table
function table.copy(source, fields) end

return table
