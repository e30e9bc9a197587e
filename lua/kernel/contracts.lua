--- The contracts of extension points: what an entry of plugin.json may say there, what its handler sees and what it may
--- answer. One source for the checks at run time, the published schema of manifests, the reference pages and the stubs.
--- Rooms declare their own points; the kernel knows none of their words.
local answer = require("native.answer")
local schema = require("kernel.schema")

local contracts = {}

---@class merx.Contract
---@field point string singular, as "price_rule"
---@field place string its key under `contributes`, as "price_rules"
---@field version integer what `api` of a manifest names
---@field kind "pure"|"view"|"command"|"effect" how its handlers run
---@field doc string one sentence
---@field fields? table<string, merx.Schema> what its entries may say besides the common fields
---@field functions? table<string, "pure"|"effect"> functions of the module that the entry names as `adapter`
---@field input? table<string, string> paths that `input` may name, each with its type and what it is
---@field given? table<string, string> what its handlers are given whole, besides what `input` names; written as `input`
---@field subjects? fun(): table<string, merx.Guarded> what an entry's `on` may name
---@field ops? table<string, merx.Operation> operations that it may answer with
---@field answer? string what it answers otherwise
---@field on_error "skip"|"omit"|"estimate"|"block"|"retry" what the failure of a handler means
---@field pool? string of the requests that its handlers send: "payments" or "webhooks"
---@field has_handler? boolean false: entries are data only
---@field is_slot? boolean a shop asks one of its handlers alone, which the merchant binds

---@class merx.Asked
---@field doc string
---@field given table<string, string> written as `input`
---@field answer merx.Schema
---@field context? string type of a second argument

---@class merx.Operation
---@field doc string
---@field fields table<string, merx.OperationField>
---@field either? string[] exactly one of these fields is there
---@field fits? fun(op: table, work: any): boolean what cannot be said of one field, asked when each is right

---@class merx.FieldType
---@field type string as LuaLS writes it
---@field doc? string

---@class merx.OperationField
---@field type string a name in the room's types
---@field required? boolean
---@field doc? string

local by_point = {} ---@type table<string, merx.Contract>
local by_place = {} ---@type table<string, merx.Contract>
local field_types = {} ---@type table<string, merx.FieldType>
local asked = {} ---@type table<string, table<string, merx.Asked>>
local changed = 0

---@param contract merx.Contract
function contracts.define(contract)
  assert(not by_point[contract.point], "the extension point " .. contract.point .. " is defined twice")
  assert(not by_place[contract.place], "the place " .. contract.place .. " is defined twice")
  assert(contract.doc and contract.kind and contract.on_error, contract.point .. " needs doc, kind and on_error")
  contract.version = contract.version or 1
  by_point[contract.point], by_place[contract.place] = contract, contract
  changed = changed + 1
end

---@param point string
---@return merx.Contract?
function contracts.of(point)
  return by_point[point]
end

--- All contracts by their place in a manifest.
---@return table<string, merx.Contract>
function contracts.by_place()
  return by_place
end

--- Says what the types of a room's operations are.
---@param types table<string, merx.FieldType>
function contracts.describe_types(types)
  for name, about in pairs(types) do
    assert(not field_types[name], "the type " .. name .. " is described twice")
    field_types[name] = about
  end
end

---@param name string
---@return merx.FieldType
function contracts.type(name)
  return field_types[name] or error("the type " .. name .. " is not described")
end

--- Says what the functions of a point are told and answer: for the room that asks them, which may be another than the one
--- that has the point.
---@param point string
---@param functions table<string, merx.Asked> by name
function contracts.describe_functions(point, functions)
  assert(not asked[point], "the functions of " .. point .. " are described twice")
  asked[point] = functions
end

---@param point string
---@return table<string, merx.Asked>
function contracts.functions(point)
  return asked[point] or {}
end

--- Rises with each contract: what was made of them all is told from what is to be made anew.
---@return integer
function contracts.revision()
  return changed
end

--- What tests the operations of an answer: what `answer.checker` makes of them.
---@param operations table<string, merx.Operation>
---@param types table<string, native.AnswerField> what each type of a field is tested for; `of` may be a function (value, context)
---@return fun(list: table, context: table, most: integer): native.AnswerFault?, integer?
function contracts.checker(operations, types)
  local kinds = {}
  for kind, operation in pairs(operations) do
    local fields, choice = {}, {}
    for _, name in ipairs(operation.either or {}) do choice[name] = true end
    for name, field in pairs(operation.fields) do
      local test = types[field.type] or error("there is no type " .. field.type)
      fields[#fields + 1] = {
        name = name, required = field.required, choice = choice[name], test = test.test, min = test.min, max = test.max, of = test.of,
      }
    end
    kinds[kind] = fields
  end
  return answer.checker("op", kinds)
end

-- ---- what every entry of a manifest may say --------------------------------------------------------------------------

local HANDLER <const> = "^[%l_][%w_/]*:[%a_][%w_]*$"

local function names(doc)
  return schema.list(schema.text({ required = true, max = 120 }), { max = 50, default = {}, doc = doc })
end

--- The schema of one entry.
---@param contract merx.Contract
---@param setting merx.Schema of the declaration of a setting
---@return merx.Schema
function contracts.entry(contract, setting)
  local fields = {
    id = schema.text({ required = true, max = 50, pattern = "^%l[%l%d_-]*$", message = "plugin.entry_id", doc = "its name within the plugin" }),
    title = schema.text({ max = 100, doc = "key of a message: what people call it" }),
    description = schema.text({ max = 100, doc = "key of a message: one sentence" }),
    input = schema.list(schema.text({ required = true, max = 100, pattern = "^%l[%w_%[%].]*$" }), {
      max = 50, default = {}, doc = "paths of what its handler sees; it sees nothing else",
    }),
    settings = schema.map(setting, { max = 100, default = {}, doc = "what the merchant sets it to, by name" }),
    before = names("handlers, or plugins, that come after it"), after = names("handlers, or plugins, that come before it"),
    on_error = schema.enum({ "block", doc = "block: when it fails, nothing can be ordered" }),
  }
  if contract.has_handler ~= false then
    fields.handler = schema.text({
      required = true, max = 100, pattern = HANDLER, message = "plugin.handler", doc = "module:function, of a file below src/",
    })
  end
  if contract.functions then
    fields.adapter = schema.text({ max = 100, pattern = "^[%l_][%w_/]*$", doc = "the module below src/ with the functions of the contract" })
  end
  for name, spec in pairs(contract.fields or {}) do fields[name] = spec end
  return schema.object(fields, { required = true })
end

return contracts
