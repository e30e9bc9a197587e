--- Dates, times and distances in time as a language writes them.
local calendar = require("kernel.calendar")

local dates = {}

-- A part of a time, with zeros in front up to `count` digits.
local function padded(count, part)
  if count == 1 then return part end
  local form = "%0" .. count .. "d"
  return function(time) return form:format(part(time)) end
end

-- What a letter of a pattern prints that stands there `count` times: a function of a time and the names of a language.
local letters = {
  y = function(count)
    if count == 2 then return padded(2, function(time) return time.year % 100 end) end
    return function(time) return time.year end
  end,
  M = function(count)
    if count >= 4 then return function(time, names) return names.months[time.month] end end
    if count == 3 then return function(time, names) return names.short_months[time.month] end end
    return padded(count, function(time) return time.month end)
  end,
  d = function(count) return padded(count, function(time) return time.day end) end,
  E = function(count)
    return function(time, names) return (count >= 4 and names.days or names.short_days)[time.weekday + 1] end
  end,
  H = function(count) return padded(count, function(time) return time.hour end) end,
  h = function(count) return padded(count, function(time) return (time.hour + 11) % 12 + 1 end) end,
  m = function(count) return padded(count, function(time) return time.minute end) end,
  s = function(count) return padded(count, function(time) return time.second end) end,
  a = function() return function(time, names) return names.halves[time.hour < 12 and 1 or 2] end end,
}

-- The parts of a pattern such as "MMM d, y": texts and functions. Text between apostrophes stands for itself.
local function parse(pattern)
  local parts, pos = {}, 1
  while pos <= #pattern do
    local letter = pattern:sub(pos, pos)
    local run
    if letter == "'" then
      run = pattern:match("^'[^']*'?", pos)
      parts[#parts + 1] = run == "''" and "'" or run:gsub("'", "")
    elseif letters[letter] then
      run = pattern:match("^" .. letter .. "+", pos)
      parts[#parts + 1] = letters[letter](#run)
    else
      run = pattern:match("^[^%a']+", pos) or letter
      parts[#parts + 1] = run
    end
    pos = pos + #run
  end
  return parts
end

-- Languages have a dozen patterns each: each is read once.
local parsed = setmetatable({}, { __index = function(self, pattern)
  self[pattern] = parse(pattern)
  return self[pattern]
end })

local function write(facts, pattern, time)
  local out, names = {}, facts.date
  for i, part in ipairs(parsed[pattern]) do out[i] = type(part) == "string" and part or part(time, names) end
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
  return write(facts, pattern_of(facts.date.dates, style), time)
end

---@param facts table
---@param time merx.CivilTime
---@param style "short"|"medium"
---@return string
function dates.time(facts, time, style)
  return write(facts, pattern_of(facts.date.times, style), time)
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
