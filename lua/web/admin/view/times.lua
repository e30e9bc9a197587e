--- Moments as the back office shows them, and the word about what was just done. Times are in UTC, and
--- say so; the storefront's own zone is not known to be anything else yet.
local i18n = require("kernel.i18n")

local times = {}

local DAY <const> = 24 * 3600 * 1000

--- "21 Nov 2026, 08:15 UTC"
---@param self table page
---@param ms integer
---@return string
function times.exact(self, ms)
  return i18n.datetime(self.locale, ms, "medium") .. " UTC"
end

--- "3 hours ago"; after a week the day.
---@param self table page
---@param ms integer
---@return string
function times.relative(self, ms)
  if self.ctx.now - ms > 7 * DAY then return i18n.date(self.locale, ms, "medium") end
  return i18n.relative(self.locale, ms, self.ctx.now)
end

--- A moment as templates print it: <time datetime="…" title="exact">relative</time>.
---@param self table page
---@param ms integer
---@return { iso: string, exact: string, relative: string }
function times.of(self, ms)
  return { iso = os.date("!%Y-%m-%dT%H:%M:%SZ", ms // 1000), exact = times.exact(self, ms), relative = times.relative(self, ms) }
end

--- Midnight before a moment.
---@param ms integer
---@return integer
function times.midnight(ms)
  return ms // DAY * DAY
end

--- What was just done, as the address says: "?done=cash". Only known words are shown.
---@param self table page
---@return string?
function times.notice(self)
  local done = self.ctx.req:arg("done") or ""
  return done:find("^[%l_]+$") and i18n.find(self.locale, "admin.done." .. done) or nil
end

return times
