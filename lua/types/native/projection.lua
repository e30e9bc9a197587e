---@meta native.projection
--- What a handler sees of a draft: packed here, unpacked in the state of its plugin.

---@class native.projection
local projection = {}

---@class native.Shape: userdata

--- Makes a shape of paths like "lines[].qty". Raises for what is no path.
---@param paths string[]
---@return native.Shape
function projection.compile(paths) end

--- What the shape names in `source`: of a table that a path leads to, what is no table, and only its sequence when the path ends in
--- "[]". Raises for functions and userdata.
---@param shape native.Shape
---@param source table
---@return string bytes
function projection.pack(shape, source) end

--- Packs what the shape names in `source` for PluginState:ask() of native.plugin, and keeps it until it takes something else.
---@param shape native.Shape
---@param source table
---@return string digest equal projections have equal ones, and others others
---@return integer size in bytes
function projection.take(shape, source) end

--- A table of its own with what was packed.
---@param shape native.Shape
---@param bytes string
---@return table
function projection.unpack(shape, bytes) end

return projection
