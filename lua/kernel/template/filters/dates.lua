--- The date filter.
local calendar = require("kernel.calendar")
local moments = require("kernel.template.moments")
local strftime = require("kernel.template.strftime")
local values = require("kernel.template.values")

--- The time that a value stands for; nil when it is none.
local function time_of(state, value)
  if type(value) == "number" then return calendar.civil(value, state.offset_at(value)) end
  local text = values.plain(value)
  if not text then return nil end
  local lower = text:lower()
  if lower == "now" or lower == "today" then
    local now = state.clock() / 1000
    return calendar.civil(now, state.offset_at(now))
  end
  if text:find("^%-?%d+$") then
    local seconds = tonumber(text)
    return calendar.civil(seconds, state.offset_at(seconds))
  end
  return moments.parse(text, state.clock() / 1000, state.offset_at)
end

--- What is no time, or has no format, comes back as it is.
local function date(state, value, format)
  format = values.text(format)
  if format == "" then return value end
  local time = time_of(state, value)
  if not time then return value end
  return strftime.format(format, time, state.date_names)
end

return {
  date = { date, min = 1, max = 1, state = true },
}
