--- Whether the wall clock can be believed. It is held against the clock that only measures durations: when it leaps
--- ahead, what would expire by it waits for a while. Nothing expires when it goes back, so then it is believed.
local clock_guard = {}

local HOUR <const> = 3600 * 1000
local QUARTER <const> = 15 * 60 * 1000 -- ms in which somebody may set it right

---@class merx.ClockGuard
---@field offset? integer between the two clocks, while it is believed
---@field doubted_at? integer ms of the clock that measures
local Guard = {}
Guard.__index = Guard

---@return merx.ClockGuard
function clock_guard.new()
  return setmetatable({}, Guard)
end

--- How far the clock has leapt ahead, or nil when it can be believed.
---@param now integer ms since 1970
---@param mono integer ms of the clock that measures
---@return integer? leap ms
function Guard:check(now, mono)
  local offset = now - mono
  local leap = self.offset and offset - self.offset or 0
  local has_waited = self.doubted_at and mono - self.doubted_at >= QUARTER
  if leap <= HOUR or has_waited then
    self.offset, self.doubted_at = offset, nil
    return nil
  end
  self.doubted_at = self.doubted_at or mono
  return leap
end

return clock_guard
