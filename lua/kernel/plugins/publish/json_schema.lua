--- The JSON Schema (draft 2020-12) of plugin.json, made of the shape that the engine itself checks manifests with.
---
--- A schema cannot say everything: that the id is the folder's name, that ids of entries differ, that a default lies within
--- its own bounds, that an account begins with the plugin's id. `merx plugin check` says those.
local contracts = require("kernel.contracts")
local json = require("native.json")
local manifest = require("kernel.plugins.manifest")
local regex = require("kernel.plugins.publish.regex")
local setting_types = require("kernel.plugins.setting_types")

local json_schema = {}

local DIALECT <const> = "https://json-schema.org/draft/2020-12/schema"
local LINE <const> = "#/$defs/line" -- text without control characters
local KEY_MAX <const> = 255

local makers = {} ---@type table<string, fun(spec: merx.Schema, refs: table): table>

local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  return json.array(keys)
end

-- `refs` names the definitions that stand for specs which occur at many places.
local function convert(spec, refs)
  local made = refs[spec] and { ["$ref"] = "#/$defs/" .. refs[spec] } or makers[spec.kind](spec, refs)
  made.description = spec.doc
  if spec.default ~= nil and type(spec.default) ~= "table" then made.default = spec.default end
  return made
end

function makers.integer(spec)
  return { type = "integer", minimum = spec.min, maximum = spec.max }
end

function makers.boolean()
  return { type = "boolean" }
end

function makers.text(spec)
  local made = spec.multiline and { type = "string" } or { ["$ref"] = LINE }
  made.minLength, made.maxLength = spec.min, spec.max
  made.pattern = spec.regex or spec.pattern and regex.from_pattern(spec.pattern)
  if spec.or_pattern then made.pattern = ("(%s)|(%s)"):format(made.pattern, regex.from_pattern(spec.or_pattern)) end
  return made
end

function makers.email(spec)
  return { type = "string", format = "email", maxLength = spec.max or 254 }
end

function makers.enum(spec)
  return { enum = json.array(table.move(spec.values, 1, #spec.values, 1, {})) }
end

function makers.any()
  return {}
end

function makers.list(spec, refs)
  return { type = "array", items = convert(spec.of, refs), minItems = spec.min, maxItems = spec.max }
end

function makers.map(spec, refs)
  return {
    type = "object", additionalProperties = convert(spec.of, refs), minProperties = spec.min, maxProperties = spec.max,
    propertyNames = { maxLength = spec.key_max or KEY_MAX },
  }
end

function makers.object(spec, refs)
  local properties, required = {}, json.array({})
  for _, name in ipairs(spec.names) do
    local field = spec.fields[name]
    properties[name] = convert(field, refs)
    if field.required and field.default == nil then required[#required + 1] = name end
  end
  local made = { type = "object", properties = properties, additionalProperties = spec.open == true }
  if #required > 0 then made.required = required end
  if spec.either then
    made.oneOf = json.array({})
    for i, name in ipairs(spec.either) do made.oneOf[i] = { required = json.array({ name }) } end
  end
  return made
end

--- The JSON Schema of any shape.
---@param spec merx.Schema
---@return table
function json_schema.convert(spec)
  return convert(spec, {})
end

-- ---- settings ----------------------------------------------------------------------------------------------------------

-- What the declaration of a setting of one type keeps to besides what holds for all. What a value is, a type that needs more
-- than its name does not say.
local function rules_of(name, kind)
  local rule = { properties = { default = kind.needs and {} or convert(kind.spec({}), {}) } }
  for field in pairs(kind.never or {}) do rule.properties[field] = false end
  if kind.needs then rule.required = sorted_keys(kind.needs) end
  for field in pairs(kind.needs or {}) do -- of a list or of a map: the other keyword does not matter
    rule.properties[field] = { minItems = 1, minProperties = 1 }
  end
  return { ["if"] = { properties = { type = { const = name } } }, ["then"] = rule }
end

-- The declaration of a setting, or of a column of a table.
local function setting_definition(spec, is_column)
  local made = convert(spec, {})
  local names, rules = json.array({}), json.array({})
  for _, name in ipairs(setting_types.names()) do
    local kind = setting_types.find(name)
    if not (is_column and kind.is_outermost) then
      names[#names + 1] = name
      rules[#rules + 1] = rules_of(name, kind)
    end
  end
  made.properties.type = { enum = names, description = spec.fields.type.doc }
  if not is_column then made.properties.columns.additionalProperties = { ["$ref"] = "#/$defs/column" } end
  made.allOf = rules
  return made
end

-- ---- the manifest ------------------------------------------------------------------------------------------------------

-- `api` names the points of this engine, each with the versions that it has.
local function known_points(made)
  made.properties, made.additionalProperties, made.propertyNames = {}, false, nil
  for _, contract in pairs(contracts.by_place()) do
    made.properties[contract.point] = { type = "integer", minimum = 1, maximum = contract.version, description = contract.doc }
  end
end

-- Who contributes to a point says for which version of it.
local function versions_named()
  local rules = json.array({})
  for _, place in ipairs(sorted_keys(contracts.by_place())) do
    rules[#rules + 1] = {
      ["if"] = { properties = { contributes = { properties = { [place] = { minItems = 1 } }, required = json.array({ place }) } } },
      ["then"] = { properties = { api = { required = json.array({ contracts.by_place()[place].point }) } } },
    }
  end
  return rules
end

-- An entry names only paths that its point shows, only what can be guarded, and nothing that nobody heeds.
local function known_inputs(contributes)
  for place, contract in pairs(contracts.by_place()) do
    local fields = contributes.properties[place].items.properties
    local takes_input, takes_on_error = manifest.heeds(contract)
    if contract.input then fields.input.items = { enum = sorted_keys(contract.input) } end
    if not takes_input then fields.input.maxItems, fields.input.description = 0, "of no effect here: its handler is given all that there is" end
    if not takes_on_error then fields.on_error = nil end
    if contract.subjects then fields.on.enum = sorted_keys(contract.subjects()) end
  end
end

--- The schema of plugin.json.
---@return table
function json_schema.manifest()
  local shape = manifest.shape()
  local setting = shape.fields.settings.of
  local made = convert(shape, { [setting] = "setting" })
  known_points(made.properties.api)
  known_inputs(made.properties.contributes)
  made.properties.requires.propertyNames = convert(shape.fields.id, {})
  made.properties.requires.propertyNames.description = nil
  made.allOf = versions_named()
  made["$schema"], made["$id"] = DIALECT, "urn:merx:plugin.json:1"
  made.title = "plugin.json of a Merx plugin"
  made["$defs"] = {
    line = { type = "string", pattern = regex.from_pattern("^[^%c]*$") },
    setting = setting_definition(setting), column = setting_definition(setting.fields.columns.of, true),
  }
  return made
end

--- The same as text.
---@return string
function json_schema.text()
  return assert(json.encode(json_schema.manifest(), { pretty = true })) .. "\n"
end

return json_schema
