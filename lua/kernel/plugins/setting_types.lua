--- The types that a setting of a plugin may have. Each makes the schema that its values are checked with; the domain adds
--- those that name things of a shop.
local schema = require("kernel.schema")

local setting_types = {}

---@class merx.SettingType
---@field doc string what a value is
---@field spec fun(declared: table): merx.Schema
---@field is_outermost? boolean it cannot be a column of a table
---@field needs? table<string, string> fields of a declaration that it cannot do without, and what they are
---@field never? table<string, string> fields that a declaration cannot have, and what is said then
---@field problem? fun(declared: table): string? what else is wrong with a declaration

local types = {} ---@type table<string, merx.SettingType>

---@param name string
---@param definition merx.SettingType
function setting_types.define(name, definition)
  assert(not types[name], "the type of settings " .. name .. " is defined twice")
  types[name] = definition
end

---@param name string
---@return merx.SettingType?
function setting_types.find(name)
  return types[name]
end

local function is_empty(value)
  return value == nil or type(value) == "table" and next(value) == nil
end

--- What is wrong with a declaration, if anything.
---@param kind merx.SettingType
---@param declared table
---@return string? problem
function setting_types.problem(kind, declared)
  for field, what in pairs(kind.needs or {}) do
    if is_empty(declared[field]) then return ("needs `%s`, %s"):format(field, what) end
  end
  for field, why in pairs(kind.never or {}) do
    if declared[field] ~= nil then return why end
  end
  return kind.problem and kind.problem(declared)
end

--- All names, sorted.
---@return string[]
function setting_types.names()
  local names = {}
  for name in pairs(types) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function number(default_min, default_max)
  return function(declared)
    return schema.integer({ min = declared.min or default_min, max = declared.max or default_max, default = declared.default })
  end
end

local function text(options)
  return function(declared)
    return schema.text({
      min = declared.min, max = declared.max or options.max, default = declared.default, pattern = options.pattern,
      or_pattern = options.or_pattern, message = options.message, multiline = options.multiline,
    })
  end
end

setting_types.define("string", { doc = "one line of text", spec = text({ max = 1000 }) })
setting_types.define("text", { doc = "text of several lines", spec = text({ max = 20000, multiline = true }) })
setting_types.define("integer", { doc = "a whole number", spec = number() })
setting_types.define("percent", { doc = "whole percent, 0 to 100 unless bounds say otherwise", spec = number(0, 100) })
setting_types.define("money", { doc = "an amount in minor units of the shop's currency", spec = number() })
setting_types.define("duration", { doc = "seconds", spec = number(0) })
setting_types.define("boolean", {
  doc = "true or false", spec = function(declared) return schema.boolean({ default = declared.default }) end,
})
setting_types.define("decimal", {
  doc = "a number with `digits` places, as a text like \"1.25\"",
  spec = text({ max = 40, pattern = "^%-?%d+%.?%d*$", message = "schema.decimal" }),
})
setting_types.define("enum", {
  doc = "one of `values`", needs = { values = "the list of what may be chosen" },
  spec = function(declared)
    local options = { default = declared.default }
    for i, value in ipairs(declared.values) do options[i] = value end
    return schema.enum(options)
  end,
})
setting_types.define("list", {
  doc = "a list of texts",
  spec = function(declared)
    return schema.list(schema.text({ required = true, max = 1000 }), { max = declared.max or 500, default = declared.default })
  end,
})
setting_types.define("map", {
  doc = "texts by name",
  spec = function(declared)
    return schema.map(schema.text({ required = true, max = 1000 }), { max = declared.max or 500, default = declared.default })
  end,
})
setting_types.define("url", {
  doc = "an address that begins with https://; http:// on this machine only", -- which only a shop in development reaches
  spec = text({
    max = 2000, pattern = "^https://[%w%[][^%s]*$", or_pattern = "^http://127%.0%.0%.1:%d+[^%s]*$", message = "schema.url",
  }),
})
setting_types.define("email", {
  doc = "an e-mail address", spec = function(declared) return schema.email({ default = declared.default }) end,
})
setting_types.define("color", {
  doc = "a colour like #1a2b3c", spec = text({ max = 9, pattern = "^#%x%x%x%x%x%x$", message = "schema.color" }),
})
setting_types.define("secret", {
  doc = "a key or password of the plugin as a whole: kept sealed, never shown again, reaches handlers as a handle only",
  spec = text({ max = 20000, multiline = true }), is_outermost = true, never = { default = "is a secret, which has no default" },
})

-- Columns of a table are settings of their own, without tables inside.
setting_types.define("table", {
  doc = "rows of `columns`", needs = { columns = "the settings that each row has, by name" }, is_outermost = true,
  problem = function(declared)
    for name, column in pairs(declared.columns) do
      local kind = type(column) == "table" and types[column.type]
      if not kind or kind.is_outermost then return "has the column " .. name .. " of a type that a table cannot hold" end
      local problem = setting_types.problem(kind, column)
      if problem then return "has the column " .. name .. ", which " .. problem end
    end
  end,
  spec = function(declared)
    local fields = {}
    for name, column in pairs(declared.columns) do
      local spec = types[column.type].spec(column)
      spec.required = column.required
      fields[name] = spec
    end
    return schema.list(schema.object(fields, { required = true }), { max = declared.max or 1000, default = declared.default })
  end,
})

return setting_types
