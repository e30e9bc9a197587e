--- The page of reference about extension points: what handlers see, answer and may cost.
local classes = require("kernel.plugins.publish.classes")
local contracts = require("kernel.contracts")
local fields = require("kernel.plugins.publish.fields")
local kinds = require("kernel.plugins.kinds")
local markdown = require("kernel.plugins.publish.markdown")

local code = markdown.code

local points_page = {}

local WHEN_IT_FAILS <const> = {
  skip = "what it says is left out whole; the rest of the price stands",
  omit = "what it offers is left out",
  estimate = "taxes are estimated for the cart, and nothing can be ordered",
  block = "closed: what it checks is refused",
  retry = "tried again after 1 s and then ever later, up to 6 h, 12 times; then kept as a dead letter until a person looks",
}

local function budget_of(kind)
  local budget, parts = kind.budget, {}
  if budget.instructions then
    parts[1] = ("%d instructions"):format(budget.instructions) .. (kind.per_line and (", %d more a line"):format(kind.per_line) or "")
  end
  if budget.ms then parts[#parts + 1] = ("%d ms of computing"):format(budget.ms) end
  parts[#parts + 1] = ("%d MiB"):format(budget.memory // (1024 * 1024))
  return table.concat(parts, "; ")
end

local function kinds_table()
  local rows = {}
  for _, name in ipairs({ "pure", "view", "command", "effect" }) do
    local kind = kinds[name]
    rows[#rows + 1] = { name, kind.runs, kind.may, budget_of(kind) }
  end
  return markdown.table({ "kind", "runs", "may", "one call" }, rows)
end

local Page = {}
Page.__index = Page

function Page:add(...)
  for _, part in ipairs({ ... }) do self.parts[#self.parts + 1] = part end
end

function Page:operations(contract)
  for _, name in ipairs(fields.sorted(contract.ops or {})) do
    local operation = contract.ops[name]
    local either = operation.either and (" Exactly one of `%s`."):format(table.concat(operation.either, "`, `")) or ""
    self:add(("Operation `%s`: %s%s"):format(name, operation.doc, either), markdown.fields(fields.of_operation(operation)))
  end
end

-- What an entry's `on` may name, where each shows something else.
function Page:subjects(contract)
  local subjects = contract.subjects and contract.subjects() or {}
  local rows = {}
  for i, name in ipairs(fields.sorted(subjects)) do
    rows[i] = { code(name), subjects[name].doc, markdown.named(subjects[name].input) }
  end
  if #rows > 0 then self:add(markdown.table({ "on", "when", "`input` may name" }, rows)) end
end

-- The fields of a class, with links to those that it is made of.
function Page:class(list)
  local rows = {}
  for i, field in ipairs(list) do
    local inner = field.type:match("^[%w_]+")
    local kind = self.classes.names[inner] and ("[%s](#%s)"):format(field.type:gsub("%[%]", "\\[\\]"), inner) or code(field.type)
    rows[i] = { code(field.name), kind, field.doc }
  end
  self:add(markdown.table({ "field", "type", "what it is" }, rows))
end

local function way_of_seeing(contract)
  if not contract.input then return "Its handlers are given:" end
  if not contract.given then return "Its handlers see what `input` names of these:" end
  return ("Its handlers are given `%s`, and what `input` names of the others:"):format(table.concat(fields.sorted(contract.given), "`, `"))
end

function Page:input(contract)
  local name = self.classes:input(contract)
  if not name then return end
  if name ~= contract.point then
    return self:add(("Its handlers see what `input` names of the same as at [%s](#%s)."):format(name, name))
  end
  self:add(way_of_seeing(contract))
  self:class(self.classes.list[#self.classes.list].fields)
end

-- What an adapter answers; lists of objects have tables of their own.
function Page:answer(answer)
  self:add("It answers:", markdown.fields(fields.of_schema(answer)))
  for _, name in ipairs(answer.names) do
    local of = answer.fields[name].of
    if of and of.kind == "object" then self:add(("Each of `%s`:"):format(name), markdown.fields(fields.of_schema(of))) end
  end
end

function Page:functions(contract)
  local told = {}
  for _, name in ipairs(fields.sorted(contracts.functions(contract.point))) do
    local asked = contracts.functions(contract.point)[name]
    local as = told[asked.given]
    self:add(("Function `%s` of its `adapter` (%s): %s%s"):format(
      name, contract.functions[name], asked.doc, as and (" Told and answered as `%s`."):format(as) or ""))
    if not as then
      told[asked.given] = name
      self:add("It is told:", markdown.fields(classes.fields(asked.given)))
      self:answer(asked.answer)
    end
  end
end

function Page:point(contract)
  self:add("## " .. contract.point, contract.doc)
  self:add(markdown.table({ "in plugin.json", "version", "kind", "when a handler fails" }, {
    { code("contributes." .. contract.place), contract.version, contract.kind, WHEN_IT_FAILS[contract.on_error] },
  }))
  if contract.fields and next(contract.fields) then
    self:add("Besides [what every entry says](manifest.md#entries), an entry says:")
    self:add(markdown.fields(fields.of_schema({ fields = contract.fields })))
  end
  self:input(contract)
  if contract.answer then self:add("It answers " .. contract.answer .. ".") end
  self:subjects(contract)
  self:operations(contract)
  self:functions(contract)
end

-- Classes that are not what a point shows as a whole.
function Page:inner_classes()
  self:add("## Parts of what handlers see")
  for _, class in ipairs(self.classes.list) do
    if not contracts.of(class.name) then
      self:add("### " .. class.name)
      self:class(class.fields)
    end
  end
end

---@return string
function points_page.make()
  local page = setmetatable({ parts = {}, classes = classes.new() }, Page)
  page:add(
    "A handler is a function `module.name(input, settings)`; what it may see, answer and cost is said here. Amounts are integers "
      .. "of minor units, shares are parts per million, times are milliseconds since 1970 in UTC.",
    kinds_table())
  local points = {}
  for _, contract in pairs(contracts.by_place()) do points[#points + 1] = contract.point end
  table.sort(points)
  for _, point in ipairs(points) do page:point(contracts.of(point)) end
  page:inner_classes()
  return markdown.page("Extension points", page.parts)
end

return points_page
