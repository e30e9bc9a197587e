---@meta native.test

---@class native.test
local test = {}

--- Runs a file of tests in a Lua of its own.
---@param path string
---@param filter string part of a name, "" for all
---@return table? results of support.test
---@return native.Error? err
function test.run(path, filter) end

return test
