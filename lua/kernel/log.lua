--- Structured log: a message and a table of fields, one event a line.
local native = require("native.log")

local log = {}

---@param message string
---@param fields? table<string, any>
function log.error(message, fields) native.write("error", message, fields) end

---@param message string
---@param fields? table<string, any>
function log.warn(message, fields) native.write("warn", message, fields) end

---@param message string
---@param fields? table<string, any>
function log.info(message, fields) native.write("info", message, fields) end

---@param message string
---@param fields? table<string, any>
function log.debug(message, fields) native.write("debug", message, fields) end

return log
