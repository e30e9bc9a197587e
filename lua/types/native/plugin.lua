---@meta native.plugin
--- Plugins, each in a Lua state of its own. Values are copied; a call that fails, loops or eats memory
--- fails alone.

---@class native.plugin
local plugin = {}

---@alias native.PluginKind "pure"|"view"|"command"|"effect"

---@class native.PluginError: native.Error
---@field code "budget"|"memory"|"error"|"missing"
---@field trace string

---@class native.Budget
---@field instructions? integer counted: the verdict is the same everywhere
---@field ms? integer
---@field memory? integer growth in bytes; of an effect, in each slice
---@field exact? boolean counts each instruction and not in steps, for traces: slow

---@class native.PluginOptions
---@field id string
---@field root? string folder with src/ and lib/
---@field modules? table<string, string> sources by name, instead of or beside the folder
---@field prelude? string[] files below SHARE/lua whose results become globals
---@field memory? integer of the whole state, 16 MiB
---@field generation? integer with it, the server counts what the plugin does with what it does in other threads
---@field host? fun(kind: native.PluginKind, name: string, ...): any answers host.call of the prelude; may wait in effects

---@class native.PluginState: userdata
local PluginState = {}

---@param options native.PluginOptions
---@return native.PluginState? state
---@return native.Error? err
function plugin.open(options) end

--- Calls a handler "module:function" with copies of the arguments.
---@param kind native.PluginKind
---@param handler string
---@param budget? native.Budget defaults by kind
---@param ... any data
---@return true? ok
---@return any|native.PluginError results copies
function PluginState:call(kind, handler, budget, ...) end

--- Asks pure code with the input that the shape took last: native.projection.take(). Input and settings stay in the plugin's
--- state from call to call: nothing can be added to the one, which is as new each time, and the other can only be read.
---@param handler string
---@param budget? native.Budget
---@param shape native.Shape
---@param settings table data; the same table must hold the same each time
---@return true? ok
---@return any|native.PluginError results copies
function PluginState:ask(handler, budget, shape, settings) end

--- Whether the handler is there and loads.
---@param kind native.PluginKind
---@param handler string
---@return true? ok
---@return native.PluginError? err
function PluginState:load(kind, handler) end

---@return { memory: integer, peak: integer, calls: integer, failures: integer, spent: integer, ns: integer } spent: instructions
--- of the last pure call, in steps of 1,000 unless its budget was exact; ns: that its code ran, without plugins that it asked
function PluginState:stats() end

---@return boolean busy something in it runs or waits
function PluginState:is_busy() end

--- Fine to repeat.
function PluginState:close() end

return plugin
