--- A circuit breaker for one handler: after 5 failures that are at least half of the calls within a minute it is not asked
--- for 30 seconds, then tried once. Of calls that were stopped at the end of their time a tenth is enough: all that its thread
--- had to do waited for each of them.
local clock = require("native.clock")

local breaker = {}

local WINDOW <const> = 60 * 1000000000
local REST <const> = 30 * 1000000000
local LIMIT <const> = 5
local SHARE <const> = 2 -- one call in so many
local SHARE_OF_LATE <const> = 10

local mt = { __index = {} }

--- Whether the handler may be asked now.
---@return boolean
function mt.__index:allows()
  if not self.open_until then return true end
  return clock.mono() >= self.open_until
end

--- Counts a call.
---@param ok boolean
---@param was_late? boolean it failed because its time was over
function mt.__index:note(ok, was_late)
  self.was_trial = nil
  self.is_calm = ok and not self.open_until and self.failed == 0
  if self.is_calm then return end
  local now = clock.mono()
  if now - self.since > WINDOW then self.since, self.calls, self.failed, self.late = now, 0, 0, 0 end
  self.calls = self.calls + 1
  if ok then
    if self.open_until then self.open_until, self.calls, self.failed, self.late, self.was_trial = nil, 0, 0, 0, true end
    return
  end
  self.failed, self.late = self.failed + 1, self.late + (was_late and 1 or 0)
  local fails = self.failed >= LIMIT and self.failed * SHARE >= self.calls
  local delays = self.late >= LIMIT and self.late * SHARE_OF_LATE >= self.calls
  if self.open_until or fails or delays then self.open_until = now + REST end
end

--- The last call, which seemed to go well, was of no use after all.
function mt.__index:retract()
  if self.was_trial then
    self.open_until, self.was_trial, self.is_calm = clock.mono() + REST, nil, false
    return
  end
  if self.failed > 0 then self.calls = self.calls - 1 end
  self:note(false)
end

--- While its `is_calm` is true, what goes well need not be told.
---@return table
function breaker.new()
  return setmetatable({ is_calm = true, since = 0, calls = 0, failed = 0, late = 0 }, mt)
end

return breaker
