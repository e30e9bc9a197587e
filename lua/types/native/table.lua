---@meta native.table
--- What Lua cannot say about tables: how large they will be.

---@class native.table
local table = {}

--- The entries of a table, without its metatable. One that grows field by field moves all of them each
--- time that its room doubles.
---@param source table not changed
---@param fields integer how many there will be in all; only a hint, 0 to 4096
---@return table copy
---@return integer entries how many it has
function table.copy(source, fields) end

--- An empty table for the elements of a list. They can be put there in any order as if it had grown to them, which
--- matters: `list[at + 1], list[at + 2] = a, b` sets the second first.
---@param items integer how many there will be; only a hint, 0 to 1,048,576
---@return table
function table.list(items) end

return table
