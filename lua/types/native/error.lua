---@meta

--- An expected failure of a native function: it returns nil and this.
---@class native.Error
---@field code string "invalid", "missing", "conflict", "busy", "limit", "system" or "unknown"
---@field message string
