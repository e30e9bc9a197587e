---@meta native.clock

---@class native.clock
local clock = {}

---@return integer milliseconds since 1970, UTC
function clock.now() end

---@return integer nanoseconds, for durations
function clock.mono() end

--- Makes now() stand still, or lets it run again. Tests and tools only.
---@param ms? integer
function clock.set_fake(ms) end

return clock
