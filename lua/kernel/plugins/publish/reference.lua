--- The pages of reference for those who write plugins, made of what the engine itself goes by.
local classes = require("kernel.plugins.publish.classes")
local command = require("kernel.command")
local contracts = require("kernel.contracts")
local events = require("kernel.events")
local fields = require("kernel.plugins.publish.fields")
local host = require("kernel.plugins.host")
local kinds = require("kernel.plugins.kinds")
local manifest = require("kernel.plugins.manifest")
local markdown = require("kernel.plugins.publish.markdown")
local native_db = require("native.db")
local prelude = require("kernel.plugins.publish.prelude")
local setting_types = require("kernel.plugins.setting_types")
local thread = require("native.thread")
local views = require("kernel.plugins.views")

local code = markdown.code

local reference = {}

-- ---- extension points --------------------------------------------------------------------------------------------------

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

local function add_operations(parts, contract)
  for _, name in ipairs(fields.sorted(contract.ops or {})) do
    local operation = contract.ops[name]
    parts[#parts + 1] = ("Operation `%s`: %s%s"):format(name, operation.doc,
      operation.either and (" Exactly one of `%s`."):format(table.concat(operation.either, "`, `")) or "")
    parts[#parts + 1] = markdown.fields(fields.of_operation(operation))
  end
end

-- What an entry's `on` may name, where each shows something else.
local function add_subjects(parts, contract)
  local subjects = contract.subjects and contract.subjects() or {}
  local rows = {}
  for _, name in ipairs(fields.sorted(subjects)) do
    local seen = {}
    for _, path in ipairs(fields.sorted(subjects[name].input)) do
      local kind, doc = fields.split(subjects[name].input[path])
      seen[#seen + 1] = ("`%s` %s%s"):format(path, kind, doc ~= "" and ", " .. doc or "")
    end
    rows[#rows + 1] = { code(name), subjects[name].doc, table.concat(seen, "; ") }
  end
  if #rows > 0 then parts[#parts + 1] = markdown.table({ "on", "when", "`input` may name" }, rows) end
end

-- The fields of a class, with links to those that it is made of.
local function class_table(known, list)
  local rows = {}
  for i, field in ipairs(list) do
    local inner = field.type:match("^[%w_]+")
    local kind = known.names[inner] and ("[%s](#%s)"):format(field.type:gsub("%[%]", "\\[\\]"), inner) or code(field.type)
    rows[i] = { code(field.name), kind, field.doc }
  end
  return markdown.table({ "field", "type", "what it is" }, rows)
end

local function add_input(parts, contract, known)
  local before = #known.list
  local name = known:input(contract)
  if not name then return end
  local choosing = contract.input and "Its handlers see what `input` names of these:" or "Its handlers are given:"
  if name ~= contract.point then
    parts[#parts + 1] = ("Its handlers see what `input` names of the same as at [%s](#%s)."):format(name, name)
  else
    parts[#parts + 1] = choosing
    parts[#parts + 1] = class_table(known, known.list[#known.list].fields)
  end
  for at = before + 1, #known.list do
    if known.list[at].name ~= contract.point then known.inner[#known.inner + 1] = known.list[at] end
  end
end

-- What an adapter answers; lists of more than a line have a table of their own.
local function add_answer(parts, answer)
  parts[#parts + 1] = "It answers:"
  parts[#parts + 1] = markdown.fields(fields.of_schema(answer))
  for _, name in ipairs(answer.names) do
    local of = answer.fields[name].of
    if of and of.kind == "object" then
      parts[#parts + 1] = ("Each of `%s`:"):format(name)
      parts[#parts + 1] = markdown.fields(fields.of_schema(of))
    end
  end
end

local function add_functions(parts, contract, known)
  for _, name in ipairs(fields.sorted(contracts.functions(contract.point))) do
    local asked = contracts.functions(contract.point)[name]
    local as = known.shown[asked.given]
    parts[#parts + 1] = ("Function `%s` of its `adapter` (%s): %s%s"):format(
      name, contract.functions[name], asked.doc, as and (" Told and answered as `%s`."):format(as) or "")
    if not as then
      known.shown[asked.given] = name
      parts[#parts + 1] = "It is told:"
      parts[#parts + 1] = markdown.fields(classes.fields(asked.given))
      add_answer(parts, asked.answer)
    end
  end
end

local function point_parts(contract, known)
  local parts = { "## " .. contract.point, contract.doc }
  parts[#parts + 1] = markdown.table({ "in plugin.json", "version", "kind", "when a handler fails" }, {
    { code("contributes." .. contract.place), contract.version, contract.kind, WHEN_IT_FAILS[contract.on_error] },
  })
  if contract.fields and next(contract.fields) then
    parts[#parts + 1] = "Besides [what every entry says](manifest.md#entries), an entry says:"
    parts[#parts + 1] = markdown.fields(fields.of_schema({ fields = contract.fields }))
  end
  add_input(parts, contract, known)
  if contract.answer then parts[#parts + 1] = "It answers " .. contract.answer .. "." end
  add_subjects(parts, contract)
  add_operations(parts, contract)
  add_functions(parts, contract, known)
  return parts
end

---@return string
function reference.points()
  local known = classes.new()
  known.inner, known.shown = {}, {}
  local parts = {
    "A handler is a function `module.name(input, settings)`; what it may see, answer and cost is said here. Amounts are integers "
      .. "of minor units, shares are parts per million, times are milliseconds since 1970 in UTC.",
    kinds_table(),
  }
  local places = contracts.by_place()
  local points = {}
  for _, contract in pairs(places) do points[contract.point] = contract end
  for _, name in ipairs(fields.sorted(points)) do
    for _, part in ipairs(point_parts(points[name], known)) do parts[#parts + 1] = part end
  end
  parts[#parts + 1] = "## Parts of what handlers see"
  for _, class in ipairs(known.inner) do
    parts[#parts + 1] = "### " .. class.name
    parts[#parts + 1] = class_table(known, class.fields)
  end
  return markdown.page("Extension points", parts)
end

-- ---- plugin.json -------------------------------------------------------------------------------------------------------

local function entry_schema()
  return contracts.entry({ point = "any", place = "any" }, manifest.shape().fields.settings.of)
end

---@return string
function reference.manifest()
  local shape = manifest.shape()
  local places = {}
  for _, place in ipairs(fields.sorted(contracts.by_place())) do
    local contract = contracts.by_place()[place]
    places[#places + 1] = { code(place), ("[%s](points.md#%s)"):format(contract.point, contract.point), contract.doc }
  end
  return markdown.page("plugin.json", {
    "The whole of it as a JSON Schema is [plugin.schema.json](plugin.schema.json), which `merx plugin schema` prints.",
    markdown.fields(fields.of_schema(shape)),
    "## Capabilities", "What a plugin may do beyond answering. The merchant grants them; a call without its capability is refused and noted.",
    markdown.fields(fields.of_schema(shape.fields.capabilities)),
    "## Contributes", markdown.table({ "place", "extension point", "what it does" }, places),
    "## Entries", "What every entry may say, whatever it contributes to:", markdown.fields(fields.of_schema(entry_schema())),
  })
end

-- ---- settings ----------------------------------------------------------------------------------------------------------

---@return string
function reference.settings()
  local rows = {}
  for _, name in ipairs(setting_types.names()) do
    local kind = setting_types.find(name)
    local needs = {}
    for _, field in ipairs(fields.sorted(kind.needs or {})) do needs[#needs + 1] = ("`%s`, %s"):format(field, kind.needs[field]) end
    rows[#rows + 1] = { code(name), kind.doc, table.concat(needs, "; ") }
  end
  return markdown.page("Settings", {
    "One declaration gives the form, the check, the command line and the handler's second argument. Values that break a rule are "
      .. "refused together, each with its reason, and nothing is stored.",
    "## Types", markdown.table({ "type", "a value is", "the declaration needs" }, rows),
    "## A declaration", markdown.fields(fields.of_schema(manifest.shape().fields.settings.of)),
  })
end

-- ---- host calls --------------------------------------------------------------------------------------------------------

local function kinds_of(call)
  local names = fields.sorted(host.list()[call].kinds)
  return #names == 4 and "every handler" or table.concat(names, ", ")
end

-- "---@param name type doc" as rows.
local function annotation_rows(doc)
  local rows = {}
  for _, line in ipairs(doc) do
    local tag, rest = line:match("^%-%-%-@(%l+) (.+)$")
    if tag == "param" or tag == "return" or tag == "field" then rows[#rows + 1] = { tag, code(rest) } end
  end
  return rows
end

local function declaration_parts(declared)
  local parts = {}
  if declared.name == "" then
    local name, about = declared.doc[1]:match("^%-%-%-@class (%S+)%s*(.*)$")
    parts[1] = ("### %s"):format(name:gsub(":$", ""))
    parts[2] = about ~= "" and about or nil
  else
    parts[1] = ("### %s%s"):format(declared.name, declared.params and "(" .. table.concat(declared.params, ", ") .. ")" or "")
    parts[2] = prelude.sentence(declared.doc)
  end
  if declared.call then
    local capability = host.list()[declared.call].capability
    parts[#parts + 1] = ("May be called in: %s.%s"):format(kinds_of(declared.call), capability and (" Needs: `capabilities.%s`."):format(
      capability:gsub(", ", "`, or `capabilities.")) or "")
  end
  local rows = annotation_rows(declared.doc)
  if #rows > 0 then parts[#parts + 1] = markdown.table({ "", "LuaLS annotation" }, rows) end
  return parts
end

---@return string
function reference.calls()
  local parts = {
    "What plugin code sees besides Lua's own functions. A call that is not allowed raises with the line to add to plugin.json, and "
      .. "is noted in the journal. What can fail returns nil and an error with `code` and `message`.",
  }
  for _, module in ipairs(prelude.NAMES) do
    parts[#parts + 1] = "## " .. module
    for _, declared in ipairs(prelude.read(module)) do
      if not declared.is_table then
        for _, part in ipairs(declaration_parts(declared)) do parts[#parts + 1] = part end
      end
    end
  end
  parts[#parts + 1] = "## Lua"
  parts[#parts + 1] = "Of Lua 5.4 a plugin has these, and `require` for the files below its `src/` and `lib/`. `pairs` goes in the order of the keys, "
    .. "`tostring` shows no addresses, and long work on texts and tables counts as steps."
  parts[#parts + 1] = "`" .. table.concat(prelude.lua_names(), "`, `") .. "`"
  return markdown.page("Calls", parts)
end

-- ---- events, commands, views -------------------------------------------------------------------------------------------

local function body_of(definition)
  local list = {}
  for _, name in ipairs(fields.sorted(definition.body or {})) do
    local kind, doc = fields.split(definition.body[name])
    list[#list + 1] = ("`%s` %s%s"):format(name, kind, doc ~= "" and ", " .. doc or "")
  end
  return table.concat(list, "; ")
end

---@return string
function reference.events()
  local rows = {}
  for _, name in ipairs(fields.sorted(events.definitions())) do
    local definition = events.definitions()[name]
    rows[#rows + 1] = { code(name), definition.doc, body_of(definition) }
  end
  return markdown.page("Events", {
    "Facts, told after their commit, at least once and in order for each key, to the handlers of the point [event](points.md#event). A "
      .. "plugin's own facts begin with its id and need no declaration.",
    markdown.table({ "event", "what happened", "its body" }, rows),
  })
end

---@return string
function reference.commands()
  local parts = {
    "The only way to change anything. An effect runs one with `shop.command(name, args)` when its plugin was granted it under "
      .. "`capabilities.commands`; what is guarded asks the handlers of the point [guard](points.md#guard) before its writes are final.",
  }
  for _, name in ipairs(fields.sorted(command.list())) do
    local definition = command.list()[name]
    parts[#parts + 1] = "## " .. name
    parts[#parts + 1] = (definition.doc or "") .. (definition.guard and (" *Guarded as `%s`.*"):format(definition.guard.name) or "")
    local list = fields.of_schema(definition.args)
    if #list > 0 then parts[#parts + 1] = markdown.fields(list) end
  end
  return markdown.page("Commands", parts)
end

-- The columns of each view, as the migrations make it.
local function columns_of(names)
  local conn, columns = assert(native_db.open({ mode = "memory" })), {}
  assert(native_db.migrate(conn, thread.share .. "/sql/migrations"))
  local statement = assert(conn:prepare("SELECT name FROM pragma_table_info(:view)"))
  for _, view in ipairs(names) do
    local list = {}
    for i, row in ipairs(assert(statement:all({ view = view }))) do list[i] = code(row.name) end
    columns[view] = table.concat(list, ", ")
  end
  statement:close()
  conn:close()
  return columns
end

---@return string
function reference.views()
  local rows, names = {}, fields.sorted(views.list())
  local columns = columns_of(names)
  for _, name in ipairs(names) do
    local view = views.list()[name]
    rows[#rows + 1] = { code(name), view.doc, columns[name], view.is_personal and "yes" or "" }
  end
  return markdown.page("Published views", {
    "What a plugin may read of the shop by `shop.db`, when it was granted the view under `capabilities.read`.",
    markdown.table({ "view", "rows", "columns", "tells about people" }, rows),
  })
end

-- ---- all ---------------------------------------------------------------------------------------------------------------

local PAGES <const> = {
  { "points.md", "where a plugin takes part: what handlers see, answer and may cost" },
  { "manifest.md", "plugin.json: fields, capabilities, entries" },
  { "plugin.schema.json", "the same as a JSON Schema, for editors" },
  { "settings.md", "types of settings" },
  { "calls.md", "what plugin code may call: shop, money, std" },
  { "events.md", "facts that a plugin can hear" },
  { "commands.md", "what changes something, and what it takes" },
  { "views.md", "what a plugin may read by SQL" },
}

---@return string
function reference.index()
  local rows = {}
  for i, page in ipairs(PAGES) do rows[i] = { ("[%s](%s)"):format(page[1], page[1]), page[2] } end
  return markdown.page("Reference", {
    "For those who write plugins; [the guide](../guides/plugin.md) shows how it is done, [another](../guides/from-woocommerce.md) where "
      .. "things are for those who come from WooCommerce.",
    markdown.table({ "page", "tells" }, rows),
  })
end

--- All pages by their name below docs/reference.
---@return table<string, string>
function reference.files()
  return {
    ["README.md"] = reference.index(), ["calls.md"] = reference.calls(), ["commands.md"] = reference.commands(),
    ["events.md"] = reference.events(), ["manifest.md"] = reference.manifest(), ["points.md"] = reference.points(),
    ["settings.md"] = reference.settings(), ["views.md"] = reference.views(),
  }
end

return reference
