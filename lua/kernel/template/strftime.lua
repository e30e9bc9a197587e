--- Formats a civil time by the directives of strftime, with Ruby's flags: %-d %_m %0e %^B %10Y %3N.
local calendar = require("kernel.calendar")

local strftime = {}

---@class merx.DateNames
---@field months string[]
---@field short_months string[]
---@field days string[] Sunday first
---@field short_days string[]

---@type merx.DateNames
strftime.english = {
  months = {
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  },
  short_months = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  },
  days = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" },
  short_days = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" },
}

local function hour12(time)
  return (time.hour + 11) % 12 + 1
end

-- Numbers: value, width, and what fills them up.
local numbers = {
  Y = function(time) return time.year, time.year < 0 and 5 or 4, "0" end,
  C = function(time) return time.year // 100, 2, "0" end,
  y = function(time) return time.year % 100, 2, "0" end,
  m = function(time) return time.month, 2, "0" end,
  d = function(time) return time.day, 2, "0" end,
  e = function(time) return time.day, 2, " " end,
  j = function(time) return time.yearday, 3, "0" end,
  H = function(time) return time.hour, 2, "0" end,
  k = function(time) return time.hour, 2, " " end,
  I = function(time) return hour12(time), 2, "0" end,
  l = function(time) return hour12(time), 2, " " end,
  M = function(time) return time.minute, 2, "0" end,
  S = function(time) return time.second, 2, "0" end,
  s = function(time) return time.seconds, 1, "0" end,
  u = function(time) return (time.weekday + 6) % 7 + 1, 1, "0" end,
  w = function(time) return time.weekday, 1, "0" end,
  U = function(time) return (time.yearday + 6 - time.weekday) // 7, 2, "0" end,
  W = function(time) return (time.yearday + 6 - (time.weekday + 6) % 7) // 7, 2, "0" end,
  V = function(time)
    local _, week = calendar.iso_week(time)
    return week, 2, "0"
  end,
  G = function(time) return (calendar.iso_week(time)), 4, "0" end,
  g = function(time) return (calendar.iso_week(time)) % 100, 2, "0" end,
}

local words = {
  A = function(time, names) return names.days[time.weekday + 1] end,
  a = function(time, names) return names.short_days[time.weekday + 1] end,
  B = function(time, names) return names.months[time.month] end,
  b = function(time, names) return names.short_months[time.month] end,
  p = function(time) return time.hour < 12 and "AM" or "PM" end,
  P = function(time) return time.hour < 12 and "am" or "pm" end,
  Z = function(time) return time.zone or (time.offset == 0 and "UTC" or "") end,
  n = function() return "\n" end,
  t = function() return "\t" end,
  ["%"] = function() return "%" end,
}
words.h = words.b

local composed = {
  c = "%a %b %e %H:%M:%S %Y",
  D = "%m/%d/%y",
  F = "%Y-%m-%d",
  R = "%H:%M",
  r = "%I:%M:%S %p",
  T = "%H:%M:%S",
  v = "%e-%^b-%Y",
  X = "%H:%M:%S",
  x = "%m/%d/%y",
  ["+"] = "%a %b %e %H:%M:%S %Z %Y",
}

--- "+0200" with as many colons as asked for.
local function zone_offset(time, colons)
  local offset = time.offset
  local sign = offset < 0 and "-" or "+"
  offset = math.abs(offset)
  local hours, minutes, seconds = offset // 3600, offset % 3600 // 60, offset % 60
  if colons == 0 then return ("%s%02d%02d"):format(sign, hours, minutes) end
  if colons == 1 then return ("%s%02d:%02d"):format(sign, hours, minutes) end
  return ("%s%02d:%02d:%02d"):format(sign, hours, minutes, seconds)
end

--- The first `digits` digits of the part of a second.
local function fraction(time, digits)
  local text = ("%.12f"):format(time.fraction or 0):sub(3)
  return (text .. ("0"):rep(digits)):sub(1, digits)
end

local function padded(text, width, fill)
  local missing = width - #text
  return missing > 0 and fill:rep(missing) .. text or text
end

local function number(value, width, fill, flags, asked)
  if flags:find("-", 1, true) then return tostring(value) end
  if flags:find("_", 1, true) then fill = " " end
  if flags:find("0", 1, true) then fill = "0" end
  if value < 0 and fill == "0" then
    return "-" .. padded(tostring(-value), (asked or width) - 1, fill)
  end
  return padded(tostring(value), asked or width, fill)
end

local function word(text, flags, asked, directive)
  if flags:find("^", 1, true) then text = text:upper() end
  if flags:find("#", 1, true) then
    text = directive == "p" and text:lower() or text:upper()
  end
  return padded(text, asked or 0, flags:find("0", 1, true) and "0" or " ")
end

---@param format string
---@param time merx.CivilTime
---@param names? merx.DateNames
---@return string
function strftime.format(format, time, names)
  names = names or strftime.english
  local function directive(whole, flags, width, colons, letter)
    local asked = tonumber(width)
    if letter == "z" then return padded(zone_offset(time, #colons), asked or 0, " ") end
    if colons ~= "" then return whole end
    if letter == "N" then return fraction(time, asked or 9) end
    if letter == "L" then return fraction(time, asked or 3) end
    if numbers[letter] then
      local value, wanted, fill = numbers[letter](time)
      return number(value, wanted, fill, flags, asked)
    elseif words[letter] then
      return word(words[letter](time, names), flags, asked, letter)
    elseif composed[letter] then
      return word(strftime.format(composed[letter], time, names), flags, asked)
    end
    return whole
  end
  return (format:gsub("(%%([%-_0^#]*)(%d*)(:*)([%a%%+]))", directive))
end

return strftime
