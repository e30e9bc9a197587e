--- What is wrong with an operation that was refused, for its author: by field, from what the contract says of each. What counts
--- is decided elsewhere.
local contracts = require("kernel.contracts")
local json = require("native.json")
local plugins = require("kernel.plugins")
local points = require("kernel.points")
local source_place = require("kernel.plugins.source_place")

local op_fault = {}

local IS <const> = {
  integer = function(value) return math.type(value) == "integer" end,
  string = function(value) return type(value) == "string" end,
  boolean = function(value) return type(value) == "boolean" end,
  ["string|table"] = function(value) return type(value) == "string" or type(value) == "table" end,
}
local A <const> = { integer = "an integer", string = "a text", boolean = "true or false", ["string|table"] = "a key, or { key, name = value }" }

local LONGEST <const> = 60 -- bytes of a text that is told

local function shown(value)
  local kind = type(value)
  if math.type(value) == "float" then return ("the float %.14g"):format(value) .. (value == value // 1 and ".0" or "") end
  if kind == "string" and #value > LONGEST then return ("a text of %d bytes"):format(#value) end
  if kind == "number" or kind == "boolean" or kind == "string" then return json.encode(value) or "a text that is not UTF-8" end
  return "a " .. kind
end

-- "0 to 10^15" in words about a type.
local function range_of(about)
  local least, power = (about.doc or ""):match("(%d+) to 10%^(%d+)")
  if least then return tonumber(least), math.tointeger(10 ^ tonumber(power)) end
end

local function field_fault(name, field, value)
  if value == nil then return field.required and name .. " is missing" or nil end
  local about = contracts.type(field.type)
  local is_right = IS[about.type]
  if is_right and not is_right(value) then
    local hint = about.type == "integer" and type(value) == "number" and "; `money` rounds as the engine does" or ""
    return ("%s must be %s, it is %s%s"):format(name, A[about.type], shown(value), hint)
  end
  local least, most = range_of(about)
  if least and (value < least or value > most) then return ("%s must be %s, it is %s"):format(name, about.doc, shown(value)) end
end

local function either_fault(op, either)
  local count = 0
  for _, name in ipairs(either or {}) do count = count + (op[name] ~= nil and 1 or 0) end
  return either and count ~= 1 and "it needs exactly one of " .. table.concat(either, ", ") or nil
end

local function fault_of(op, contract)
  local names = {}
  for name in pairs(contract.fields) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local fault = field_fault(name, contract.fields[name], op[name])
    if fault then return fault end
  end
  return either_fault(op, contract.either)
end

--- The first thing that is wrong with an answer.
---@param point string
---@param answer any
---@return string? words as "operation 1 (set_unit): amount must be an integer, it is the float 855.0"; nil: no field is to blame alone
function op_fault.of(point, answer)
  local contract = contracts.of(point)
  if not contract or not contract.ops or type(answer) ~= "table" then return nil end
  for i, op in ipairs(answer) do
    local known = type(op) == "table" and contract.ops[op.op]
    local fault = known and fault_of(op, known)
    if fault then return ("operation %d (%s): %s"):format(i, op.op, fault) end
  end
end

--- The same with the place of the handler.
---@param point string
---@param id string of the handler
---@param answer any
---@return string? words
function op_fault.told(point, id, answer)
  local words, handler = op_fault.of(point, answer), points.find(point, id)
  local plugin = words and handler and plugins.find(handler.plugin)
  return plugin and ("%s: %s"):format(source_place.of(plugin, handler.spec.handler), words) or words
end

return op_fault
