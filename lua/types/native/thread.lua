---@meta native.thread
--- Where this Lua runs.

---@class native.thread
---@field role "worker"|"writer"|"jobs"|"tool"|"test"
---@field index integer
---@field share string folder of lua/, sql/, themes/
---@field data? string data folder
---@field version string
---@field remote boolean a tool whose commands go to a running server
---@field options table<string, string>
local thread = {}

return thread
