--- How addresses are written: which fields, in which order, what is required, what a postal code looks
--- like. Countries that are not here take the last entry, which demands little.
---
--- postal: `pattern` is checked on the code without blanks and hyphens, in capitals; `mask` then puts
--- them back (# is one character); `tail` sets that many last characters apart.
local countries = {}

---@class merx.CountryFormat
---@field fields string[][] rows of fields, as they stand in a form and on a label
---@field required table<string, true>
---@field labels table<string, string> field -> last part of the key of its label
---@field postal? { pattern: string, mask?: string, tail?: integer, example: string }
---@field provinces? string[] codes to choose from
---@field spells_province? boolean a label shows the province's name, and not its code as in "Springfield IL"

local STREET_FIRST <const> = { { "name" }, { "company" }, { "line1" }, { "line2" } }

local function rows(...)
  local list = table.move(STREET_FIRST, 1, #STREET_FIRST, 1, {})
  for i = 1, select("#", ...) do list[#list + 1] = (select(i, ...)) end
  list[#list + 1] = { "country" }
  list[#list + 1] = { "phone" }
  return list
end

local function set(...)
  local required = { name = true, line1 = true, country = true }
  for i = 1, select("#", ...) do required[(select(i, ...))] = true end
  return required
end

local function codes(text)
  local list = {}
  for code in text:gmatch("%S+") do list[#list + 1] = code end
  return list
end

-- Postal code before the city, no province: most of Europe.
local function european(pattern, example, mask)
  return {
    fields = rows({ "postal_code", "city" }), required = set("postal_code", "city"), labels = {},
    postal = { pattern = pattern, example = example, mask = mask },
  }
end

local D4 <const>, D5 <const>, D6 <const> = "^%d%d%d%d$", "^%d%d%d%d%d$", "^%d%d%d%d%d%d$"

local formats = {
  AT = european(D4, "1010"),
  BE = european(D4, "1000"),
  CH = european(D4, "8001"),
  CZ = european(D5, "110 00", "### ##"),
  DE = european(D5, "10115"),
  DK = european(D4, "1050"),
  FI = european(D5, "00100"),
  FR = european(D5, "75001"),
  GR = european(D5, "105 57", "### ##"),
  LU = european(D4, "1111"),
  NL = european("^%d%d%d%d%u%u$", "1012 AB", "#### ##"),
  NO = european(D4, "0150"),
  PL = european(D5, "00-001", "##-###"),
  PT = european("^%d%d%d%d%d%d%d$", "1000-001", "####-###"),
  SE = european(D5, "111 22", "### ##"),
  SK = european(D5, "811 01", "### ##"),
  TR = european(D5, "34000"),
  ES = {
    fields = rows({ "postal_code", "city" }, { "province" }), required = set("postal_code", "city", "province"), labels = {},
    postal = { pattern = D5, example = "28001" },
  },
  IT = {
    fields = rows({ "postal_code", "city", "province" }), required = set("postal_code", "city", "province"), labels = {},
    postal = { pattern = D5, example = "00144" },
  },
  GB = {
    fields = rows({ "city" }, { "postal_code" }), required = set("city", "postal_code"),
    labels = { postal_code = "postcode", city = "town" },
    postal = { pattern = "^%u%u?%d[%u%d]?%d%u%u$", tail = 3, example = "SW1A 1AA" },
  },
  IE = {
    fields = rows({ "city" }, { "province" }, { "postal_code" }), required = set("city"),
    labels = { postal_code = "eircode", city = "town", province = "county" },
    postal = { pattern = "^%u%d[%dW]%w%w%w%w$", mask = "### ####", example = "D02 AF30" },
  },
  US = {
    fields = rows({ "city" }, { "province", "postal_code" }), required = set("city", "province", "postal_code"),
    labels = { postal_code = "zip", province = "state" },
    postal = { pattern = "^%d%d%d%d%d%d?%d?%d?%d?$", mask = "#####-####", example = "10001" },
    provinces = codes([[AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY
      NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI AA AE AP]]),
  },
  CA = {
    fields = rows({ "city" }, { "province", "postal_code" }), required = set("city", "province", "postal_code"), labels = {},
    postal = { pattern = "^%u%d%u%d%u%d$", mask = "### ###", example = "K1A 0B1" },
    provinces = codes("AB BC MB NB NL NS NT NU ON PE QC SK YT"),
  },
  AU = {
    fields = rows({ "city" }, { "province", "postal_code" }), required = set("city", "province", "postal_code"),
    labels = { postal_code = "postcode", city = "suburb", province = "state" },
    postal = { pattern = D4, example = "2000" }, provinces = codes("ACT NSW NT QLD SA TAS VIC WA"),
  },
  NZ = {
    fields = rows({ "district" }, { "city", "postal_code" }), required = set("city", "postal_code"),
    labels = { postal_code = "postcode", district = "suburb" }, postal = { pattern = D4, example = "6011" },
  },
  BR = {
    fields = rows({ "district" }, { "city", "province" }, { "postal_code" }), required = set("city", "province", "postal_code"),
    labels = { postal_code = "cep", province = "state" },
    postal = { pattern = "^%d%d%d%d%d%d%d%d$", mask = "#####-###", example = "01310-100" },
    provinces = codes("AC AL AP AM BA CE DF ES GO MA MT MS MG PA PB PR PE PI RJ RN RS RO RR SC SP SE TO"),
  },
  MX = {
    fields = rows({ "district" }, { "postal_code", "city" }, { "province" }), required = set("city", "province", "postal_code"),
    labels = { province = "state" }, postal = { pattern = D5, example = "06000" },
  },
  IN = {
    fields = rows({ "city" }, { "province", "postal_code" }), required = set("city", "province", "postal_code"),
    labels = { postal_code = "pin", province = "state" }, postal = { pattern = D6, example = "110001" },
  },
  CN = {
    fields = { { "name" }, { "phone" }, { "country" }, { "province" }, { "city" }, { "district" }, { "line1" }, { "line2" },
      { "company" }, { "postal_code" } },
    required = set("province", "city", "district", "phone"), labels = {},
    postal = { pattern = D6, example = "100000" },
    provinces = codes([[AH BJ CQ FJ GD GS GX GZ HA HB HE HI HL HN JL JS JX LN NM NX QH SC SD SH SN SX TJ XJ XZ YN ZJ]]),
    spells_province = true,
  },
  HK = {
    fields = rows({ "district" }, { "province" }), required = set("district", "province"), labels = { province = "area" },
    provinces = codes("HK KL NT"), spells_province = true,
  },
  TW = {
    fields = rows({ "postal_code" }, { "city" }, { "district" }), required = set("city", "district"), labels = { city = "county" },
    postal = { pattern = "^%d%d%d%d?%d?%d?$", example = "100" },
  },
  JP = {
    fields = { { "name" }, { "company" }, { "country" }, { "postal_code" }, { "province" }, { "city" }, { "line1" }, { "line2" },
      { "phone" } },
    required = set("postal_code", "province", "city"), labels = { province = "prefecture" },
    postal = { pattern = "^%d%d%d%d%d%d%d$", mask = "###-####", example = "100-0001" },
    provinces = codes([[01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34
      35 36 37 38 39 40 41 42 43 44 45 46 47]]),
    spells_province = true,
  },
  KR = {
    fields = rows({ "province" }, { "city", "district" }, { "postal_code" }), required = set("province", "city", "postal_code"),
    labels = {}, postal = { pattern = D5, example = "03051" },
  },
  SG = {
    fields = rows({ "postal_code" }), required = set("postal_code"), labels = {}, postal = { pattern = D6, example = "018956" },
  },
}

local GENERIC <const> = {
  fields = rows({ "postal_code", "city" }, { "province" }), required = set("city"), labels = {},
}

--- The format of a country; one that we know nothing of asks for little.
---@param code string ISO 3166-1
---@return merx.CountryFormat
function countries.format(code)
  return formats[code] or GENERIC
end

--- The countries with a format of their own, by code.
---@return string[]
function countries.known()
  local list = {}
  for code in pairs(formats) do list[#list + 1] = code end
  table.sort(list)
  return list
end

--- Every country that goods can be sent to (ISO 3166-1).
countries.all = codes([[AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV
  BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
  GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG
  KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX
  MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG
  SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG
  VI VN VU WF WS YE YT ZA ZM ZW XK]])

local exists = {}
for _, code in ipairs(countries.all) do exists[code] = true end

---@param code string
---@return boolean
function countries.is_country(code)
  return exists[code] == true
end

return countries
