--- Dates of the Gregorian calendar as plain arithmetic: no clock, no zone of the machine.
local calendar = {}

local DAY <const> = 86400

---@class merx.CivilTime
---@field year integer
---@field month integer 1 to 12
---@field day integer
---@field hour integer
---@field minute integer
---@field second integer
---@field weekday integer 0 is Sunday
---@field yearday integer 1 to 366
---@field seconds integer since 1970, UTC
---@field offset integer seconds east of UTC
---@field fraction number part of a second

--- The number of days from 1970-01-01 to that date. Months beyond 1 to 12 run into other years.
---@param year integer
---@param month integer
---@param day integer
---@return integer
function calendar.days(year, month, day)
  -- The year starts in March here, so that the leap day comes last.
  local months = year * 12 + month - 3
  local y, m = months // 12, months % 12
  local era = y // 400
  local year_of_era = y % 400
  local day_of_year = (153 * m + 2) // 5 + day - 1
  local day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
  return era * 146097 + day_of_era - 719468
end

--- Year, month and day of a day number.
---@param days integer since 1970-01-01
---@return integer year
---@return integer month
---@return integer day
function calendar.date(days)
  days = days + 719468
  local era, day_of_era = days // 146097, days % 146097
  local year_of_era = (
    day_of_era
    - day_of_era // 1460
    + day_of_era // 36524
    - day_of_era // 146096
  ) // 365
  local day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
  local m = (5 * day_of_year + 2) // 153
  local day = day_of_year - (153 * m + 2) // 5 + 1
  local month = m < 10 and m + 3 or m - 9
  local year = year_of_era + era * 400 + (month <= 2 and 1 or 0)
  return year, month, day
end

--- The civil time of an instant, `offset` seconds east of UTC.
---@param seconds number since 1970, UTC
---@param offset? integer
---@return merx.CivilTime
function calendar.civil(seconds, offset)
  offset = offset or 0
  local whole = math.tointeger(seconds // 1)
  local shifted = whole + offset
  local days, rest = shifted // DAY, shifted % DAY
  local year, month, day = calendar.date(days)
  return {
    year = year,
    month = month,
    day = day,
    hour = rest // 3600,
    minute = rest % 3600 // 60,
    second = rest % 60,
    weekday = (days + 4) % 7,
    yearday = days - calendar.days(year, 1, 1) + 1,
    seconds = whole,
    offset = offset,
    fraction = seconds - whole,
  }
end

--- Seconds since 1970 of a civil time in a zone `offset` seconds east of UTC.
---@return integer
function calendar.seconds(year, month, day, hour, minute, second, offset)
  local time = (hour or 0) * 3600 + (minute or 0) * 60 + (second or 0)
  return calendar.days(year, month, day) * DAY + time - (offset or 0)
end

--- Year and number of the ISO week that the day lies in.
---@param time merx.CivilTime
---@return integer year
---@return integer week
function calendar.iso_week(time)
  local days = calendar.days(time.year, time.month, time.day)
  local thursday = days - (time.weekday + 6) % 7 + 3 -- its year is the week's year
  local year = calendar.date(thursday)
  return year, (thursday - calendar.days(year, 1, 1)) // 7 + 1
end

--- Whether the numbers name a day that exists.
---@return boolean
function calendar.is_date(year, month, day)
  if month < 1 or month > 12 or day < 1 then return false end
  return day <= calendar.days(year, month + 1, 1) - calendar.days(year, month, 1)
end

return calendar
