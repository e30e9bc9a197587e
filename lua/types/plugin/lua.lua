---@meta
--- Made by `merx plugin reference` of lua/types/sandbox.lua: change it there.
--- The functions of Lua that plugin code has; what is missing here is missing there. Of string, table, math and utf8 it has what
--- gives the same on every machine: no math.random, no string.pack, no string.dump.

--- All that the plugin itself put into its environment, and this.
---@type table<string, any>
_G = {}

_VERSION = "Lua 5.4"

---@generic T
---@param value? T
---@param message? any
---@param ... any
---@return T
---@return any ...
function assert(value, message, ...) end

--- Ends the handler: none of its operations count, and the message goes into the log.
---@param message any
---@param level? integer
function error(message, level) end

---@generic T: table, V
---@param list T
---@return fun(table: V[], i?: integer): integer, V
---@return T
---@return integer i
function ipairs(list) end

--- The key after another, in the order of pairs.
---@param map table
---@param key? any
---@return any key
---@return any value
function next(map, key) end

--- Goes in the order of the keys: numbers, then texts; the same everywhere.
---@generic T: table, K, V
---@param map T
---@return fun(table: table<K, V>, key?: K): K, V
---@return T
function pairs(map) end

--- As Lua's; a handler that ran out of its budget does not go on after it.
---@param fn function
---@param ... any
---@return boolean ok
---@return any ...
function pcall(fn, ...) end

---@param a any
---@param b any
---@return boolean
function rawequal(a, b) end

---@param map table
---@param key any
---@return any
function rawget(map, key) end

---@param value table|string
---@return integer
function rawlen(value) end

--- A module of the plugin: a file below src/ or lib/.
---@param name string
---@return any
function require(name) end

---@param index integer|"#"
---@param ... any
---@return any ...
function select(index, ...) end

--- As Lua's, without __gc, __close and, in pure handlers, __mode.
---@generic T: table
---@param map T
---@param meta? table
---@return T
function setmetatable(map, meta) end

---@param value any
---@param base? integer
---@return number?
function tonumber(value, base) end

--- As Lua's, but never an address.
---@param value any
---@return string
function tostring(value) end

---@param value any
---@return "nil"|"number"|"string"|"boolean"|"table"|"function"|"userdata"
function type(value) end

--- As pcall; the handler runs after what failed was left.
---@param fn function
---@param handler function
---@param ... any
---@return boolean ok
---@return any ...
function xpcall(fn, handler, ...) end
