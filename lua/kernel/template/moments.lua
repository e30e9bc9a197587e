--- Reads points in time as people and machines write them, for the date filter.
local calendar = require("kernel.calendar")

local moments = {}

local MONTHS <const> = {}
for i, name in ipairs({
  "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
}) do
  MONTHS[name] = i
end

local ZONES <const> = {
  z = 0, utc = 0, gmt = 0,
  est = -5, edt = -4, cst = -6, cdt = -5, mst = -7, mdt = -6, pst = -8, pdt = -7,
  cet = 1, cest = 2, jst = 9,
}

--- Takes the zone at the end off `text`: the rest, its offset in seconds, its name.
local function split_zone(text)
  local rest, sign, hours, minutes = text:match("^(.*%d:%d%d.*)%s*([+%-])(%d%d):?(%d%d)$")
  if rest then
    local offset = tonumber(hours) * 3600 + tonumber(minutes) * 60
    return rest, math.tointeger(sign == "-" and -offset or offset)
  end
  local before, name = text:match("^(.*%d)%s*(%a+)$")
  local zone = name and ZONES[name:lower()]
  if zone then return before, zone * 3600, name:lower() == "z" and "UTC" or name:upper() end
  return text, nil
end

--- Takes the time of day out of `text`: the rest, then hour, minute, second and fraction.
local function split_clock(text)
  local first, last, hour, minute = text:find("(%d%d?):(%d%d)")
  if not first then return text, 0, 0, 0, 0 end
  local rest = text:sub(last + 1)
  local second, fraction, behind = rest:match("^:(%d%d)%.?(%d*)(.*)$")
  if not second then
    second, fraction, behind = "0", "", rest
  end
  hour = math.tointeger(tonumber(hour))
  local half = behind:lower():match("^%s*([ap])%.?m")
  if half then
    hour = hour % 12 + (half == "p" and 12 or 0)
    behind = behind:gsub("^%s*[aApP]%.?[mM]%.?", "", 1)
  end
  local before = text:sub(1, first - 1):gsub("[tT]$", "")
  return before .. " " .. behind, hour, math.tointeger(tonumber(minute)),
    math.tointeger(tonumber(second)), tonumber("0." .. fraction .. "0")
end

--- Year, month and day where all three are numbers.
local function numeric_date(text)
  local y, m, d = text:match("(%d%d%d%d)[%-/.](%d%d?)[%-/.](%d%d?)")
  if y then return y, m, d end
  d, m, y = text:match("(%d%d?)[/.%-](%d%d?)[/.%-](%d%d%d%d)")
  if y then return y, m, d end
  y, m, d = text:match("^%s*(%d%d%d%d)(%d%d)(%d%d)%s*$")
  if y then return y, m, d end
  y, m = text:match("^%s*(%d%d%d%d)%-(%d%d?)%s*$")
  return y, m, "1"
end

--- Year, month and day where the month is a word.
local function worded_date(text)
  for name in text:gmatch("%a+") do
    local month = MONTHS[name:sub(1, 3):lower()]
    if month then
      local year = text:match("%d%d%d%d")
      local day
      for digits in text:gmatch("%d+") do
        if #digits <= 2 then day = day or digits end
      end
      return year, month, day or "1"
    end
  end
  return nil
end

--- The time of day alone: "14:30" is today.
local function civil_date(text, now, offset)
  local year, month, day = numeric_date(text)
  if not year then
    year, month, day = worded_date(text)
    if not month then
      if text:find("%S") then return nil end
      local today = calendar.civil(now, offset)
      return today.year, today.month, today.day
    end
    year = year or calendar.civil(now, offset).year
  end
  year, month, day = math.tointeger(tonumber(year)), math.tointeger(tonumber(month)), math.tointeger(tonumber(day))
  if not calendar.is_date(year, month, day) then return nil end
  return year, month, day
end

--- Reads `text`; nil when it is no time. Without a zone it is in that of the reader.
---@param text string
---@param now number seconds
---@param offset_at fun(seconds: number): integer seconds east of UTC then
---@return merx.CivilTime?
function moments.parse(text, now, offset_at)
  local rest, offset, zone = split_zone(text:match("^%s*(.-)%s*$"))
  local hour, minute, second, fraction
  rest, hour, minute, second, fraction = split_clock(rest)
  if hour > 24 or minute > 59 or second > 60 then return nil end
  local year, month, day = civil_date(rest, now, offset_at(now))
  if not year or (hour == 0 and not rest:find("%d") and not text:find(":")) then return nil end
  if not offset then
    offset = offset_at(calendar.seconds(year, month, day, hour, minute, second))
  end
  local seconds = calendar.seconds(year, month, day, hour, minute, second, offset)
  local time = calendar.civil(seconds, offset)
  time.zone, time.fraction = zone, fraction
  return time
end

return moments
