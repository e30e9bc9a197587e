--- What stubs and reference share: fields with their types, out of contracts, schemas and operations.
local contracts = require("kernel.contracts")

local fields = {}

---@class merx.PublishedField
---@field name string
---@field type string as LuaLS writes it
---@field doc string
---@field is_required? boolean

---@param map table<string, any>
---@return string[]
function fields.sorted(map)
  local names = {}
  for name in pairs(map) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local LUA_TYPES <const> = { map = "table<string, any>", list = "table[]" }

--- Splits "integer?: grams of a piece" into a type and what it is.
---@param text string
---@return string type
---@return string doc
function fields.split(text)
  local kind, optional, doc = text:match("^([%w_%[%]]+)(%??):?%s*(.*)$")
  return (LUA_TYPES[kind] or kind) .. optional, doc
end

local LINE <const> = 120

local BY_KIND <const> = {
  integer = "integer", boolean = "boolean", text = "string", email = "string", any = "any",
}

-- The whole shape of an object; one that takes more than a line is told of elsewhere.
local function type_of_object(spec)
  local parts = {}
  for i, field in ipairs(fields.of_schema(spec)) do
    parts[i] = ("%s%s: %s"):format(field.name, field.is_required and "" or "?", field.type)
  end
  local shape = "{ " .. table.concat(parts, ", ") .. " }"
  return #parts > 0 and #shape <= LINE and shape or "table"
end

--- The type of what a schema lets through.
---@param spec merx.Schema
---@return string
function fields.type_of(spec)
  if spec.kind == "list" then
    local inner = fields.type_of(spec.of)
    return (inner:find("[|{]") and "(" .. inner .. ")" or inner) .. "[]"
  end
  if spec.kind == "map" then return ("table<string, %s>"):format(fields.type_of(spec.of)) end
  if spec.kind == "object" then return type_of_object(spec) end
  if spec.kind ~= "enum" then return BY_KIND[spec.kind] end
  local values = {}
  for i, value in ipairs(spec.values) do values[i] = ("%q"):format(value) end
  return table.concat(values, "|")
end

local OF_WHAT <const> = { integer = "", text = " characters", list = " entries" }
local ANY_ID <const> = (1 << 53) - 1 -- a bound that says nothing

local function bounds_of(spec)
  local of_what, max = OF_WHAT[spec.kind], spec.max ~= ANY_ID and spec.max or nil
  if not of_what or not spec.min and not max then return nil end
  if spec.min == max then return ("always %d%s"):format(max, of_what) end
  if spec.min and max then return ("%d to %d%s"):format(spec.min, max, of_what) end
  return max and ("at most %d%s"):format(max, of_what) or ("at least %d%s"):format(spec.min, of_what)
end

local function default_of(spec)
  local default = spec.default
  if default == nil or default == "" or type(default) == "table" then return nil end
  return "else " .. tostring(default)
end

--- The fields of an object's schema, sorted.
---@param spec merx.Schema
---@return merx.PublishedField[]
function fields.of_schema(spec)
  local list = {}
  for i, name in ipairs(fields.sorted(spec.fields)) do
    local field = spec.fields[name]
    local words = {}
    words[1] = field.doc
    words[#words + 1] = bounds_of(field)
    words[#words + 1] = default_of(field)
    list[i] = {
      name = name, type = fields.type_of(field), is_required = field.required and field.default == nil,
      doc = table.concat(words, "; "),
    }
  end
  return list
end

--- The fields of an operation, sorted.
---@param operation merx.Operation
---@return merx.PublishedField[]
function fields.of_operation(operation)
  local list = {}
  for i, name in ipairs(fields.sorted(operation.fields)) do
    local field = operation.fields[name]
    local about = contracts.type(field.type)
    local doc = field.doc or ""
    if about.doc and not doc:find(about.doc, 1, true) then doc = doc ~= "" and ("%s (%s)"):format(doc, about.doc) or about.doc end
    list[i] = { name = name, type = about.type, is_required = field.required, doc = doc }
  end
  return list
end

-- "lines[]" is a list; a path that goes on through it says what an entry has.
local function place(node, path, text)
  local step, rest = path:match("^([%w_]+%[?%]?)%.?(.*)$")
  local name = step:gsub("%[%]$", "")
  node[name] = node[name] or {}
  local child = node[name]
  if rest ~= "" and step:find("%]$") then child.is_list = true end
  if rest == "" then
    child.type, child.doc = fields.split(text)
  else
    child.fields = child.fields or {}
    place(child.fields, rest, text)
  end
end

--- Paths as a tree: names with { type, doc } or with { fields, is_list }.
---@param paths table<string, string>
---@return table<string, table>
function fields.tree(paths)
  local root = {}
  for _, path in ipairs(fields.sorted(paths)) do place(root, path, paths[path]) end
  return root
end

return fields
