--- The manifest of a plugin, plugin.json: what it may say, and what each mistake is called. No code of
--- a plugin runs to read it.
local json = require("native.json")
local schema = require("kernel.schema")

local manifest = {}

--- Extension points by their name under `contributes`: which point, and how its handlers run.
---@type table<string, { point: string, kind: "pure"|"view"|"effect", fields?: table<string, merx.Schema> }>
manifest.points = {
  price_rules = { point = "price_rule", kind = "pure" },
  delivery_methods = { point = "delivery_method", kind = "pure" },
  tax_providers = { point = "tax_provider", kind = "pure" },
  cart_validators = { point = "cart_validator", kind = "pure" },
  payment_methods = { point = "payment_method", kind = "pure", fields = {
    flow = schema.enum({ "offline", required = true }),
    hold_minutes = schema.integer({ min = 1, max = 43200 }),
  } },
  sections = { point = "section", kind = "view" },
}

local ID <const> = "^%l[%l%d-]*%.%l[%l%d-]*$"
local VERSION <const> = "^%d+%.%d+%.%d+$"
local HANDLER <const> = "^[%l_][%w_/]*:[%a_][%w_]*$"

local SETTING_TYPES = {
  integer = "integer", percent = "integer", money = "integer", boolean = "boolean", string = "text",
  text = "text", enum = "enum",
}

local setting = schema.object({
  type = schema.text({ required = true }),
  label = schema.text({ max = 100 }), help = schema.text({ max = 100 }),
  min = schema.integer(), max = schema.integer(),
  values = schema.list(schema.text({ required = true }), { max = 100 }),
  default = schema.any(), required = schema.boolean(),
})

local function contribution(extra)
  local fields = {
    id = schema.text({ required = true, max = 50, pattern = "^%l[%l%d_-]*$" }),
    handler = schema.text({ required = true, max = 100, pattern = HANDLER }),
    title = schema.text({ max = 100 }),
    input = schema.list(schema.text({ required = true, pattern = "^%l[%w_%[%].]*$" }), { max = 50, default = {} }),
    settings = schema.map(setting, { max = 100, default = {} }),
    before = schema.list(schema.text({ required = true }), { max = 50, default = {} }),
    after = schema.list(schema.text({ required = true }), { max = 50, default = {} }),
    on_error = schema.enum({ "block" }),
  }
  for name, spec in pairs(extra or {}) do fields[name] = spec end
  return schema.object(fields, { required = true })
end

local contributes = { locales = schema.list(schema.text({ required = true, max = 20 }), { max = 50 }) }
for name, point in pairs(manifest.points) do
  contributes[name] = schema.list(contribution(point.fields), { max = 100 })
end

local shape = schema.object({
  manifest = schema.integer({ required = true, min = 1, max = 1 }),
  id = schema.text({ required = true, max = 60, pattern = ID, message = "plugin.id" }),
  version = schema.text({ required = true, max = 30, pattern = VERSION, message = "plugin.version" }),
  name = schema.text({ required = true, max = 100 }),
  description = schema.text({ max = 500 }),
  license = schema.text({ required = true, max = 50 }),
  engine = schema.text({ required = true, max = 50 }),
  api = schema.map(schema.integer({ min = 1, max = 1, required = true }), { max = 30, required = true }),
  contributes = schema.object(contributes, { required = true }),
})

-- Both halves of a version, compared as numbers.
local function compare(a, b)
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
  for part in range:gmatch("%S+") do
    local operator, bound = part:match("^([<>=]+)(%d[%d.]*)$")
    local test = operator and COMPARE[operator]
    if not test then return nil end
    if not test(compare(version, bound)) then return false end
  end
  return true
end

--- The schema of one setting of a plugin, or nil when its type is unknown.
---@param declared table
---@return merx.Schema?
function manifest.setting_spec(declared)
  local kind = SETTING_TYPES[declared.type]
  if not kind then return nil end
  if kind == "enum" then
    local options = { default = declared.default }
    for i, value in ipairs(declared.values or {}) do options[i] = value end
    return schema.enum(options)
  end
  return schema[kind]({ min = declared.min, max = declared.max, default = declared.default })
end

local function check_settings(found)
  for place, list in pairs(found.contributes) do
    for _, entry in ipairs(place ~= "locales" and list or {}) do
      for name, declared in pairs(entry.settings) do
        local where = place .. "." .. entry.id .. ".settings." .. name
        local spec = manifest.setting_spec(declared)
        if not spec then return where .. ": the type " .. declared.type .. " does not exist" end
        local _, err = schema.check(schema.object({ value = spec }), { value = declared.default })
        if err then return where .. ": its default breaks its own rules (" .. err.fields.value .. ")" end
      end
    end
  end
end

--- Reads a manifest.
---@param bytes string content of plugin.json
---@param folder string name of the plugin's folder, which must be its id
---@param engine string version of Merx
---@return table? manifest
---@return string? problem one sentence
function manifest.parse(bytes, folder, engine)
  local raw, err = json.decode(bytes)
  if raw == nil then return nil, "plugin.json is not JSON: " .. err.message end
  local found, invalid = schema.check(shape, raw)
  if not found then return nil, "plugin.json: " .. invalid.message end
  if found.id ~= folder then
    return nil, "plugin.json: the id is " .. found.id .. " but the folder is called " .. folder
  end
  local fits = manifest.in_range(engine, found.engine)
  if fits == nil then return nil, "plugin.json: write the engine as a range like \">=0.1 <1\"" end
  if not fits then return nil, "it asks for an engine " .. found.engine .. ", this one is " .. engine end
  local problem = check_settings(found)
  if problem then return nil, "plugin.json: " .. problem end
  return found
end

return manifest
