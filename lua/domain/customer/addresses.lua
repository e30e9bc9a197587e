--- Addresses: tolerant of how people type, strict about what a parcel needs. Pure.
local countries = require("domain.customer.countries")
local failure = require("kernel.failure")
local i18n = require("kernel.i18n")
local schema = require("kernel.schema")
local text = require("kernel.text")

local addresses = {}

---@class merx.Address
---@field name string as shown
---@field given_name? string
---@field family_name? string
---@field company? string
---@field line1 string
---@field line2? string
---@field district? string
---@field city? string
---@field province? string
---@field postal_code? string
---@field country string ISO 3166-1
---@field phone? string
---@field tax_number? string

addresses.names = {
  "name", "given_name", "family_name", "company", "line1", "line2", "district", "city", "province", "postal_code",
  "country", "phone", "tax_number",
}

--- The shape of an address in a command's arguments: all optional, so that one answer names every
--- field that is missing.
addresses.fields = {}
for _, name in ipairs(addresses.names) do addresses.fields[name] = schema.text({ max = name == "line1" and 300 or 200 }) end

-- Full-width letters, stray line ends and doubled blanks are how people type, not mistakes.
local function tidy(value)
  if type(value) ~= "string" then return nil end
  value = text.tidy(value)
  return value ~= "" and value or nil
end

local function apply_mask(code, mask)
  local out, at = {}, 1
  for char in mask:gmatch(".") do
    if at > #code then break end
    if char == "#" then
      out[#out + 1] = code:sub(at, at)
      at = at + 1
    else
      out[#out + 1] = char
    end
  end
  return table.concat(out) .. code:sub(at)
end

-- The code as the post writes it, or nil when it cannot be one.
local function format_postal(code, postal)
  local compact = text.upper(code):gsub("[%s%-]", "")
  if not compact:find(postal.pattern) then return nil end
  if postal.tail then return compact:sub(1, -postal.tail - 1) .. " " .. compact:sub(-postal.tail) end
  return postal.mask and apply_mask(compact, postal.mask) or compact
end

local function is_listed(value, list)
  for _, code in ipairs(list) do
    if code == value then return true end
  end
  return false
end

local function full_name(address)
  local parts = {}
  if address.given_name then parts[#parts + 1] = address.given_name end
  if address.family_name then parts[#parts + 1] = address.family_name end
  return #parts > 0 and table.concat(parts, " ") or nil
end

--- A clean copy of an address, or one error that names each field that is wrong.
---@param given table
---@param prefix? string of the names of fields in the error, as "delivery"
---@return merx.Address? address
---@return merx.Error? err "address.invalid"
function addresses.check(given, prefix)
  local address, fields, is_wrong = {}, {}, false
  local function wrong(name, key)
    fields[prefix and prefix .. "." .. name or name] = key
    is_wrong = true
  end
  for _, name in ipairs(addresses.names) do address[name] = tidy(given[name]) end
  address.name = address.name or full_name(address)
  address.country = address.country and address.country:upper()
  if not address.country or not countries.is_country(address.country) then wrong("country", "address.country") end
  local format = countries.format(address.country or "")
  for name in pairs(format.required) do
    if not address[name] and name ~= "country" then wrong(name, "schema.required") end
  end
  if address.postal_code and format.postal then
    local code = format_postal(address.postal_code, format.postal)
    if not code then wrong("postal_code", "address.postal_code") end
    address.postal_code = code or address.postal_code
  end
  if address.province and format.provinces then
    address.province = address.province:upper()
    if not is_listed(address.province, format.provinces) then wrong("province", "address.province") end
  end
  if address.phone and not address.phone:find("^[%d%s()+/.-]+$") then wrong("phone", "address.phone") end
  if is_wrong then return failure.new("address.invalid", "the address is not complete", fields) end
  return address
end

--- The lines of an address as a label shows them.
---@param address merx.Address
---@param locale string in which provinces are spelled, where a label spells them
---@return string[]
function addresses.lines(address, locale)
  local lines, format = {}, countries.format(address.country)
  for _, row in ipairs(format.fields) do
    local parts = {}
    for _, name in ipairs(row) do
      local value = address[name]
      if value and name == "province" and format.spells_province then value = i18n.province(locale, address.country, value) end
      if value and name ~= "phone" and name ~= "country" then parts[#parts + 1] = value end
    end
    if #parts > 0 then lines[#lines + 1] = table.concat(parts, " ") end
  end
  return lines
end

return addresses
