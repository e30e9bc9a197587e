--- The settings of the shop and of its plugins as forms: what stands in a field, and what it means.
local fields = require("web.admin.view.fields")
local i18n = require("kernel.i18n")
local money = require("domain.money")
local page = require("web.admin.page")
local plugins = require("kernel.plugins")
local settings = require("kernel.settings")
local text = require("kernel.text")

local view = {}

-- Those of the shop itself that people change, in the order in which they read them.
local SHOP <const> = { "shop.name", "shop.description", "shop.email" }

local function is_share(key)
  return key:find("_ppm$") ~= nil
end

-- 190000 parts per million as "19", which people call 19 %.
local function percent(ppm)
  return (("%d.%04d"):format(ppm // 10000, ppm % 10000):gsub("0+$", ""):gsub("%.$", ""))
end

-- A number as people type it: full-width digits, and a comma for a point.
local function plain_number(typed)
  local plain = text.nfkc(typed):gsub("%s", "")
  if not plain:find(".", 1, true) then plain = plain:gsub(",", ".", 1) end
  return plain:find("^%d+%.?%d*$") and plain or nil
end

-- Settings of many values as lines of text: a list has one a line, a map "name = value", a table its columns in the order of
-- their names, between bars. Pasted from a spreadsheet, tabs are as good as bars.
local rows = {}

local function columns_of(definition)
  local names = {}
  for name in pairs(definition.columns or {}) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- Whether a value has several parts, and of which form.
local function form_of(definition)
  local spec = definition.spec
  if spec.kind == "map" then return "map" end
  if spec.kind ~= "list" then return nil end
  return definition.columns and "table" or "list"
end

function rows.list(_, _, value) return value end

function rows.map(_, _, value)
  local lines = {}
  for name, entry in pairs(value) do lines[#lines + 1] = name .. " = " .. tostring(entry) end
  table.sort(lines)
  return lines
end

function rows.table(ctx, definition, value)
  local lines, names = {}, columns_of(definition)
  for i, row in ipairs(value) do
    local cells = {}
    for j, name in ipairs(names) do
      local cell, is_money = row[name], definition.columns[name].type == "money"
      cells[j] = cell == nil and "" or is_money and money.format_plain(cell, ctx.currency) or tostring(cell)
    end
    lines[i] = table.concat(cells, " | ")
  end
  return lines
end

local parse = {}

function parse.list(_, _, lines) return lines end

function parse.map(_, _, lines)
  local map = {}
  for _, line in ipairs(lines) do
    local name, entry = line:match("^(.-)%s*=%s*(.*)$")
    map[name or line] = entry or ""
  end
  return map
end

function parse.table(ctx, definition, lines)
  local list, names = {}, columns_of(definition)
  for i, line in ipairs(lines) do
    local row, j = {}, 0
    for cell in (line:gsub("\t", "|") .. "|"):gmatch("%s*(.-)%s*|") do
      j = j + 1
      local name = names[j] or "" -- one too many: the row is refused
      local plain = name ~= "" and definition.columns[name].type == "money" and plain_number(cell)
      row[name] = plain and money.parse(plain, ctx.currency) or cell
    end
    list[i] = row
  end
  return list
end

local function lines_of(typed)
  local lines = {}
  for line in typed:gmatch("[^\r\n]+") do
    line = line:match("^%s*(.-)%s*$")
    if line ~= "" then lines[#lines + 1] = line end
  end
  return lines
end

local function shown(self, definition, value)
  if value == nil then return "" end
  local form = form_of(definition)
  if form then return table.concat(rows[form](self.ctx, definition, value), "\n") end
  if definition.type == "money" then return money.format_plain(value, self.ctx.currency) end
  if is_share(definition.key) then return percent(value) end
  return value
end

--- What was typed, as the setting keeps it; what cannot be read stays as it is and is refused by its schema.
---@param ctx merx.AdminContext
---@param definition merx.Setting
---@param typed string
---@return any
function view.read(ctx, definition, typed)
  local form = form_of(definition)
  if form then
    local lines = lines_of(typed)
    return #lines > 0 and parse[form](ctx, definition, lines) or ""
  end
  local plain = plain_number(typed)
  if definition.type == "money" then return plain and money.parse(plain, ctx.currency) or typed end
  if is_share(definition.key) then
    local whole, digits = (plain or ""):match("^(%d+)%.?(%d*)$")
    if whole and #whole <= 6 and #digits <= 4 then return tonumber(whole) * 10000 + math.tointeger(tonumber((digits .. "0000"):sub(1, 4))) end
    return typed
  end
  return typed
end

local function unit(self, definition)
  if definition.type == "money" then return self.ctx.currency end
  return is_share(definition.key) and "%" or nil
end

local function choices(self, definition)
  if definition.spec.kind == "boolean" then
    return { { value = "true", label = page.text(self, "forms.yes") }, { value = "false", label = page.text(self, "forms.no") } }
  end
  local options
  for i, value in ipairs(definition.spec.kind == "enum" and definition.spec.values or {}) do
    options = options or {}
    local key = definition.label and definition.label .. "_" .. value
    options[i] = { value = value, label = key and i18n.find(self.locale, key) or value }
  end
  return options
end

local function label_of(self, definition)
  if definition.label then return i18n.find(self.locale, definition.label) or definition.doc end
  return page.text_or(self, "settings." .. definition.key:gsub("%.", "_"), definition.doc)
end

local function field(self, definition, typed, err)
  local value = typed[definition.key]
  if value == nil then value = shown(self, definition, settings.shown(definition.key)) end
  local problem = err and err.fields and err.fields[definition.key]
  local form = form_of(definition)
  if problem == "schema.integer" and (definition.type == "money" or is_share(definition.key)) then problem = "settings.number" end
  return fields.of(self, definition.key, {
    label = label_of(self, definition), value = tostring(value), type = definition.spec.kind == "email" and "email" or "text", is_plain = true,
    inputmode = definition.spec.kind == "integer" and "decimal" or nil, unit = unit(self, definition), options = choices(self, definition),
    rows = (form or definition.spec.multiline) and 4 or nil,
    help = form == "table" and table.concat(columns_of(definition), " | ") or nil, problem = problem, args = err and err.args and err.args[definition.key],
  })
end

-- What a plugin is called: its own words in the language of the page, else what its manifest says.
local function about(self, plugin, name)
  return i18n.find(self.locale, plugin.id .. ".about." .. name) or plugin.manifest[name]
end

local function plugin_groups(self, add)
  for _, plugin in ipairs(plugins.list()) do
    local keys = {}
    for key, definition in pairs(settings.list()) do
      if definition.type and key:sub(1, #plugin.id + 8) == "plugin." .. plugin.id .. "/" then keys[#keys + 1] = key end
    end
    table.sort(keys)
    if plugin.enabled and #keys > 0 then
      add({ title = about(self, plugin, "name"), about = about(self, plugin, "description"), id = "group-" .. plugin.id:gsub("%p", "-") }, keys)
    end
  end
end

--- The groups of the page: the shop, then each plugin.
---@param self table page
---@param typed table<string, string> by key, what was sent
---@param err? merx.Error
---@return table[] groups
---@return { id: string, message: string }[] errors
function view.groups(self, typed, err)
  local groups, errors = {}, {}
  local function add(group, keys)
    group.fields = {}
    for i, key in ipairs(keys) do group.fields[i] = field(self, settings.list()[key], typed, err) end
    table.move(fields.errors(group.fields), 1, #keys, #errors + 1, errors)
    groups[#groups + 1] = group
  end
  add({ title = page.text(self, "settings.group_shop"), id = "group-shop" }, SHOP)
  plugin_groups(self, add)
  return groups, errors
end

return view
