--- The pages of reference for those who write plugins, made of what the engine itself goes by.
local command = require("kernel.command")
local contracts = require("kernel.contracts")
local events = require("kernel.events")
local fields = require("kernel.plugins.publish.fields")
local host = require("kernel.plugins.host")
local manifest = require("kernel.plugins.manifest")
local markdown = require("kernel.plugins.publish.markdown")
local native_db = require("native.db")
local points_page = require("kernel.plugins.publish.points_page")
local prelude = require("kernel.plugins.publish.prelude")
local setting_types = require("kernel.plugins.setting_types")
local thread = require("native.thread")
local views = require("kernel.plugins.views")

local code = markdown.code

local reference = {}

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

---@return string
function reference.events()
  local rows = {}
  for _, name in ipairs(fields.sorted(events.definitions())) do
    local definition = events.definitions()[name]
    rows[#rows + 1] = { code(name), definition.doc, markdown.named(definition.body or {}) }
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
    ["events.md"] = reference.events(), ["manifest.md"] = reference.manifest(), ["points.md"] = points_page.make(),
    ["settings.md"] = reference.settings(), ["views.md"] = reference.views(),
  }
end

return reference
