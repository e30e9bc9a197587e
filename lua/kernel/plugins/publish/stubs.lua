--- LuaLS stubs of all that plugin code sees: the preludes without their bodies, and a class for each thing that goes into
--- handlers and comes out of them.
local classes = require("kernel.plugins.publish.classes")
local contracts = require("kernel.contracts")
local fields = require("kernel.plugins.publish.fields")
local fs = require("native.fs")
local kinds = require("kernel.plugins.kinds")
local prelude = require("kernel.plugins.publish.prelude")
local thread = require("native.thread")

local stubs = {}

local HEAD <const> = "---@meta\n--- Made by `merx plugin reference` of %s: change it there.\n"

-- ---- preludes ----------------------------------------------------------------------------------------------------------

local function declare(declared)
  local lines = table.move(declared.doc, 1, #declared.doc, 1, {})
  if declared.params then
    lines[#lines + 1] = ("function %s(%s) end"):format(declared.name, table.concat(declared.params, ", "))
  elseif declared.name ~= "" then
    lines[#lines + 1] = ("%s = %s"):format(declared.name, declared.is_table and "{}" or "nil")
  end
  return table.concat(lines, "\n") .. "\n"
end

--- The stub of one prelude.
---@param module string "shop"
---@return string
function stubs.prelude(module)
  local out = { HEAD:format(("lua/kernel/sandbox/%s.lua"):format(module)), ("---@class %s\n%s = {}\n"):format(module, module) }
  for _, declared in ipairs(prelude.read(module)) do out[#out + 1] = declare(declared) end
  return table.concat(out, "\n")
end

--- The stub of `shop.json`, which is the module that everybody else uses, too.
---@return string
function stubs.json()
  local text = assert(fs.read(thread.share .. "/lua/types/native/json.lua"))
  local body = text:gsub("^[^\n]*\n[^\n]*\n", ""):gsub("native%.json", "shop.json"):gsub("native%.Error", "shop.Error"):gsub("\nreturn json\n$", "")
  return HEAD:format("lua/types/native/json.lua") .. body
end

--- The stub of Lua's own functions, as far as plugin code has them.
---@return string
function stubs.lua()
  return (assert(fs.read(thread.share .. "/lua/types/sandbox.lua")):gsub("^[^\n]*\n", HEAD:format("lua/types/sandbox.lua")))
end

-- ---- handlers ----------------------------------------------------------------------------------------------------------

local Writer = {}
Writer.__index = Writer

function Writer:write(...)
  self.out[#self.out + 1] = table.concat({ ... }, "\n") .. "\n"
end

local function field_line(field, prefixed)
  return ("---@field %s%s %s%s"):format(field.name, field.is_required and "" or "?", prefixed, field.doc ~= "" and " " .. field.doc or "")
end

function Writer:class(name, list)
  local lines = { "---@class " .. name }
  for i, field in ipairs(list) do lines[i + 1] = field_line(field, field.type) end
  self:write(table.unpack(lines))
end

-- The classes that were added last, below a prefix; types that are classes themselves get it, too.
function Writer:flush(prefix)
  for at = self.written + 1, #self.classes.list do
    local class = self.classes.list[at]
    local lines = { "---@class " .. prefix .. class.name }
    for i, field in ipairs(class.fields) do
      local kind = field.type:gsub("^[%w_]+", function(word) return self.classes.names[word] and prefix .. word or word end)
      lines[i + 1] = field_line(field, kind)
    end
    self:write(table.unpack(lines))
  end
  self.written = #self.classes.list
end

function Writer:operation(name, operation)
  local list = fields.of_operation(operation)
  table.insert(list, 1, { name = "op", type = ("%q"):format(name), doc = "", is_required = true })
  local class = "merx.op." .. name
  if not self.operations[name] then self:class(class, list) end
  assert(not self.operations[name] or self.operations[name] == operation, "two operations are called " .. name)
  self.operations[name] = operation
  return class
end

function Writer:answer(contract)
  if not contract.ops then return "any" end
  local names = {}
  for i, name in ipairs(fields.sorted(contract.ops)) do names[i] = self:operation(name, contract.ops[name]) end
  return #names > 1 and ("(%s)[]"):format(table.concat(names, "|")) or names[1] .. "[]"
end

-- Where each thing that `on` may name shows something else, the input is one of these.
function Writer:subjects(contract)
  local names = {}
  for i, subject in ipairs(fields.sorted(contract.subjects())) do
    local tree = fields.tree(contract.subjects()[subject].input)
    names[i] = "merx.in." .. self.classes:tree(contract.point .. "_" .. subject:gsub("%W", "_"), tree)
  end
  self:flush("merx.in.")
  return table.concat(names, "|")
end

-- The class of what handlers see, under the name of the point also where another point sees the same.
function Writer:input(contract)
  if contract.subjects then return self:subjects(contract) end
  local name = self.classes:input(contract)
  if not name then return "table" end
  self:flush("merx.in.")
  if name ~= contract.point then self:write(("---@alias merx.in.%s merx.in.%s"):format(contract.point, name)) end
  return "merx.in." .. contract.point
end

-- The functions of an adapter: what each is told, and what it answers.
function Writer:functions(contract)
  for _, name in ipairs(fields.sorted(contracts.functions(contract.point))) do
    local asked = contracts.functions(contract.point)[name]
    local prefix = contract.point .. "_" .. name
    local given = self.classes:tree(prefix .. "_request", fields.tree(asked.given))
    local answer = self.classes:schema(prefix .. "_answer", asked.answer)
    self:flush("merx.in.")
    self:write("--- " .. asked.doc, ("---@alias merx.fn.%s.%s fun(request: merx.in.%s%s): merx.in.%s?, string?"):format(
      contract.point, name, given, asked.context and ", context: " .. asked.context or "", answer))
  end
end

function Writer:contract(contract)
  if contract.has_handler ~= false then
    local input, answer = self:input(contract), self:answer(contract)
    local context = kinds[contract.kind].context
    self:write(
      "--- " .. contract.doc .. (contract.answer and " Answers " .. contract.answer .. "." or ""),
      ("---@alias merx.fn.%s fun(input: %s, settings: table<string, any>%s): %s"):format(
        contract.point, input, context and ", context: " .. context or "", answer))
  end
  self:functions(contract)
end

--- The stub of everything that goes into handlers and comes out of them: classes merx.in.POINT and merx.op.NAME, and the
--- handlers themselves as merx.fn.POINT.
---@return string
function stubs.points()
  local writer = setmetatable({
    out = { HEAD:format("the contracts of the extension points") }, classes = classes.new(), written = 0, operations = {},
  }, Writer)
  local places = contracts.by_place()
  for _, place in ipairs(fields.sorted(places)) do writer:contract(places[place]) end
  return table.concat(writer.out, "\n")
end

--- All stubs by their name below lua/types/plugin.
---@return table<string, string>
function stubs.files()
  local files = { ["json.lua"] = stubs.json(), ["lua.lua"] = stubs.lua(), ["points.lua"] = stubs.points() }
  for _, module in ipairs(prelude.NAMES) do files[module .. ".lua"] = stubs.prelude(module) end
  return files
end

return stubs
