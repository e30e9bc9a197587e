--- Classes: named lists of fields, for what goes into handlers and comes out of them. Those of the same fields are one, so that
--- a line of a draft is the same wherever it is seen.
local fields = require("kernel.plugins.publish.fields")

local classes = {}

---@class merx.Classes
---@field list { name: string, fields: merx.PublishedField[] }[] each after those that it is made of
---@field by_body table<string, string>
---@field names table<string, boolean>
local Classes = {}
Classes.__index = Classes

---@return merx.Classes
function classes.new()
  return setmetatable({ list = {}, by_body = {}, names = {} }, Classes)
end

local function body_of(list)
  local parts = {}
  for i, field in ipairs(list) do parts[i] = table.concat({ field.name, field.type, field.doc, tostring(field.is_required) }, "\0") end
  return table.concat(parts, "\n")
end

--- Adds a class, unless there is one of the same fields.
---@param name string
---@param list merx.PublishedField[]
---@return string name of the class that has these fields
function Classes:add(name, list)
  local body = body_of(list)
  if self.by_body[body] then return self.by_body[body] end
  assert(not self.names[name], "two classes are called " .. name)
  self.names[name], self.by_body[body] = true, name
  self.list[#self.list + 1] = { name = name, fields = list }
  return name
end

local function singular(name)
  return (name:gsub("s$", ""))
end

-- What lies deeper has classes of its own, called after their place.
function Classes:tree(name, tree)
  local list = {}
  for i, field in ipairs(fields.sorted(tree)) do
    local node = tree[field]
    local kind = node.type
    if node.fields then
      local inner = node.is_list and singular(field) or field
      if self.names[inner] and not self:has_same(inner, node.fields) then inner = name .. "_" .. inner end
      kind = self:tree(inner, node.fields) .. (node.is_list and "[]" or "")
    end
    list[i] = { name = field, type = kind, doc = node.doc or "", is_required = true }
  end
  return self:add(name, list)
end

-- Whether the class of this name has fields of just these names.
function Classes:has_same(name, tree)
  for _, class in ipairs(self.list) do
    if class.name == name then
      local wanted = fields.sorted(tree)
      for i, field in ipairs(class.fields) do
        if field.name ~= wanted[i] then return false end
      end
      return #wanted == #class.fields
    end
  end
  return false
end

--- A class of an object's schema; lists of objects in it have classes of their own.
---@param name string
---@param spec merx.Schema
---@return string name of the class that has these fields
function Classes:schema(name, spec)
  local list = fields.of_schema(spec)
  for _, field in ipairs(list) do
    local of = spec.fields[field.name].of
    if of and of.kind == "object" then field.type = self:schema(name .. "_" .. singular(field.name), of) .. "[]" end
  end
  return self:add(name, list)
end

--- What the handlers of a point see: all that `input` may name, and what they are given whole.
---@param contract merx.Contract
---@return string? name nil when there is nothing to tell
function Classes:input(contract)
  local paths = {}
  for _, source in ipairs({ contract.given or {}, contract.input or {} }) do
    for path, text in pairs(source) do paths[path] = text end
  end
  return next(paths) and self:tree(contract.point, fields.tree(paths)) or nil
end

--- The fields of flat paths, sorted.
---@param paths table<string, string>
---@return merx.PublishedField[]
function classes.fields(paths)
  local made = classes.new()
  made:tree("fields", fields.tree(paths))
  return made.list[#made.list].fields
end

return classes
