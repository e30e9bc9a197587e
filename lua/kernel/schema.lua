--- Shapes of values: validates, coerces form input, and reports every mistake by field.
---
---     local spec = schema.object({ quantity = schema.integer({ min = 1, required = true }) })
---     local value, err = schema.check(spec, input)   -- err.fields.quantity == "schema.required"
local failure = require("kernel.failure")
local text = require("native.text")

local schema = {}

---@class merx.Schema
---@field kind string
---@field required? boolean
---@field default? any
---@field min? integer
---@field max? integer
---@field doc? string what it is, for the published schemas and the reference
---@field regex? string what `pattern` cannot say, as the published schema says it

local checkers = {} ---@type table<string, fun(spec: merx.Schema, value: any, state: table, path: string): any>

local function report(state, path, key, args)
  local name = path == "" and "_" or path
  if not state.fields[name] then
    state.fields[name] = key
    state.args[name] = args
    state.failed = true
  end
  return nil
end

local function join(path, name)
  return path == "" and tostring(name) or path .. "." .. name
end

-- An absent value, an empty form field and JSON's null mean the same: take the default or complain.
local function check_value(spec, value, state, path)
  if state.coerce and type(value) == "string" and spec.kind ~= "any" then
    value = text.nfkc(value):match("^%s*(.-)%s*$")
    if value == "" then value = nil end
  end
  if value == nil or value == state.null then
    if spec.default ~= nil then return spec.default end
    if spec.required then return report(state, path, "schema.required") end
    return nil
  end
  return checkers[spec.kind](spec, value, state, path)
end

local function check_bounds(spec, size, state, path, low, high)
  if spec.min and size < spec.min then
    report(state, path, low, { min = spec.min })
    return false
  elseif spec.max and size > spec.max then
    report(state, path, high, { max = spec.max })
    return false
  end
  return true
end

function checkers.integer(spec, value, state, path)
  if state.coerce and type(value) == "string" then
    value = value:find("^[+-]?%d+$") and math.tointeger(tonumber(value)) or value
  end
  if math.type(value) ~= "integer" then
    return report(state, path, "schema.integer")
  end
  return check_bounds(spec, value, state, path, "schema.too_small", "schema.too_large") and value or nil
end

function checkers.boolean(_, value, state, path)
  if type(value) == "boolean" then return value end
  if state.coerce then
    if value == "on" or value == "true" or value == "1" then return true end
    if value == "off" or value == "false" or value == "0" then return false end
  end
  return report(state, path, "schema.boolean")
end

function checkers.text(spec, value, state, path)
  if state.coerce and type(value) == "number" then value = tostring(value) end
  if type(value) ~= "string" or not text.valid(value) then
    return report(state, path, "schema.text")
  end
  if not check_bounds(spec, text.len(value), state, path, "schema.too_short", "schema.too_long") then
    return nil
  end
  if not spec.multiline and value:find("[%c]") then
    if not state.coerce then return report(state, path, "schema.text") end
    value = value:gsub("%c+", " ")
  end
  if spec.pattern and not value:find(spec.pattern) and not (spec.or_pattern and value:find(spec.or_pattern)) then
    return report(state, path, spec.message or "schema.pattern")
  end
  return value
end

function checkers.email(spec, value, state, path)
  local address = checkers.text({ kind = "text", max = spec.max or 254 }, value, state, path)
  if not address then return nil end
  local name, host = address:match("^([^%s@<>\",;:()%[%]\\]+)@([^%s@]+)$")
  if not name or #name > 64 or not host:find("^[%w\128-\255%-]+%.[%w\128-\255.%-]*[%w\128-\255]$") or host:find("..", 1, true) then
    return report(state, path, "schema.email")
  end
  return name .. "@" .. host:lower()
end

function checkers.enum(spec, value, state, path)
  if not spec.set[value] then
    return report(state, path, "schema.enum", { values = table.concat(spec.values, ", ") })
  end
  return value
end

function checkers.list(spec, value, state, path)
  if type(value) ~= "table" or (#value == 0 and next(value) ~= nil) then
    return report(state, path, "schema.list")
  end
  if not check_bounds(spec, #value, state, path, "schema.too_few", "schema.too_many") then return nil end
  local list = {}
  for i, entry in ipairs(value) do
    list[i] = check_value(spec.of, entry, state, join(path, i))
  end
  return list
end

function checkers.map(spec, value, state, path)
  if type(value) ~= "table" then return report(state, path, "schema.map") end
  local map, count = {}, 0
  for key, entry in pairs(value) do
    count = count + 1
    if type(key) ~= "string" or #key > (spec.key_max or 255) then
      return report(state, path, "schema.map")
    end
    map[key] = check_value(spec.of, entry, state, join(path, key))
  end
  return check_bounds(spec, count, state, path, "schema.too_few", "schema.too_many") and map or nil
end

local function check_either(spec, object, state, path)
  local given = 0
  for _, name in ipairs(spec.either) do given = given + (object[name] ~= nil and 1 or 0) end
  if given ~= 1 then report(state, path, "schema.either", { names = table.concat(spec.either, " / ") }) end
end

function checkers.object(spec, value, state, path)
  if type(value) ~= "table" then return report(state, path, "schema.object") end
  local object = {}
  for _, name in ipairs(spec.names) do
    object[name] = check_value(spec.fields[name], value[name], state, join(path, name))
  end
  for name, entry in pairs(value) do
    if not spec.fields[name] then
      if spec.open then
        object[name] = entry
      else
        report(state, join(path, name), "schema.unknown")
      end
    end
  end
  if spec.either then check_either(spec, object, state, path) end
  return object
end

function checkers.any(_, value)
  return value
end

-- A spec is a plain table: the options of the caller and its kind.
local function define(kind)
  return function(options)
    local spec = { kind = kind }
    for name, value in pairs(options or {}) do spec[name] = value end
    return spec
  end
end

schema.integer = define("integer")
schema.boolean = define("boolean")
schema.text = define("text")
schema.email = define("email")
schema.any = define("any")

--- An amount in whole minor units.
schema.money = define("integer")

--- The id of a row.
function schema.id(options)
  local spec = schema.integer(options)
  spec.min, spec.max = 1, (1 << 53) - 1
  return spec
end

--- One of `values`, given as a list; further fields are options.
---@param options string[]|{ required?: boolean, default?: string, doc?: string }
function schema.enum(options)
  local spec = { kind = "enum", values = {}, set = {}, required = options.required, default = options.default, doc = options.doc }
  for i, value in ipairs(options) do
    spec.values[i] = value
    spec.set[value] = true
  end
  return spec
end

---@param of merx.Schema
---@param options? { min?: integer, max?: integer, required?: boolean, default?: table }
function schema.list(of, options)
  local spec = define("list")(options)
  spec.of = of
  return spec
end

---@param of merx.Schema
---@param options? { max?: integer, key_max?: integer, required?: boolean, default?: table }
function schema.map(of, options)
  local spec = define("map")(options)
  spec.of = of
  return spec
end

--- Named fields. Unknown ones are a mistake, or pass as they are when `open`. Of those in `either` there is exactly one.
---@param fields table<string, merx.Schema>
---@param options? { open?: boolean, required?: boolean, either?: string[], doc?: string }
function schema.object(fields, options)
  local spec = define("object")(options)
  spec.fields, spec.names = fields, {}
  for name in pairs(fields) do spec.names[#spec.names + 1] = name end
  table.sort(spec.names) -- so that mistakes come in one order
  return spec
end

-- What a mistake is called where nobody translates: at the command line and in the log.
local WORDS <const> = {
  ["schema.required"] = "is missing", ["schema.unknown"] = "is not known here", ["schema.invalid"] = "cannot be used",
  ["schema.text"] = "must be a text", ["schema.integer"] = "must be a whole number", ["schema.boolean"] = "must be true or false",
  ["schema.email"] = "must be an e-mail address", ["schema.enum"] = "must be one of {values}",
  ["schema.money"] = "must be an amount of money", ["schema.pattern"] = "does not have the right form",
  ["schema.list"] = "must be a list", ["schema.map"] = "must be a set of named values", ["schema.object"] = "must be a set of named values",
  ["schema.either"] = "needs exactly one of {names}",
  ["schema.too_small"] = "must be at least {min}", ["schema.too_large"] = "must be at most {max}",
  ["schema.too_short"] = "needs at least {min} characters", ["schema.too_long"] = "may have at most {max} characters",
  ["schema.too_few"] = "needs at least {min} entries", ["schema.too_many"] = "may have at most {max} entries",
  ["plugin.id"] = "must be like acme.member-price", ["plugin.version"] = "must be like 1.0.0",
  ["plugin.entry_id"] = "must be like quantity-tiers", ["plugin.handler"] = "must be like module:function",
  ["plugin.host"] = "must be a host like api.example.com or *.example.com", ["schema.url"] = "must begin with https://",
  ["schema.decimal"] = "must be a number like 1.25", ["schema.color"] = "must be a colour like #1a2b3c",
  ["plugin.path"] = "must be an address like /apps/acme.points/balance",
  ["schema.handle"] = "must be a handle, without spaces", ["schema.path"] = "must be a path like lamps/one.jpg",
  ["schema.country"] = "must be two capital letters, like DE", ["schema.currency"] = "must be three capital letters, like EUR",
}

local function in_words(key, args)
  local words = WORDS[key]
  if not words then return "(" .. key .. ")" end
  return (words:gsub("{(%l+)}", function(name) return tostring(args and args[name]) end))
end

--- A mistake in words, as "is missing".
---@param key string of `fields` of an error
---@param args? table of its `args`
---@return string
schema.in_words = in_words

--- Checks all of `value` and returns a clean copy, or nil and one error that names each bad field.
---@param spec merx.Schema
---@param value any
---@param options? { coerce?: boolean } coerce: the value comes from a form, all texts
---@return any value
---@return merx.Error? err code "invalid", with `fields` and `args`
function schema.check(spec, value, options)
  local state = {
    fields = {}, args = {}, failed = false,
    coerce = options and options.coerce or false,
    null = require("native.json").null,
  }
  local clean = check_value(spec, value, state, "")
  if not state.failed then return clean end
  local names = {}
  for name, key in pairs(state.fields) do names[#names + 1] = name .. " " .. in_words(key, state.args[name]) end
  table.sort(names)
  local _, err = failure.new("invalid", "wrong input: " .. table.concat(names, ", "), state.fields)
  err.args = state.args
  return nil, err
end

return schema
