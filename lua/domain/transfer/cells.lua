--- Cells of a product file: each reader takes a text and gives a value, or nil and what is wrong.
local text = require("kernel.text")

local cells = {}

local DAY <const> = 86400000

--- A list separated by commas; "\," is a comma that belongs to a value.
---@param cell string
---@return string[]
function cells.list(cell)
  local values = {}
  for part in (cell:gsub("\\,", "\0") .. ","):gmatch("(.-),") do
    local value = part:gsub("%z", ","):match("^%s*(.-)%s*$")
    if value ~= "" then values[#values + 1] = value end
  end
  return values
end

--- The inverse of cells.list().
---@param values string[]
---@return string
function cells.join(values)
  local parts = {}
  for i, value in ipairs(values) do parts[i] = value:gsub(",", "\\,") end
  return table.concat(parts, ", ")
end

--- Category paths: "Home > Cups, Gifts".
---@param cell string
---@return string[][]
function cells.paths(cell)
  local paths = {}
  for _, entry in ipairs(cells.list(cell)) do
    local path = {}
    for name in (entry .. ">"):gmatch("(.-)>") do
      name = name:match("^%s*(.-)%s*$")
      if name ~= "" then path[#path + 1] = name end
    end
    if #path > 0 then paths[#paths + 1] = path end
  end
  return paths
end

local WORDS = {
  ["1"] = true, ["yes"] = true, ["true"] = true, ["on"] = true, ["y"] = true,
  ["0"] = false, ["no"] = false, ["false"] = false, ["off"] = false, ["n"] = false,
}

---@param cell string
---@return boolean?
---@return string? problem
function cells.boolean(cell)
  local value = WORDS[cell:lower()]
  if value == nil then return nil, "write 1 or 0, not \"" .. cell .. "\"" end
  return value
end

---@param cell string
---@return integer?
---@return string? problem
function cells.integer(cell)
  local value = text.nfkc(cell):match("^%s*([+-]?%d+)%.?0*%s*$")
  value = value and math.tointeger(tonumber(value))
  if not value then return nil, "write a whole number, not \"" .. cell .. "\"" end
  return value
end

-- Splits a decimal number into digits before and after the mark. Both "1,299.50" and "1.299,50" are
-- understood; a single mark with three digits behind it means thousands only when `cell` says so twice.
local function decimal_parts(cell)
  local number = text.nfkc(cell):gsub("[%s\u{00A0}']", "")
  local sign, digits = number:match("^([+-]?)([%d.,]+)$")
  if not digits or not digits:find("%d") then return nil end
  local last = digits:match(".*([.,])")
  if not last then return sign, digits, "" end
  local other = last == "." and "," or "."
  local whole, rest = digits:match("^(.*)%" .. last .. "(%d*)$")
  if whole:find(last, 1, true) then -- the same mark twice: it groups thousands
    if digits:find(other, 1, true) then return nil end
    return sign, (digits:gsub("%" .. last, "")), ""
  end
  return sign, (whole:gsub("%" .. other, "")), rest
end

--- A decimal number as an integer of its 10^-`digits`-th parts. Says when it had to round.
---@param cell string
---@param digits integer
---@return integer?
---@return string? problem
---@return boolean? rounded
function cells.decimal(cell, digits)
  local sign, whole, rest = decimal_parts(cell)
  if not sign then return nil, "write a number like 12.50, not \"" .. cell .. "\"" end
  local rounded = #rest > digits and rest:sub(digits + 1):find("[1-9]") ~= nil
  local kept = (rest .. ("0"):rep(digits)):sub(1, digits)
  local value = math.tointeger(tonumber(whole .. kept))
  if not value or #whole + digits > 15 then return nil, "this number is too large" end
  if rounded and tonumber(rest:sub(digits + 1, digits + 1)) >= 5 then value = value + 1 end
  return sign == "-" and -value or value, nil, rounded
end

--- A price in minor units.
---@param cell string
---@param digits integer of the currency
---@return integer?
---@return string? problem
---@return boolean? rounded
function cells.amount(cell, digits)
  local value, problem, rounded = cells.decimal(cell, digits)
  if not value then return nil, problem end
  if value < 0 then return nil, "a price cannot be below zero" end
  return value, nil, rounded
end

-- Days since 1970 of a date, by the civil calendar.
local function days_of(year, month, day)
  local y = month <= 2 and year - 1 or year
  local era = y // 400
  local of_era = y - era * 400
  local of_year = (153 * (month + (month > 2 and -3 or 9)) + 2) // 5 + day - 1
  return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468
end

local MONTH_DAYS <const> = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

--- A date "2026-11-21", with an optional time, as milliseconds UTC.
---@param cell string
---@return integer?
---@return string? problem
function cells.date(cell)
  local year, month, day, rest = cell:match("^%s*(%d%d%d%d)-(%d%d?)-(%d%d?)(.*)$")
  local hour, minute, second = "0", "0", "0"
  if rest and rest:find("%d") then
    hour, minute, second = rest:match("^[T ](%d%d?):(%d%d):?(%d*)Z?%s*$")
    if second == "" then second = "0" end
  end
  local y, m, d = tonumber(year), tonumber(month), tonumber(day)
  if not y or not hour or m < 1 or m > 12 then
    return nil, "write a date like 2026-11-21, not \"" .. cell .. "\""
  end
  local leap = m == 2 and y % 4 == 0 and (y % 100 ~= 0 or y % 400 == 0)
  if d < 1 or d > MONTH_DAYS[m] + (leap and 1 or 0) then
    return nil, "there is no such day as " .. cell
  end
  local seconds = tonumber(hour) * 3600 + tonumber(minute) * 60 + tonumber(second)
  return days_of(y, m, d) * DAY + math.tointeger(seconds) * 1000
end

--- "2026-11-21" of milliseconds UTC, with the time when it is not midnight.
---@param ms integer
---@return string
function cells.format_date(ms)
  local days, rest = ms // DAY, ms % DAY // 1000
  local z = days + 719468
  local era = z // 146097
  local of_era = z - era * 146097
  local year_of_era = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
  local of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
  local mp = (5 * of_year + 2) // 153
  local month = mp < 10 and mp + 3 or mp - 9
  local year = year_of_era + era * 400 + (month <= 2 and 1 or 0)
  local date = ("%04d-%02d-%02d"):format(year, month, of_year - (153 * mp + 2) // 5 + 1)
  if rest == 0 then return date end
  return date .. ("T%02d:%02d:%02d"):format(rest // 3600, rest // 60 % 60, rest % 60)
end

--- Decimal text of an integer of 10^-`digits`-th parts.
---@param value integer
---@param digits integer
---@return string
function cells.format_decimal(value, digits)
  if digits == 0 then return tostring(value) end
  local scale = math.tointeger(10 ^ digits)
  local sign = value < 0 and "-" or ""
  local size = math.abs(value)
  return ("%s%d.%0" .. digits .. "d"):format(sign, size // scale, size % scale)
end

--- What stands in a cell, without the apostrophe that exporters put before what looks like a formula; nil when nothing does.
---@param cell string?
---@return string?
function cells.plain(cell)
  local plain = cell and cell:match("^%s*(.-)%s*$") or ""
  if plain:find("^'[=+%-@]") then plain = plain:sub(2) end
  return plain ~= "" and plain or nil
end

--- Text as exporters write it: "\n" for a line break.
---@param cell string
---@return string
function cells.text(cell)
  return (cell:gsub("\\n", "\n"))
end

return cells
