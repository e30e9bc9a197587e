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
  return i18n.currency(ctx.locale, amount, ctx.currency)
end

--- The text of a theme's key, with {{ name }} replaced and the plural form of `count` chosen.
---@param page table registers of the page
---@param key string
---@param args? table
---@return string
function filters.text(page, key, args)
  local texts = page.theme.texts
  local locale = page.ctx.locale
  local found = texts[locale] and texts[locale][key]
  if found == nil and texts.en then
    locale = "en"
    found = texts.en[key]
  end
  if type(found) == "table" then
    local form = args and args.count and i18n.plural(locale, args.count) or "other"
    found = found[form] or found.other
  end
  if found == nil then return key end
  if not found:find("{{", 1, true) then return found end
  return (found:gsub("{{%s*([%w_]+)%s*}}", function(name)
    local value = args and args[name]
    if value == nil then return "" end
    if math.type(value) == "integer" and name == "count" then return i18n.number(locale, value) end
    return tostring(value)
  end))
end

template.filter("t", function(state, key, named)
  return filters.text(state.registers, template.text(key), named)
end, { state = true, named = true })

template.filter("money", function(state, value)
  local ctx = state.registers.ctx
  if math.type(value) ~= "integer" then return "" end
  return i18n.currency(ctx.locale, minor_units(value, i18n.currency_digits(ctx.currency)), ctx.currency)
end, { state = true })

template.filter("asset_url", function(state, name)
  local asset = state.registers.theme.assets[template.text(name)]
  return asset and asset.url or "/assets/" .. template.text(name)
end, { state = true })

return filters
