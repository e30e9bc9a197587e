---@meta native.activity
--- What visitors did, from the workers to the jobs thread. A note is a number that Lua gives a meaning.

---@class native.activity
local activity = {}

--- Counts `note`; keeps all of it when there is a visitor. Never waits; a full book drops it.
---@param note integer not 0
---@param visitor? string
---@param page? string
---@param body? string
function activity.record(note, visitor, page, body) end

---@class native.ActivityRow
---@field note integer 0: a sample of a request
---@field at integer
---@field visitor string
---@field page string of a sample its route
---@field body string
---@field status integer of a sample
---@field us integer of a sample

--- In the jobs thread: what a worker noted since the last time; nothing when all was taken.
---@return integer[]? counts note, times, note, times …
---@return native.ActivityRow[]? rows
function activity.take() end

return activity
