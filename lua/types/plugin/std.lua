---@meta
--- Made by `merx plugin reference` of lua/kernel/sandbox/std.lua: change it there.

---@class std
std = {}

--- Whether `list` (which may be nil) holds `value`.
---@type fun(list: any[]?, value: any): boolean
std.has = nil

--- A copy of a value with all tables in it, which are the handler's own.
---@generic T
---@param value T
---@return T
function std.copy(value) end

--- The sum of `fn` over a list.
---@param entries any[]
---@param fn fun(entry: any): number
---@return number
function std.sum(entries, fn) end

--- A list of what `fn` makes of each entry.
---@param entries any[]
---@param fn fun(entry: any): any
---@return any[]
function std.map(entries, fn) end

--- The entries for which `fn` says true.
---@param entries any[]
---@param fn fun(entry: any): boolean
---@return any[]
function std.filter(entries, fn) end

--- The first entry for which `fn` says true, or nil.
---@param entries any[]
---@param fn fun(entry: any): boolean
---@return any
function std.find(entries, fn) end
