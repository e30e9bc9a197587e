--- The fields of an address as its country writes it, with what was typed and what is wrong.
local cache = require("kernel.cache")
local customer = require("domain.customer")
local fragments = require("web.fragments")
local i18n = require("kernel.i18n")
local page = require("web.page")
local template = require("kernel.template")

local address_form = {}

local AUTOCOMPLETE <const> = {
  name = "shipping name", company = "shipping organization", line1 = "shipping address-line1", line2 = "shipping address-line2",
  district = "shipping address-level3", city = "shipping address-level2", province = "shipping address-level1",
  postal_code = "shipping postal-code", country = "shipping country", phone = "shipping tel",
}

local function label_of(ctx, format, name)
  return i18n.text(ctx.locale, "address." .. (format.labels[name] or name))
end

-- What is wrong with a field, in words that say what to do.
local function message_of(self, format, label, key)
  if not key then return nil end
  if key == "schema.required" then return page.text(self, "forms.required", { label = label }) end
  if key == "address.postal_code" then
    return page.text(self, "forms.postal_code", { example = format.postal and format.postal.example or "" })
  end
  if key == "address.phone" then return page.text(self, "forms.phone") end
  if key == "schema.email" then return page.text(self, "forms.email") end
  if key == "address.province" or key == "address.country" then return page.text(self, "forms.choose", { label = label }) end
  return page.text(self, "forms.invalid", { label = label })
end

-- In the order of the list, which is that of the names; nothing is chosen beforehand.
local function province_options(ctx, country, codes)
  local options = { { value = "", label = "" } }
  for _, code in ipairs(codes) do options[#options + 1] = { value = code, label = i18n.province(ctx.locale, country, code) } end
  return options
end

local function field(self, format, name, values, errors)
  local label = label_of(self.ctx, format, name)
  return {
    id = "address-" .. name, name = name, label = label, type = name == "phone" and "tel" or "text", value = values[name] or "",
    autocomplete = AUTOCOMPLETE[name], inputmode = name == "phone" and "tel" or nil, required = format.required[name] == true,
    error = message_of(self, format, label, errors[name]),
    options = name == "province" and format.provinces and province_options(self.ctx, values.country, format.provinces) or nil,
  }
end

-- Some 250 names do not change while a server runs: sorted and written once for each language.
local country_tags = setmetatable({}, { __index = function(by_locale, locale)
  local options, names, tags = {}, i18n.countries(locale), {}
  for _, code in ipairs(customer.countries.all) do options[#options + 1] = { code = code, name = names[code] or code } end
  table.sort(options, function(a, b) return a.name < b.name end)
  for i, option in ipairs(options) do
    tags[i] = ('<option value="%s">%s</option>'):format(option.code, template.escape(option.name))
  end
  by_locale[locale] = table.concat(tags)
  return by_locale[locale]
end })

-- As `country_option_tags` of other shops: what a <select> holds, with one of them chosen.
local function country_option_tags(ctx, chosen)
  local tags = country_tags[ctx.locale]
  if customer.countries.is_country(chosen) then tags = tags:gsub('value="' .. chosen .. '"', "%0 selected", 1) end
  return template.html(tags)
end

local function email_field(self, values, errors)
  local label = i18n.text(self.ctx.locale, "address.email")
  return {
    id = "email", name = "email", label = label, type = "email", value = values.email or "", autocomplete = "email", inputmode = "email",
    required = true, help = i18n.text(self.ctx.locale, "address.email_help"),
    error = message_of(self, { labels = {}, required = {} }, label, errors.email),
  }
end

local function country_field(self, format, values, errors)
  local country = field(self, format, "country", values, errors)
  country.option_tags = country_option_tags(self.ctx, values.country)
  return country
end

-- One optional line less to read: a company types its name above the street.
local function is_in_rows(name)
  return name ~= "country" and name ~= "company"
end

local function address_rows(self, format, values, errors)
  local rows = {}
  for _, names in ipairs(format.fields) do
    local row = {}
    for _, name in ipairs(names) do
      if is_in_rows(name) then row[#row + 1] = field(self, format, name, values, errors) end
    end
    if #row > 0 then rows[#rows + 1] = row end
  end
  return rows
end

-- ------------------------------------------------------------------------------- untouched fields

local MOST_UNTOUCHED <const> = 8 -- forms, and up to twice as many: some 40 KB each with what is printed

-- Fields into which nobody has typed are the same for all visitors: they are made once, and what is printed of them
-- stays with them.
local untouched_of = cache.keep(MOST_UNTOUCHED, function(self, country)
  local format, values = customer.country_format(country), { country = country }
  return {
    email = fragments.hold(email_field(self, values, {})), country = fragments.hold(country_field(self, format, values, {})),
    rows = fragments.hold(address_rows(self, format, values, {})),
  }
end)

local NONE <const> = {}

local function untouched(self, country)
  if not customer.countries.is_country(country) then return NONE end
  local ctx = self.ctx
  local key = self.theme.stamp .. " " .. ctx.channel.id .. " " .. ctx.root .. " " .. ctx.locale .. " " .. country
  return (untouched_of(key, ctx.now, self, country))
end

local ABOVE_ROWS <const> = { email = true, country = true }

-- Whether a field of the rows has a value, or a mistake. What else a form sends only costs time.
local function has_any(fields)
  for name, value in next, fields do
    if value ~= "" and not ABOVE_ROWS[name] then return true end
  end
  return false
end

--- The e-mail field.
---@param self table page
---@param values table<string, string>
---@param errors table<string, string> field -> key of the mistake
---@return table[]
function address_form.contact(self, values, errors)
  local email = (values.email or "") == "" and not errors.email and untouched(self, values.country).email
  return { email or email_field(self, values, errors) }
end

--- The fields of an address, in rows.
---@param self table page
---@param values table<string, string>
---@param errors table<string, string>
---@return table[][] rows
---@return table country_field
function address_form.rows(self, values, errors)
  local format, kept = customer.country_format(values.country or ""), untouched(self, values.country)
  local rows = not has_any(values) and not has_any(errors) and kept.rows or address_rows(self, format, values, errors)
  local country = not errors.country and kept.country or country_field(self, format, values, errors)
  return rows, country
end

--- All mistakes for the summary, in the order of the page.
---@param fields table[]
---@param rows table[][]
---@return { id: string, message: string }[]
function address_form.summary(fields, rows, country)
  local summary = {}
  local function add(entry)
    if entry.error then summary[#summary + 1] = { id = entry.id, message = entry.error } end
  end
  for _, entry in ipairs(fields) do add(entry) end
  add(country)
  for _, row in ipairs(rows) do
    for _, entry in ipairs(row) do add(entry) end
  end
  return summary
end

return address_form
