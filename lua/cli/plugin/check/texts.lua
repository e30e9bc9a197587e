--- The texts of a plugin: every key that is named has a text, in every language that the plugin has.
local contracts = require("kernel.contracts")
local folder = require("cli.plugin.folder")
local fs = require("native.fs")
local json = require("native.json")
local places = require("cli.plugin.check.places")

local texts = {}

local function flatten(tree, prefix, out)
  for name, value in pairs(tree) do
    local key = prefix .. name
    if type(value) == "table" then flatten(value, key .. ".", out) else out[key] = true end
  end
  return out
end

-- The keys of each language: { en = { title = true } }.
local function read_locales(report, root)
  local locales = {}
  folder.each(root, "locales", function(path, whole)
    local locale = path:match("^locales/([%w-]+)%.json$")
    local bytes = assert(fs.read(whole))
    local tree, err = json.decode(bytes)
    if not locale then
      report:warn(path, 1, "it is no file of texts: those are called locales/en.json, locales/zh-CN.json")
    elseif type(tree) ~= "table" then
      local at = err and tonumber(err.message:match("at byte (%d+)"))
      report:error(path, at and places.line_of(bytes, at) or 1, "it is not JSON: %s", err and err.message or "it holds no object")
    else
      locales[locale] = flatten(tree, "", {})
    end
  end)
  return locales
end

local function check_list(report, read, found, locales)
  local listed = {}
  for i, locale in ipairs(read.contributes.locales or {}) do
    listed[locale] = true
    if not locales[locale] then
      report:error("plugin.json", found.lines["contributes.locales." .. i] or 1, "there is no locales/%s.json", locale)
    end
  end
  for locale in pairs(locales) do
    if not listed[locale] then
      report:warn("plugin.json", found.lines["contributes.locales"] or 1, 'locales/%s.json is not listed: add "%s" to contributes.locales', locale, locale)
    end
  end
end

local function check_complete(report, locales)
  local all = {}
  for _, keys in pairs(locales) do
    for key in pairs(keys) do all[key] = true end
  end
  for locale, keys in pairs(locales) do
    for key in pairs(all) do
      if not keys[key] then report:warn(("locales/%s.json"):format(locale), 1, "it lacks %s, which another language has", key) end
    end
  end
end

local NAMED <const> = { title = true, description = true, label = true, help = true }

-- Keys that plugin.json names: titles of entries, labels of settings.
local function each_named(read, found, visit)
  for _, text in ipairs(found.texts) do
    local name = text.path:match("%.([%l_]+)$")
    local is_inside = text.path:find("^contributes%.") or text.path:find("^settings%.")
    if is_inside and NAMED[name] and not text.path:find("%.default%.") then visit(text.text, text.line) end
  end
  return read
end

local function is_known(locales, key)
  local count = 0
  for _, keys in pairs(locales) do
    count = count + 1
    if keys[key] then return true end
  end
  return false, count
end

local KEY <const> = "^[%l%d_]+[%l%d_.-]*$"

local function check_sources(report, read, locales, uses)
  local shows = false
  for place, contract in pairs(contracts.by_place()) do
    shows = shows or contract.ops and read.contributes[place] ~= nil
  end
  for _, use in ipairs(shows and uses or {}) do
    for _, message in ipairs(use.messages) do
      if message.key:find(KEY) and not is_known(locales, message.key) then
        report:warn(use.path, message.line, "no language has a text for %s: add it to locales/*.json", message.key)
      end
    end
  end
end

---@param report table
---@param root string
---@param read merx.Manifest
---@param found merx.Places
---@param uses merx.SourceUse[]
function texts.check(report, root, read, found, uses)
  local locales = read_locales(report, root)
  check_list(report, read, found, locales)
  check_complete(report, locales)
  each_named(read, found, function(key, line)
    if not is_known(locales, key) then report:error("plugin.json", line, "no language has a text for %s: add it to locales/*.json", key) end
  end)
  check_sources(report, read, locales, uses)
end

return texts
