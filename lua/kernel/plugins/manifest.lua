--- The manifest of a plugin, plugin.json: what it may say, and what each mistake is called. No code of
--- a plugin runs to read it.
local contracts = require("kernel.contracts")
local json = require("native.json")
local schema = require("kernel.schema")
local setting_types = require("kernel.plugins.setting_types")
local views = require("kernel.plugins.views")

local manifest = {}

local ID <const> = "^%l[%l%d-]*%.%l[%l%d-]*$"
local VERSION <const> = "^%d+%.%d+%.%d+$"
local RANGE <const> = 50
local RANGE_REGEX <const> = "^\\s*[<>=]+[0-9][0-9.]*(\\s+[<>=]+[0-9][0-9.]*)*\\s*$" -- what in_range() reads, for the published schema

---@class merx.Manifest
---@field id string publisher.name
---@field version string
---@field name string
---@field requires table<string, string> ranges by id
---@field conflicts string[]
---@field provides string[]
---@field capabilities merx.Capabilities
---@field settings table<string, table> of the plugin as a whole
---@field contributes table<string, table[]>

---@class merx.Capabilities what a plugin may do beyond answering; the merchant grants it
---@field http? { host?: string, setting?: string, plain?: boolean, methods?: string[] }[]
---@field secrets? boolean
---@field tables? boolean
---@field accounts? string[]
---@field read? string[] published views
---@field commands? string[]
---@field mail? boolean
---@field storage? integer bytes
---@field services? string[] "publisher.name/service"

local id_text = schema.text({ required = true, max = 60, pattern = ID, message = "plugin.id" })

local function range_text(doc)
  return schema.text({ required = true, max = RANGE, regex = RANGE_REGEX, doc = doc })
end

-- What the declaration of a setting may say, and that of a column of a table.
local COLUMN <const> = {
  type = schema.text({ required = true, max = 30, doc = "one of the types of settings" }),
  label = schema.text({ max = 100, doc = "key of a message: what the form calls it" }),
  help = schema.text({ max = 100, doc = "key of a message: a sentence below the field" }),
  min = schema.integer({ doc = "least number, or least length of a text" }),
  max = schema.integer({ doc = "largest number, length of a text, or number of entries" }),
  digits = schema.integer({ min = 0, max = 12, doc = "places of a decimal" }),
  values = schema.list(schema.text({ required = true }), { max = 100, doc = "what an enum may be" }),
  default = schema.any({ doc = "the value until the merchant says another" }),
  required = schema.boolean({ doc = "whether the merchant must say something" }),
  when = schema.map(schema.any(), { max = 5, doc = "shown only while these other settings have these values" }),
}

local SETTING <const> = {
  columns = schema.map(schema.object(COLUMN), { max = 20, doc = "settings that a row of a table has, by name" }),
}
for name, spec in pairs(COLUMN) do SETTING[name] = spec end

local setting = schema.object(SETTING)

local METHOD <const> = schema.enum({ "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", required = true })

local function names(max, doc, more)
  local spec = { required = true, max = max }
  for name, value in pairs(more or {}) do spec[name] = value end
  return schema.list(schema.text(spec), { max = 50, doc = doc })
end

local capabilities = schema.object({
  http = schema.list(schema.object({
    host = schema.text({
      max = 255, pattern = "^[%w*][%w.*:-]*$", message = "plugin.host", doc = "a host like api.example.com, *.example.com or api.example.com:8443",
    }),
    setting = schema.text({ max = 50, doc = "or a setting of the type url, whose host it is" }),
    plain = schema.boolean({ doc = "http:// too, not only https://" }),
    methods = schema.list(METHOD, { max = 6, doc = "all when absent" }),
  }, { required = true, either = { "host", "setting" } }), { max = 50, doc = "hosts that effects may send requests to" }),
  secrets = schema.boolean({ doc = "use its secret settings in requests, signatures and digests" }),
  tables = schema.boolean({ doc = "tables of its own, named p_publisher_name_… (p_acme_2_book_club_… for acme.book-club), made by its migrations" }),
  mail = schema.boolean({ doc = "send mail from the shop's address" }),
  accounts = schema.list(schema.text({ required = true, max = 60 }), {
    max = 20, doc = "kinds of accounts of its own, each beginning with its id: what can be held, taken and put back by quantity",
  }),
  read = names(60, "published views that it may read by SQL"),
  commands = names(60, "commands of the shop that its effects may run"),
  services = names(120, "services of other plugins that it asks, as acme.fx/rate", { pattern = "^%l[%l%d.-]*/%l[%l%d_-]*$" }),
  storage = schema.integer({ min = 1, max = 1 << 30, doc = "bytes of files that it may keep, all together" }),
}, { default = {}, doc = "what it may do beyond answering; the merchant grants it" })

local function contributes_spec()
  local fields = {
    locales = schema.list(schema.text({ required = true, max = 20 }), { max = 50, doc = "languages that locales/ has messages in" }),
  }
  for place, contract in pairs(contracts.by_place()) do
    fields[place] = schema.list(contracts.entry(contract, setting), { max = 100, doc = contract.doc })
  end
  return schema.object(fields, { required = true, doc = "what it adds to the shop, by extension point" })
end

local function make_shape()
  return schema.object({
    ["$schema"] = schema.text({ max = 500, doc = "where the schema of this file lies, for editors" }),
    manifest = schema.integer({ required = true, min = 1, max = 1, doc = "version of this format" }),
    id = schema.text({ required = true, max = 60, pattern = ID, message = "plugin.id", doc = "publisher.name, which is its folder's name too" }),
    version = schema.text({ required = true, max = 30, pattern = VERSION, message = "plugin.version", doc = "as 1.2.0" }),
    name = schema.text({ required = true, max = 100, doc = "what people call it" }),
    description = schema.text({ max = 500, doc = "one sentence for the merchant" }),
    license = schema.text({ required = true, max = 50, doc = "as MIT" }),
    homepage = schema.text({ max = 500, pattern = "^https://", doc = "where more is told" }),
    engine = range_text("versions of Merx that it works with, as \">=0.1 <1\""),
    api = schema.map(schema.integer({ min = 1, max = 99, required = true }), {
      max = 50, required = true, doc = "version of the contract that it was written for, by extension point",
    }),
    requires = schema.map(range_text(), { max = 50, default = {}, doc = "ranges of versions of the plugins that it needs, by id" }),
    conflicts = schema.list(id_text, { max = 50, default = {}, doc = "plugins that cannot be had together with it" }),
    provides = schema.list(id_text, { max = 50, default = {}, doc = "plugins that it stands in for" }),
    capabilities = capabilities,
    settings = schema.map(setting, { max = 100, default = {}, doc = "settings of the plugin as a whole; those of a handler stand at its entry" }),
    migrations = schema.text({ max = 50, pattern = "^migrations$", doc = "the folder of its migrations, when it has tables" }),
    uninstall = schema.enum({
      "keep", "export", "drop", default = "export", doc = "what is to become of its tables; they stay, whatever it says, until that is built",
    }),
    contributes = contributes_spec(),
  })
end

local shape, shape_revision

--- The schema of all manifests, as the contracts of this engine make it.
---@return merx.Schema
function manifest.shape()
  if shape_revision ~= contracts.revision() then shape, shape_revision = make_shape(), contracts.revision() end
  return shape
end

-- ---- versions ----------------------------------------------------------------------------------------------------------

--- Compares versions as numbers; missing parts are 0.
---@param a string
---@param b string
---@return integer below, at or above 0
function manifest.compare(a, b)
  local a1, a2, a3 = a:match("^(%d+)%.?(%d*)%.?(%d*)")
  local b1, b2, b3 = b:match("^(%d+)%.?(%d*)%.?(%d*)")
  for _, pair in ipairs({ { a1, b1 }, { a2, b2 }, { a3, b3 } }) do
    local x, y = tonumber(pair[1]) or 0, tonumber(pair[2]) or 0
    if x ~= y then return x < y and -1 or 1 end
  end
  return 0
end

local COMPARE = {
  [">="] = function(c) return c >= 0 end, [">"] = function(c) return c > 0 end,
  ["<="] = function(c) return c <= 0 end, ["<"] = function(c) return c < 0 end,
  ["="] = function(c) return c == 0 end,
}

--- Whether `version` lies in a range like ">=0.1 <1".
---@param version string
---@param range string
---@return boolean? inside nil when the range cannot be read
function manifest.in_range(version, range)
  local parts = 0
  for part in range:gmatch("%S+") do
    local operator, bound = part:match("^([<>=]+)(%d[%d.]*)$")
    local test = operator and COMPARE[operator]
    if not test then return nil end
    if not test(manifest.compare(version, bound)) then return false end
    parts = parts + 1
  end
  if parts == 0 then return nil end
  return true
end

-- ---- settings ----------------------------------------------------------------------------------------------------------

--- The schema of one setting, or what is wrong with its declaration.
---@param declared table
---@return merx.Schema? spec
---@return string? problem
function manifest.setting_spec(declared)
  local kind = setting_types.find(declared.type)
  if not kind then
    return nil, ("has the type %s, which does not exist; there are: %s"):format(declared.type, table.concat(setting_types.names(), ", "))
  end
  local problem = setting_types.problem(kind, declared)
  if problem then return nil, problem end
  return kind.spec(declared)
end

local function default_problem(spec, default)
  if default == nil then return nil end
  local bare = {}
  for field, value in pairs(spec) do bare[field] = value end
  bare.default = nil
  local _, err = schema.check(schema.object({ value = bare }), { value = default })
  return err and ": its default breaks its own rules (" .. select(2, next(err.fields)) .. ")"
end

local function check_settings(where, declarations)
  for name, declared in pairs(declarations) do
    local spec, problem = manifest.setting_spec(declared)
    if problem then return where .. name .. " " .. problem end
    problem = default_problem(spec, declared.default)
    if problem then return where .. name .. problem end
    problem = check_settings(where .. name .. ".columns.", declared.columns or {})
    if problem then return problem end
    for other in pairs(declared.when or {}) do
      if not declarations[other] then return where .. name .. " depends on the setting " .. other .. ", which is not there" end
    end
  end
end

-- ---- entries -----------------------------------------------------------------------------------------------------------

-- The path that an author most likely meant.
local function nearest(wanted, known)
  local best, most
  for path in pairs(known) do
    local shared = 0
    while shared < #path and shared < #wanted and path:byte(shared + 1) == wanted:byte(shared + 1) do shared = shared + 1 end
    if not most or shared > most or shared == most and path < best then best, most = path, shared end
  end
  return best
end

-- Words for what handlers are given whole.
local function given_at(contract)
  local given = {}
  for name in pairs(contract.given or {}) do given[#given + 1] = name end
  table.sort(given)
  return #given > 0 and table.concat(given, ", ") or "what they are asked with"
end

--- Whether entries of a point may say what they see, and what their failure means: else it would be heeded nowhere.
---@param contract merx.Contract
---@return boolean input
---@return boolean on_error
function manifest.heeds(contract)
  return contract.input ~= nil or contract.subjects ~= nil, contract.input ~= nil and contract.kind == "pure"
end

local function check_heeded(where, entry, contract)
  local takes_input, takes_on_error = manifest.heeds(contract)
  if #entry.input > 0 and not takes_input then
    return ("%s: input has no effect at %s, whose handlers are given %s: remove it"):format(where, contract.point, given_at(contract))
  end
  if entry.on_error and not takes_on_error then
    return ("%s: on_error has no effect at %s: remove it"):format(where, contract.point)
  end
end

-- A handler is given its settings as they are, and nobody is given a secret.
local function check_secrets(where, entry)
  for name, declared in pairs(entry.settings) do
    if declared.type == "secret" then
      return ('%s.settings.%s is a secret: put it under the settings of the plugin as a whole, where shop.secret "%s" finds it'):format(where, name, name)
    end
  end
end

local function check_input(where, entry, contract)
  for _, path in ipairs(contract.input and entry.input or {}) do
    if not contract.input[path] then
      return ("%s: nobody can see %s at %s; did you mean %s?"):format(where, path, contract.point, nearest(path, contract.input))
    end
  end
end

local function check_entries(found)
  for place, contract in pairs(contracts.by_place()) do
    local seen = {}
    for _, entry in ipairs(found.contributes[place] or {}) do
      local where = place .. "." .. entry.id
      if seen[entry.id] then return place .. " has two entries called " .. entry.id end
      seen[entry.id] = true
      if not found.api[contract.point] then
        return ('%s: say which contract it was written for: "api": { "%s": %d }'):format(where, contract.point, contract.version)
      end
      local problem = check_heeded(where, entry, contract) or check_input(where, entry, contract) or check_settings(where .. ".settings.", entry.settings)
        or check_secrets(where, entry)
        or contract.check and contract.check(entry, found)
      if problem then return problem end
    end
  end
end

local function check_api(found)
  for point, version in pairs(found.api) do
    local contract = contracts.of(point)
    if not contract then return "api names " .. point .. ", which is no extension point of this engine" end
    if version > contract.version then
      return ("it was written for version %d of %s; this engine has %d: upgrade Merx"):format(version, point, contract.version)
    end
  end
end

local function check_ranges(found)
  for id, range in pairs(found.requires) do
    if not id:find(ID) then return "requires." .. id .. " is not the id of a plugin, like acme.base" end
    if manifest.in_range("0.0.0", range) == nil then return "requires." .. id .. ': write a range like ">=1.2 <2"' end
  end
end

local function check_capabilities(found)
  for i, place in ipairs(found.capabilities.http or {}) do
    local declared = place.setting and found.settings[place.setting]
    if place.setting and (not declared or declared.type ~= "url") then
      return ("capabilities.http.%d: there is no setting %s of the type url"):format(i, place.setting)
    end
  end
  for _, view in ipairs(found.capabilities.read or {}) do
    if not views.list()[view] then return ("capabilities.read: there is no published view %s; merx hooks lists them"):format(view) end
  end
  for _, kind in ipairs(found.capabilities.accounts or {}) do
    if kind ~= found.id and kind:sub(1, #found.id + 1) ~= found.id .. "." then
      return "capabilities.accounts: " .. kind .. " must begin with " .. found.id
    end
  end
end

-- What earlier versions took and did nothing with: an author who asks for it counts on something.
local NOT_OFFERED <const> = { "checkout_js", "permissions" }

--- What a manifest asks for and this version does not have.
---@param raw any as it was decoded
---@return string? problem
---@return string? path of it
function manifest.not_offered(raw)
  local asked = type(raw) == "table" and type(raw.capabilities) == "table" and raw.capabilities or {}
  for _, name in ipairs(NOT_OFFERED) do
    if asked[name] ~= nil then return ("capabilities.%s is not offered by this version: remove it"):format(name), "capabilities." .. name end
  end
end

--- Reads a manifest.
---@param bytes string content of plugin.json
---@param folder? string name of the plugin's folder, which must be its id
---@param engine string version of Merx
---@return merx.Manifest? manifest
---@return string? problem one sentence
function manifest.parse(bytes, folder, engine)
  local raw, err = json.decode(bytes)
  if raw == nil then return nil, "plugin.json is not JSON: " .. err.message end
  local ignored = manifest.not_offered(raw)
  if ignored then return nil, "plugin.json: " .. ignored end
  local found, invalid = schema.check(manifest.shape(), raw)
  if not found then return nil, "plugin.json: " .. invalid.message end
  if folder and found.id ~= folder then
    return nil, "plugin.json: the id is " .. found.id .. " but the folder is called " .. folder
  end
  local fits = manifest.in_range(engine, found.engine)
  if fits == nil then return nil, "plugin.json: write the engine as a range like \">=0.1 <1\"" end
  if not fits then return nil, "it asks for an engine " .. found.engine .. ", this one is " .. engine end
  local problem = check_api(found) or check_ranges(found) or check_settings("settings.", found.settings) or check_capabilities(found)
    or check_entries(found)
  if problem then return nil, "plugin.json: " .. problem end
  return found
end

return manifest
