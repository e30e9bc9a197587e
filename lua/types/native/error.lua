---@meta

--- An expected failure of a native function: it returns nil and this.
---@class native.Error
---@field code string "invalid", "missing", "conflict", "busy", "limit" or "system"
---@field message string
