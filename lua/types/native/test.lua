---@meta native.test

---@class native.test
local test = {}

--- Runs a file of tests in a Lua of its own.
---@param path string
---@param filter string part of a name, "" for all
---@param is_updating? boolean expected results that lie in files are written, not compared
---@return table? results of support.test
---@return native.Error? err
function test.run(path, filter, is_updating) end

return test
