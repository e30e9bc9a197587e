--- Languages: messages by key, plural forms, and how numbers, money, dates and lists are written.
---
--- Messages are JSON files, locales/<locale>/<room>.json, nested by key; a key that ends in _html
--- is markup. A message that a locale lacks is taken from its language ("zh" of "zh-CN"), then from
--- English; a key that nobody knows is shown as it is.
local fs = require("native.fs")
local native = require("native.template")

local dates = require("kernel.i18n.dates")
local json = require("native.json")
local log = require("kernel.log")
local message = require("kernel.i18n.message")
local numbers = require("kernel.i18n.numbers")

local i18n = {}

local FALLBACK <const> = "en"

-- Languages with facts of their own; others are written as English.
local LANGUAGES <const> = { "de", "en", "fr", "ja", "zh" }

local facts_of_language = {}
for _, language in ipairs(LANGUAGES) do
  facts_of_language[language] = require("kernel.i18n." .. language)
end

local languages = {} -- by locale

---@param locale string as "zh-CN"
---@return string language
local function language_of(locale)
  local language = languages[locale]
  if not language then
    language = locale:match("^%a+"):lower()
    languages[locale] = language
  end
  return language
end

local facts_of_locale = {}

--- The facts of a locale's language.
---@param locale string
---@return table
function i18n.facts(locale)
  local facts = facts_of_locale[locale]
  if not facts then
    facts = facts_of_language[language_of(locale)] or facts_of_language[FALLBACK]
    facts_of_locale[locale] = facts
  end
  return facts
end

local facts_for = i18n.facts

-- ------------------------------------------------------------------------------------ catalogues

-- Messages by locale and key: the source, or what was compiled of it.
---@type table<string, table<string, string|merx.MessagePart>>
local catalogues = {}

local function add_tree(catalogue, tree, prefix)
  for key, value in pairs(tree) do
    if type(value) == "table" then
      add_tree(catalogue, value, prefix .. key .. ".")
    else
      catalogue[prefix .. key] = tostring(value)
    end
  end
end

--- Adds messages to a locale; what is there already is replaced.
---@param locale string
---@param tree table nested by key
function i18n.add(locale, tree)
  catalogues[locale] = catalogues[locale] or {}
  add_tree(catalogues[locale], tree, "")
end

--- Loads every <folder>/<locale>/*.json.
---@param folder string
---@return true? ok
---@return table? err names the file
function i18n.load(folder)
  local locales, err = fs.list(folder)
  if not locales then return nil, err end
  for _, locale in ipairs(locales) do
    for _, file in ipairs(fs.list(folder .. "/" .. locale) or {}) do
      if file:find("%.json$") then
        local path = ("%s/%s/%s"):format(folder, locale, file)
        local bytes, tree
        bytes, err = fs.read(path)
        if bytes then
          tree, err = json.decode(bytes)
        end
        if not tree then return nil, { code = err.code, message = path .. ": " .. err.message } end
        i18n.add(locale, tree)
      end
    end
  end
  return true
end

--- The locales that have messages, sorted.
---@return string[]
function i18n.locales()
  local locales = {}
  for locale in pairs(catalogues) do
    locales[#locales + 1] = locale
  end
  table.sort(locales)
  return locales
end

--- The keys of a locale, sorted. For tests that compare locales.
---@param locale string
---@return string[]
function i18n.keys(locale)
  local keys = {}
  for key in pairs(catalogues[locale] or {}) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local NO_ARGS <const> = {}
local reported = {}

local function report(words, fields)
  if reported[fields.key] then return end
  reported[fields.key] = true
  log.warn(words, fields)
end

-- A message that is malformed is shown as it was written: whoever wrote it will see.
local function compiled(catalogue, key)
  local found = catalogue and catalogue[key]
  if type(found) == "string" then
    local fine, part = pcall(message.compile, found)
    if not fine then
      report("a message is malformed", { key = key, error = part })
      local source = found
      part = function() return source end
    end
    found = part
    catalogue[key] = found
  end
  return found
end

-- What comes of a message: nothing when it cannot do with what it is given.
local function put_together(found, key, args, host)
  local fine, words = pcall(found, args or NO_ARGS, host)
  if fine then return words end
  report("a message cannot be put together", { key = key, error = words })
end

--- The message of a key, and the locale it was found in.
local function find_message(locale, key)
  local found = compiled(catalogues[locale], key)
  if found then return found, locale end
  local language = language_of(locale)
  found = compiled(catalogues[language], key)
  if found then return found, language end
  return compiled(catalogues[FALLBACK], key), FALLBACK
end

-- ----------------------------------------------------------------------------------------- hosts

local function as_time(value)
  return type(value) == "table" and value or dates.civil(value or 0, 0)
end

local function new_host(locale)
  local facts = facts_for(locale)
  local host = {}
  function host.text(value)
    if native.is_html(value) then return value[1] end
    return type(value) == "number" and numbers.decimal(facts, value) or tostring(value)
  end
  function host.number(value, style)
    if style == "percent" then return numbers.percent(facts, value) end
    return numbers.decimal(facts, value, style == "integer" and { max_decimals = 0 } or nil)
  end
  function host.plural(value, kind)
    return i18n.plural(locale, value, kind == "selectordinal" and "ordinal" or "cardinal")
  end
  function host.date(value, style) return dates.date(facts, as_time(value), style) end
  function host.time(value, style) return dates.time(facts, as_time(value), style) end
  function host.money(value)
    return value and numbers.currency(facts, value.amount, value.currency) or ""
  end
  return host
end

--- The same language, with everything that comes from outside escaped.
local function new_html_host(plain)
  local host = {
    text = function(value)
      return native.is_html(value) and value[1] or native.escape(plain.text(value))
    end,
    plural = plain.plural,
  }
  for _, name in ipairs({ "number", "date", "time", "money" }) do
    host[name] = function(...) return native.escape(plain[name](...)) end
  end
  return host
end

local hosts, html_hosts = {}, {}

local function host_of(locale)
  local host = hosts[locale]
  if not host then
    host = new_host(locale)
    hosts[locale], html_hosts[locale] = host, new_html_host(host)
  end
  return host
end

-- -------------------------------------------------------------------------------------- messages


--- The message of `key`, or nil when no locale has it.
---@param locale string
---@param key string
---@param args? table
---@return string?
function i18n.find(locale, key, args)
  local found, its_locale = find_message(locale, key)
  return found and put_together(found, key, args, host_of(its_locale)) or nil
end

--- The message of `key`; the key itself when it is unknown, which the log says once.
---@param locale string
---@param key string
---@param args? table
---@return string
function i18n.text(locale, key, args)
  local found = i18n.find(locale, key, args)
  if found then return found end
  report("a message is missing", { key = key, locale = locale })
  return key
end

--- The message as HTML: markup when the key ends in _html, else escaped. Arguments are escaped.
---@param locale string
---@param key string
---@param args? table
---@return any html
function i18n.html(locale, key, args)
  local found, its_locale = find_message(locale, key)
  if not found then return native.html(native.escape(i18n.text(locale, key))) end
  if not key:find("_html$") then
    return native.html(native.escape(put_together(found, key, args, host_of(its_locale)) or key))
  end
  host_of(its_locale)
  return native.html(put_together(found, key, args, html_hosts[its_locale]) or native.escape(key))
end

--- A message that is in no catalogue, as a function of its arguments. Raises when malformed.
---@param locale string
---@param source string
---@return fun(args?: table): string
function i18n.compile(locale, source)
  local part = message.compile(source)
  local host = host_of(locale)
  return function(args)
    return part(args or NO_ARGS, host)
  end
end

-- --------------------------------------------------------------------------------------- formats

--- The plural form that `value` takes: "zero", "one", "two", "few", "many" or "other".
---@param locale string
---@param value number
---@param kind? "cardinal"|"ordinal"
---@return string
function i18n.plural(locale, value, kind)
  local facts = facts_for(locale)
  local size = math.abs(value)
  if kind == "ordinal" then return facts.ordinal(size) end
  return facts.plural(size, size % 1 ~= 0)
end

---@param locale string
---@param value number
---@param options? merx.NumberOptions
---@return string
function i18n.number(locale, value, options)
  return numbers.decimal(facts_for(locale), value, options)
end

--- 0.5 as "50%".
---@param locale string
---@param value number
---@param options? merx.NumberOptions
---@return string
function i18n.percent(locale, value, options)
  return numbers.percent(facts_for(locale), value, options)
end

--- Minor units as money: 123450 of USD as "$1,234.50".
---@param locale string
---@param amount integer
---@param currency string ISO 4217
---@param digits? integer behind the point; those of ISO 4217 when absent
---@param options? merx.CurrencyOptions
---@return string
function i18n.currency(locale, amount, currency, digits, options)
  return numbers.currency(facts_for(locale), amount, currency, digits, options)
end

--- The sign of a currency, as "$" or "CHF".
---@param locale string
---@param currency string
---@param style? "symbol"|"narrow"|"code"
---@return string
function i18n.currency_symbol(locale, currency, style)
  return numbers.symbol(facts_for(locale), currency, style)
end

--- How many digits a currency has behind the point.
---@param currency string
---@return integer
function i18n.currency_digits(currency)
  return numbers.digits(currency)
end

---@param locale string
---@param ms integer milliseconds, UTC
---@param style? "short"|"medium"|"long"|"full"
---@param offset? integer seconds east of UTC
---@return string
function i18n.date(locale, ms, style, offset)
  return dates.date(facts_for(locale), dates.civil(ms, offset), style or "medium")
end

---@param locale string
---@param ms integer
---@param style? "short"|"medium"
---@param offset? integer
---@return string
function i18n.time(locale, ms, style, offset)
  return dates.time(facts_for(locale), dates.civil(ms, offset), style or "short")
end

---@param locale string
---@param ms integer
---@param style? "short"|"medium"|"long"|"full"
---@param offset? integer
---@return string
function i18n.datetime(locale, ms, style, offset)
  return dates.datetime(facts_for(locale), dates.civil(ms, offset), style or "medium")
end

--- Names of months and days, for the date filter of templates.
---@param locale string
---@return merx.DateNames
function i18n.date_names(locale)
  return facts_for(locale).date
end

-- Words for distances, compiled, by locale and source.
local distances = {}

local function distance_message(locale, source)
  local known = distances[locale] or {}
  distances[locale] = known
  known[source] = known[source] or i18n.compile(locale, source)
  return known[source]
end

--- A distance in time: "3 days ago", "tomorrow".
---@param locale string
---@param ms integer the time in question
---@param now integer
---@return string
function i18n.relative(locale, ms, now)
  local unit, count = dates.distance((ms - now) / 1000)
  local words = facts_for(locale).relative[unit]
  if words[count] then return words[count] end
  local source = count < 0 and words.past or words.future
  return distance_message(locale, source)({ n = math.abs(count) })
end

--- "a, b, and c".
---@param locale string
---@param items string[]
---@param kind? "and"|"or"
---@return string
function i18n.list(locale, items, kind)
  local patterns = facts_for(locale).list[kind or "and"]
  local text = items[1] or ""
  for i = 2, #items do
    local pattern = patterns.middle
    if i == #items then pattern = i == 2 and patterns.pair or patterns.last end
    local parts = { ["0"] = text, ["1"] = items[i] }
    text = pattern:gsub("{(%d)}", parts)
  end
  return text
end

--- The name of a country, as "Germany"; its code when the language has none.
---@param locale string
---@param code string ISO 3166-1
---@return string
function i18n.country(locale, code)
  return i18n.countries(locale)[code] or code
end

local country_names = {}

--- The names of all countries by code.
---@param locale string
---@return table<string, string>
function i18n.countries(locale)
  local language = locale:match("^%a+")
  if not country_names[language] then
    local loaded, names = pcall(require, "kernel.i18n.countries." .. language)
    country_names[language] = loaded and names or require("kernel.i18n.countries.en")
  end
  return country_names[language]
end

local province_names = {}

--- The name of a province, as "California"; its code when it has none here.
---@param locale string
---@param country string ISO 3166-1
---@param code string the part of ISO 3166-2 behind the country
---@return string
function i18n.province(locale, country, code)
  local language = locale:match("^%a+")
  if not province_names[language] then
    local loaded, names = pcall(require, "kernel.i18n.provinces." .. language)
    province_names[language] = loaded and names or require("kernel.i18n.provinces.en")
  end
  return province_names[language][country .. "-" .. code] or code
end

--- The language's own name, as "Deutsch".
---@param locale string
---@return string
function i18n.name(locale)
  return facts_for(locale).name
end

-- ----------------------------------------------------------------------------------- negotiation

--- The wishes of an Accept-Language header, the dearest first.
local function wishes_of(header)
  local wishes = {}
  for entry in header:gmatch("[^,]+") do
    local tag, quality = entry:match("^%s*([%w%-%*]+)%s*;%s*q%s*=%s*([%d%.]+)")
    tag = tag or entry:match("^%s*([%w%-%*]+)")
    local weight = tonumber(quality) or 1
    if tag and weight > 0 then wishes[#wishes + 1] = { tag = tag:lower(), weight = weight, at = #wishes } end
  end
  table.sort(wishes, function(a, b)
    if a.weight ~= b.weight then return a.weight > b.weight end
    return a.at < b.at
  end)
  return wishes
end

--- The locale among `served` that suits an Accept-Language header best; nil when none does.
---@param header string
---@param served string[]
---@return string?
function i18n.negotiate(header, served)
  for _, wish in ipairs(wishes_of(header)) do
    if wish.tag == "*" then return served[1] end
    for _, locale in ipairs(served) do
      if locale:lower() == wish.tag then return locale end
    end
    for _, locale in ipairs(served) do
      if language_of(locale) == wish.tag:match("^%a+") then return locale end
    end
  end
  return nil
end

return i18n
