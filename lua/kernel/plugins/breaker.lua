--- A circuit breaker for one handler: after 5 failures that are at least half of the calls within a
--- minute it is not asked for 30 seconds, then tried once.
local clock = require("native.clock")

local breaker = {}

local WINDOW <const> = 60 * 1000000000
local REST <const> = 30 * 1000000000
local LIMIT <const> = 5

local mt = { __index = {} }

--- Whether the handler may be asked now.
---@return boolean
function mt.__index:allows()
  if not self.open_until then return true end
  return clock.mono() >= self.open_until
end

--- Counts a call.
---@param ok boolean
function mt.__index:note(ok)
  self.was_trial = nil
  if ok and not self.open_until and self.failed == 0 then return end -- the usual case costs nothing
  local now = clock.mono()
  if now - self.since > WINDOW then self.since, self.calls, self.failed = now, 0, 0 end
  self.calls = self.calls + 1
  if ok then
    if self.open_until then self.open_until, self.calls, self.failed, self.was_trial = nil, 0, 0, true end
    return
  end
  self.failed = self.failed + 1
  if self.open_until or (self.failed >= LIMIT and self.failed * 2 >= self.calls) then
    self.open_until = now + REST
  end
end

--- The last call, which seemed to go well, was of no use after all.
function mt.__index:retract()
  if self.was_trial then
    self.open_until, self.was_trial = clock.mono() + REST, nil
    return
  end
  if self.failed > 0 then self.calls = self.calls - 1 end
  self:note(false)
end

function breaker.new()
  return setmetatable({ since = 0, calls = 0, failed = 0 }, mt)
end

return breaker
