--- Filters that only a shop has: texts of the theme, money, addresses of its files.
local i18n = require("kernel.i18n")
local template = require("kernel.template")

local filters = {}

-- Themes see money in hundredths in every currency; the formatter wants minor units.
local function minor_units(hundredths, digits)
  if digits == 2 then return hundredths end
  if digits > 2 then return hundredths * math.tointeger(10 ^ (digits - 2)) end
  return hundredths // math.tointeger(10 ^ (2 - digits))
end

--- An amount of minor units as themes see it: in hundredths.
---@param amount integer?
---@param currency string
---@return integer?
function filters.hundredths(amount, currency)
  if not amount then return nil end
  local digits = i18n.currency_digits(currency)
  if digits == 2 then return amount end
  if digits < 2 then return amount * math.tointeger(10 ^ (2 - digits)) end
  return amount // math.tointeger(10 ^ (digits - 2))
end

--- Money as text, from minor units.
---@param ctx merx.Context
---@param amount integer
---@return string
function filters.money(ctx, amount)
  if i18n.currency_digits(ctx.currency) > 2 then return i18n.currency(ctx.locale, amount, ctx.currency) end
  return filters.amounts(ctx.locale, ctx.currency)[filters.hundredths(amount, ctx.currency)]
end

-- ------------------------------------------------------------------------------------- texts

local function shown(locale, name, value)
  if value == nil then return "" end
  if name == "count" and math.type(value) == "integer" then return i18n.number(locale, value) end
  return tostring(value)
end

-- "from {{ price }}" as a function of its arguments; a text without any is itself.
local function compile(locale, source)
  local parts, at = {}, 1
  for from, name, to in source:gmatch("(){{%s*([%w_]+)%s*}}()") do
    parts[#parts + 1], parts[#parts + 2] = source:sub(at, from - 1), name
    at = to
  end
  if #parts == 0 then return source end
  parts[#parts + 1] = source:sub(at)
  if #parts == 3 then
    local head, wanted, tail = parts[1], parts[2], parts[3]
    return function(args)
      local value = args and args[wanted]
      return head .. (type(value) == "string" and value or shown(locale, wanted, value)) .. tail
    end
  end
  return function(args)
    local pieces = {}
    for i, part in ipairs(parts) do pieces[i] = i % 2 == 1 and part or shown(locale, part, args and args[part]) end
    return table.concat(pieces)
  end
end

local function compile_forms(locale, forms)
  local compiled = {}
  for name, source in pairs(forms) do compiled[name] = compile(locale, source) end
  return function(args)
    local found = compiled[args and args.count and i18n.plural(locale, args.count) or "other"] or compiled.other
    return type(found) == "string" and found or found(args)
  end
end

local function find_text(texts, locale, key)
  local found = texts[locale] and texts[locale][key]
  if found == nil and texts.en then locale, found = "en", texts.en[key] end
  if found == nil then return key end
  if type(found) == "table" then return compile_forms(locale, found) end
  return compile(locale, found)
end

--- The texts of a theme in one language: strings, or functions of their arguments for those that take
--- some. Each is compiled when it is first asked for.
---@param texts table<string, table<string, string|table>> by language and key
---@param locale string
---@return table<string, string|fun(args?: table): string>
function filters.words(texts, locale)
  return setmetatable({}, { __index = function(self, key)
    local found = find_text(texts, locale, key)
    if found ~= key then rawset(self, key, found) end
    return found
  end })
end

--- The text of a theme's key, with {{ name }} replaced and the plural form of `count` chosen; the key
--- itself when the theme has no such text.
---@param page table registers of the page
---@param key string
---@param args? table
---@return string
function filters.text(page, key, args)
  local found = page.words[key]
  if type(found) == "string" then return found end
  return found(args)
end

template.filter("t", function(state, key, named)
  if type(key) ~= "string" then key = template.text(key) end
  local found = state.registers.words[key]
  if type(found) == "string" then return found end
  return found(named)
end, { state = true, named = true, is_short = true })

-- ------------------------------------------------------------------------------------- money

local MOST_AMOUNTS <const> = 4096 -- kept as text; a shop shows few different ones

local written = {} -- locale and currency -> hundredths -> text
local written_count = 0

--- Amounts as a language writes them in a currency, from hundredths: written once.
---@param locale string
---@param currency string
---@return table<integer, string>
function filters.amounts(locale, currency)
  local key = locale .. currency
  local found = written[key]
  if not found then
    local digits = i18n.currency_digits(currency)
    found = setmetatable({}, { __index = function(self, hundredths)
      local text = i18n.currency(locale, minor_units(hundredths, digits), currency)
      if written_count >= MOST_AMOUNTS then
        for _, amounts in pairs(written) do
          for amount in pairs(amounts) do amounts[amount] = nil end
        end
        written_count = 0
      end
      written_count = written_count + 1
      rawset(self, hundredths, text)
      return text
    end })
    written[key] = found
  end
  return found
end

template.filter("money", function(state, value)
  if math.type(value) ~= "integer" then return "" end
  return state.registers.amounts[value]
end, { state = true, is_short = true })

local MOST_RATES <const> = 256 -- kept as text; a country has a few

local rates, rate_count = {}, 0 -- locale and parts per million -> text

--- A rate as a language writes it, as "8.5%".
---@param locale string
---@param ppm integer parts per million
---@return string
function filters.rate(locale, ppm)
  local key = locale .. ppm
  local text = rates[key]
  if not text then
    if rate_count >= MOST_RATES then rates, rate_count = {}, 0 end
    text = i18n.percent(locale, ppm / 1000000, { max = 2 })
    rates[key], rate_count = text, rate_count + 1
  end
  return text
end

-- ------------------------------------------------------------------------------------- files

template.filter("asset_url", function(state, name)
  local asset = state.registers.theme.assets[template.text(name)]
  return asset and asset.url or "/assets/" .. template.text(name)
end, { state = true })

return filters
