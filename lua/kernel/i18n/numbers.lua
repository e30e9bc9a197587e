--- Numbers and amounts of money as a language writes them. `facts` is the table of the language.
local currencies = require("kernel.i18n.currencies")

local numbers = {}

local MAX_DECIMALS <const> = 3

--- The digits before the point in groups of three.
local function grouped(digits, separator)
  if #digits <= 3 then return digits end
  local first = #digits % 3
  local parts = { digits:sub(1, first) }
  if first == 0 then parts[1] = nil end
  for at = first + 1, #digits, 3 do
    parts[#parts + 1] = digits:sub(at, at + 2)
  end
  return table.concat(parts, separator)
end

--- Joins sign, whole part and decimals, both given as digits.
local function written(facts, negative, whole, decimals)
  local text = grouped(whole, facts.number.group)
  if decimals ~= "" then text = text .. facts.number.decimal .. decimals end
  return negative and "-" .. text or text
end

--- Whole part and decimals of a positive number, rounded half away from zero.
local function split(value, decimals)
  local text = ("%.15g"):format(value)
  if text:find("[en]") or decimals > 15 then text = ("%.0f"):format(value) end
  local whole, rest = text:match("^(%d+)%.?(%d*)$")
  if not whole then return "0", "" end
  if #rest <= decimals then return whole, rest end
  local digits = math.tointeger(tonumber(whole .. rest:sub(1, decimals)))
  if not digits then return whole, rest:sub(1, decimals) end
  if rest:byte(decimals + 1) >= 53 then digits = digits + 1 end
  local rounded = ("%0" .. decimals + 1 .. "d"):format(digits)
  return rounded:sub(1, #rounded - decimals), rounded:sub(#rounded - decimals + 1)
end

---@class merx.NumberOptions
---@field min_decimals? integer
---@field max_decimals? integer 3 when absent

---@param facts table
---@param value number
---@param options? merx.NumberOptions
---@return string
function numbers.decimal(facts, value, options)
  if not options and math.type(value) == "integer" and value > -1000 and value < 1000 then return tostring(value) end
  options = options or {}
  if value ~= value or math.abs(value) == math.huge then return value > 0 and "∞" or value < 0 and "-∞" or "NaN" end
  if math.type(value) == "integer" then
    local digits = tostring(value):gsub("^-", "")
    return written(facts, value < 0, digits, ("0"):rep(options.min_decimals or 0))
  end
  local max = math.max(options.max_decimals or MAX_DECIMALS, options.min_decimals or 0)
  local whole, decimals = split(math.abs(value), max)
  decimals = decimals:gsub("0+$", "")
  decimals = decimals .. ("0"):rep((options.min_decimals or 0) - #decimals)
  local is_zero = not (whole .. decimals):find("[1-9]")
  return written(facts, value < 0 and not is_zero, whole, decimals)
end

--- 0.125 as "13%".
---@param facts table
---@param value number
---@param options? merx.NumberOptions
---@return string
function numbers.percent(facts, value, options)
  local text = numbers.decimal(facts, value * 100.0, options or { max_decimals = 0 })
  return (facts.number.percent:gsub("{0}", function() return text end))
end

--- The sign of a currency in a language.
---@param facts table
---@param currency string
---@param style? "symbol"|"narrow"|"code"
---@return string
function numbers.symbol(facts, currency, style)
  if style == "code" then return currency end
  if style == "narrow" and currencies.narrow[currency] then return currencies.narrow[currency] end
  return facts.currency.symbols[currency] or currencies.signs[currency] or currency
end

-- What stands before and behind the amounts of a currency.
local function make_frame(facts, currency, style)
  local symbol, pattern = numbers.symbol(facts, currency, style), facts.currency.pattern
  -- Letters stand apart from digits, signs do not.
  if symbol:find("%a$") and pattern:find("^{symbol}{") then symbol = symbol .. "\u{A0}" end
  local before, behind = pattern:match("^(.-){amount}(.*)$")
  local words = { ["{symbol}"] = symbol }
  return { before = before:gsub("{symbol}", words), behind = behind:gsub("{symbol}", words) }
end

local MOST_FRAMES <const> = 256 -- a shop has a few currencies

local frames, frame_count = {}, 0 -- by pattern, currency and style

local function frame_of(facts, currency, style)
  local key = facts.name .. currency .. (style or "")
  local frame = frames[key]
  if not frame then
    if frame_count >= MOST_FRAMES then frames, frame_count = {}, 0 end
    frame = make_frame(facts, currency, style)
    frames[key], frame_count = frame, frame_count + 1
  end
  return frame
end

---@class merx.CurrencyOptions
---@field symbol? "symbol"|"narrow"|"code"|"none"
---@field trim_zeros? boolean leave ".00" away

--- Minor units as money: 123450 of USD as "$1,234.50".
---@param facts table
---@param amount integer minor units
---@param currency string
---@param digits? integer behind the point; those of ISO 4217 when absent
---@param options? merx.CurrencyOptions
---@return string
function numbers.currency(facts, amount, currency, digits, options)
  digits = digits or numbers.digits(currency)
  local text = tostring(amount)
  if amount < 0 then text = text:sub(2) end
  if #text <= digits then text = ("0"):rep(digits + 1 - #text) .. text end
  local whole, decimals = text:sub(1, #text - digits), text:sub(#text - digits + 1)
  if options and options.trim_zeros and not decimals:find("[1-9]") then decimals = "" end
  local money, style = written(facts, false, whole, decimals), options and options.symbol
  if style ~= "none" then
    local frame = frame_of(facts, currency, style)
    money = frame.before .. money .. frame.behind
  end
  return amount < 0 and "-" .. money or money
end

--- How many digits a currency has behind the point.
---@param currency string
---@return integer
function numbers.digits(currency)
  return currencies.digits[currency] or 2
end

return numbers
