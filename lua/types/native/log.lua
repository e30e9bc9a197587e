---@meta native.log

---@class native.log
local log = {}

--- Writes one event with up to 16 fields.
---@param level "error"|"warn"|"info"|"debug"
---@param message string
---@param fields? table<string, any>
function log.write(level, message, fields) end

---@param level "error"|"warn"|"info"|"debug"
---@return boolean
function log.enabled(level) end

return log
