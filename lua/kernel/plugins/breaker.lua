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
  if ok and not self.open_until and self.failed == 0 then return end -- the usual case costs nothing
  local now = clock.mono()
  if now - self.since > WINDOW then self.since, self.calls, self.failed = now, 0, 0 end
  self.calls = self.calls + 1
  if ok then
    if self.open_until then self.open_until, self.calls, self.failed = nil, 0, 0 end
    return
  end
  self.failed = self.failed + 1
  if self.open_until or (self.failed >= LIMIT and self.failed * 2 >= self.calls) then
    self.open_until = now + REST
  end
end

function breaker.new()
  return setmetatable({ since = 0, calls = 0, failed = 0 }, mt)
end

return breaker
