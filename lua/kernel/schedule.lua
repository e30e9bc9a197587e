--- When a job runs: "every 15m", or "at 03:30", "at mon 03:30", "at 1 03:30" (day of the month), in UTC.
local calendar = require("kernel.calendar")

local schedule = {}

local UNITS <const> = { s = 1000, m = 60000, h = 3600000, d = 86400000 }
local DAYS <const> = { sun = 0, mon = 1, tue = 2, wed = 3, thu = 4, fri = 5, sat = 6 }
local DAY <const> = 86400000
local SHORTEST <const> = 10000

---@class merx.Schedule
---@field every? integer ms
---@field minute? integer of the day
---@field weekday? integer 0 is Sunday
---@field monthday? integer 1 to 28

local function parse_time(text)
  local hour, minute = text:match("^(%d%d):(%d%d)$")
  hour, minute = tonumber(hour), tonumber(minute)
  if not hour or hour > 23 or minute > 59 then return nil end
  return hour * 60 + minute
end

--- Reads a schedule.
---@param text string
---@return merx.Schedule? schedule
---@return string? problem
function schedule.parse(text)
  local count, unit = text:match("^every (%d+)([smhd])$")
  if count then
    local every = tonumber(count) * UNITS[unit]
    if every < SHORTEST then return nil, "a job runs every 10s at most" end
    return { every = every }
  end
  local day, time = text:match("^at (%w+) (%S+)$")
  local minute = parse_time(time or text:match("^at (%S+)$") or "")
  if not minute then return nil, 'write "every 15m", "at 03:30", "at mon 03:30" or "at 1 03:30" (UTC)' end
  if not day then return { minute = minute } end
  if DAYS[day] then return { minute = minute, weekday = DAYS[day] } end
  local monthday = math.tointeger(tonumber(day))
  if not monthday or monthday < 1 or monthday > 28 then return nil, "a day is mon to sun, or 1 to 28, which every month has" end
  return { minute = minute, monthday = monthday }
end

--- The next moment after `now` at which a schedule is due.
---@param found merx.Schedule
---@param now integer ms UTC
---@return integer ms UTC
function schedule.next(found, now)
  if found.every then return now + found.every end
  local day = now // DAY * DAY
  for _ = 0, 62 do
    local at = day + found.minute * UNITS.m
    local _, _, monthday = calendar.date(day // DAY)
    local is_day = (not found.weekday or (day // DAY + 4) % 7 == found.weekday) and (not found.monthday or monthday == found.monthday)
    if is_day and at > now then return at end
    day = day + DAY
  end
  error("no schedule waits two months")
end

return schedule
