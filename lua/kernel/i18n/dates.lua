--- Dates, times and distances in time as a language writes them.
local calendar = require("kernel.calendar")

local dates = {}

-- What the letters of a pattern print; `count` is how often the letter stands there.
local letters = {
  y = function(time, count)
    if count == 2 then return ("%02d"):format(time.year % 100) end
    return tostring(time.year)
  end,
  M = function(time, count, names)
    if count >= 4 then return names.months[time.month] end
    if count == 3 then return names.short_months[time.month] end
    return ("%0" .. count .. "d"):format(time.month)
  end,
  d = function(time, count) return ("%0" .. count .. "d"):format(time.day) end,
  E = function(time, count, names)
    return (count >= 4 and names.days or names.short_days)[time.weekday + 1]
  end,
  H = function(time, count) return ("%0" .. count .. "d"):format(time.hour) end,
  h = function(time, count) return ("%0" .. count .. "d"):format((time.hour + 11) % 12 + 1) end,
  m = function(time, count) return ("%0" .. count .. "d"):format(time.minute) end,
  s = function(time, count) return ("%0" .. count .. "d"):format(time.second) end,
  a = function(time, _, names) return names.halves[time.hour < 12 and 1 or 2] end,
}

--- Prints by a pattern such as "MMM d, y"; text between apostrophes stands for itself.
---@param facts table
---@param pattern string
---@param time merx.CivilTime
---@return string
function dates.by_pattern(facts, pattern, time)
  local out, pos = {}, 1
  while pos <= #pattern do
    local letter = pattern:sub(pos, pos)
    local run
    if letter == "'" then
      run = pattern:match("^'[^']*'?", pos)
      out[#out + 1] = run == "''" and "'" or run:gsub("'", "")
    elseif letters[letter] then
      run = pattern:match("^" .. letter .. "+", pos)
      out[#out + 1] = letters[letter](time, #run, facts.date)
    else
      run = pattern:match("^[^%a']+", pos) or letter
      out[#out + 1] = run
    end
    pos = pos + #run
  end
  return table.concat(out)
end

local function pattern_of(patterns, style)
  return patterns[style] or (style == "full" and patterns.long) or patterns.medium
end

---@param facts table
---@param time merx.CivilTime
---@param style "short"|"medium"|"long"|"full"
---@return string
function dates.date(facts, time, style)
  return dates.by_pattern(facts, pattern_of(facts.date.dates, style), time)
end

---@param facts table
---@param time merx.CivilTime
---@param style "short"|"medium"
---@return string
function dates.time(facts, time, style)
  return dates.by_pattern(facts, pattern_of(facts.date.times, style), time)
end

--- Date and short time.
---@param facts table
---@param time merx.CivilTime
---@param style "short"|"medium"|"long"|"full"
---@return string
function dates.datetime(facts, time, style)
  local parts = { date = dates.date(facts, time, style), time = dates.time(facts, time, "short") }
  return (pattern_of(facts.date.joined, style):gsub("{(%a+)}", parts))
end

-- Seconds of each unit, the largest first.
local UNITS <const> = {
  { "year", 31556952 },
  { "month", 2629746 },
  { "week", 604800 },
  { "day", 86400 },
  { "hour", 3600 },
  { "minute", 60 },
}

--- The unit that says most about a distance, and how many of it there are.
---@param seconds number negative: in the past
---@return string unit
---@return integer count
function dates.distance(seconds)
  local size = math.abs(seconds)
  for _, unit in ipairs(UNITS) do
    if size >= unit[2] then
      local count = math.tointeger(size // unit[2])
      return unit[1], seconds < 0 and -count or count
    end
  end
  return "second", math.tointeger((seconds < 0 and -size or size) // 1)
end

--- The civil time of milliseconds in a zone.
---@param ms integer
---@param offset? integer seconds east of UTC
---@return merx.CivilTime
function dates.civil(ms, offset)
  return calendar.civil(ms / 1000, offset)
end

return dates
