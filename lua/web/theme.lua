--- Themes: files of Liquid and JSON, texts, styles. A theme is data; what it may say is decided here.
local assets = require("web.assets")
local buf = require("kernel.buf")
local crypto = require("kernel.crypto")
local filters = require("web.filters")
local fragments = require("web.fragments")
local fs = require("kernel.files")
local globals = require("web.view.globals")
local json = require("kernel.json")
local log = require("kernel.log")
local template = require("kernel.template")
local text = require("kernel.text")
local thread = require("kernel.thread")

local theme = {}

---@class merx.Theme
---@field id string folder below themes/
---@field root string
---@field stamp string changes with its files
---@field env merx.TemplateEnvironment
---@field pages table<string, table> JSON templates by name
---@field texts table<string, table<string, string>> locale -> key -> text
---@field words table<string, table> texts by locale, compiled
---@field apart table<string, true> snippets that differ on every page: what holds them is kept without them
---@field places table<string, merx.SectionPlace> sections of the layout, by name
---@field assets table<string, merx.Asset> by name
---@field asset_by_url table<string, merx.Asset>

local USUAL_ROOM <const>, LARGEST_ROOM <const> = 48 * 1024, 512 * 1024

local themes = {} ---@type table<string, merx.Theme>

local function read_json(path)
  local bytes = fs.read(path)
  if not bytes then return nil end
  local value, err = json.decode(bytes)
  if not value then error(path .. ": " .. err.message, 0) end
  return value
end

-- { cart = { title = … } } -> "cart.title"; plural forms stay together under their key.
local PLURALS <const> = { zero = true, one = true, two = true, few = true, many = true, other = true }

-- A group of texts may well hold one that is called "other": forms are what holds nothing else.
local function is_forms(tree)
  if not tree.other then return false end
  for name, value in pairs(tree) do
    if not PLURALS[name] or type(value) == "table" then return false end
  end
  return true
end

local function flatten(tree, prefix, out)
  if is_forms(tree) then
    out[prefix] = tree
    return out
  end
  for name, value in pairs(tree) do
    local key = prefix == "" and name or prefix .. "." .. name
    if type(value) == "table" then
      flatten(value, key, out)
    else
      out[key] = value
    end
  end
  return out
end

--- The texts of a theme's folder.
---@param root string
---@return table<string, table<string, string|table>> texts locale -> key -> text, or its plural forms
function theme.load_texts(root)
  local texts = {}
  for _, file in ipairs(fs.list(root .. "/locales") or {}) do
    local locale = file:match("^([%a-]+)%.json$") or file:match("^([%a-]+)%.default%.json$")
    if locale then texts[locale] = flatten(read_json(root .. "/locales/" .. file), "", {}) end
  end
  return texts
end

local function load_pages(root)
  local pages = {}
  for _, file in ipairs(fs.list(root .. "/templates") or {}) do
    local name = file:match("^(.+)%.json$")
    if name then pages[name] = read_json(root .. "/templates/" .. file) end
  end
  return pages
end

local function settings_of(schema, given)
  local settings = {}
  for _, field in ipairs(schema.settings or {}) do
    if field.id then
      local value = given and given[field.id]
      if value == nil then value = field.default end
      settings[field.id] = value
    end
  end
  return settings
end

--- A section of a page: its template, what its schema says, the values of its settings.
---@param self merx.Theme
---@param kind string
---@param given? table
---@return table? section
---@return merx.TemplateFailure? err
local function open_section(self, kind, given)
  local found, err = self.env:find("section", kind)
  if not found then return nil, err end
  local schema = self.schemas[kind]
  if not schema then
    schema = json.decode(found:schema() or "{}") or {}
    self.schemas[kind] = schema
  end
  return { template = found, schema = schema, settings = settings_of(schema, given) }
end

-- What the theme's files were when they were read: what is kept of its pages holds for these alone.
local function stamp_of(root, id)
  local parts = { id }
  for _, folder in ipairs({ "", "/assets", "/assets/css", "/assets/js", "/layout", "/locales", "/sections", "/snippets", "/templates" }) do
    for _, name in ipairs(fs.list(root .. folder) or {}) do
      local path = folder .. "/" .. name
      local info = fs.stat(root .. path)
      if info and info.kind == "file" then parts[#parts + 1] = path .. " " .. info.size .. " " .. info.modified end
    end
  end
  return text.hex(crypto.blake2b(table.concat(parts, "\n"))):sub(1, 16)
end

local function load(id)
  local found = { id = id, root = thread.share .. "/themes/" .. id, schemas = {}, words = {}, apart = {}, places = {} }
  if not fs.exists(found.root .. "/theme.json") then error("there is no theme " .. id .. " in " .. found.root, 0) end
  local about = read_json(found.root .. "/theme.json")
  found.stamp = stamp_of(found.root, id)
  found.texts, found.pages = theme.load_texts(found.root), load_pages(found.root)
  local files = assets.load(found.root .. "/assets", "/assets/", { css = "theme.css", js = "theme.js" })
  found.assets, found.asset_by_url = files.by_name, files.by_url
  local folders = { snippet = "snippets/", section = "sections/", layout = "layout/" }
  local kept = {}
  for _, name in ipairs(about.kept or {}) do kept[name] = true end
  for _, name in ipairs(about.apart or {}) do kept[name], found.apart[name] = true, true end
  found.env = template.environment({
    autoescape = about.autoescape ~= false, is_inlining = true, knows_global = globals.is_known,
    keeps = function(name) return kept[name] ~= nil end, reuse = fragments.reuse, keep = fragments.keep,
    loader = function(kind, name)
      return folders[kind] and fs.read(found.root .. "/" .. folders[kind] .. name .. ".liquid")
    end,
    section = function(_, state, out, name)
      local page = state.registers
      if state.globals == page.globals then page.state = state end -- for snippets that stand apart
      theme.render_section(found, page, out, name)
    end,
  })
  return found
end

---@param id string
---@return merx.Theme
function theme.get(id)
  if not themes[id] then themes[id] = load(id) end
  return themes[id]
end

--- The texts of a theme in a language.
---@param self merx.Theme
---@param locale string
---@return table<string, string|fun(args?: table): string>
function theme.words(self, locale)
  local words = self.words[locale]
  if not words then
    words = filters.words(self.texts, locale)
    self.words[locale] = words
  end
  return words
end

--- Forgets all themes, so that their files are read again.
function theme.reload()
  themes = {}
end

---@class merx.SectionPlace a section where it stands, with all that is the same on every page
---@field id string
---@field type string
---@field section? table its template, schema and settings
---@field err? any why there is none
---@field name string what it is kept under
---@field rules table of fragments.print()

-- `template` is the JSON template that it stands in; "" is the layout.
local function place_of(self, template_name, id, kind, given)
  local section, err = open_section(self, kind, given)
  return { id = id, type = kind, section = section, err = err, name = ("s1s1"):pack(template_name, id), rules = {} }
end

local function print_section(out, seen, page, place)
  local section = place.section
  local drop = { id = place.id, settings = section.settings }
  if section.schema.handler then
    local data = page.ask_section(page, section.schema.handler, section.settings)
    if not data then return false end
    for name, value in pairs(data) do drop[name] = value end
  end
  local errors = section.template:render(out, page.render_context({ section = drop }, seen))
  return errors ~= nil and #errors == 0
end

-- Renders one section into `out`, or takes it from what is kept. One that fails is left out, and the log
-- says why.
local function render_place(page, out, place)
  if not place.section then
    log.error("a section is left out", { section = place.type, error = tostring(place.err) })
    return
  end
  fragments.print(page, place.rules, place.name, out, print_section, page, place)
end

--- Renders a section that stands in a layout.
---@param self merx.Theme
---@param page table registers of the page being rendered
---@param out userdata
---@param name string
function theme.render_section(self, page, out, name)
  local place = self.places[name]
  if not place then
    place = place_of(self, "", name, name)
    self.places[name] = place
  end
  render_place(page, out, place)
end

local function places_of(self, name, found)
  local places = {}
  for i, id in ipairs(found.order) do
    local entry = found.sections[id]
    places[i] = place_of(self, name, id, entry.type, entry.settings)
  end
  return places
end

-- The collector does not know how large a buffer is, so none waits for it: two serve one page after the
-- other, each as large as the largest page so far.
local spare = {}

local function take(name)
  local found = spare[name]
  spare[name] = nil
  return found or buf.new(USUAL_ROOM)
end

local function give_back(name, found)
  if #found > LARGEST_ROOM then
    found:free()
  else
    spare[name] = found:reset()
  end
end

--- Renders a whole page: its sections, inside its layout.
---@param self merx.Theme
---@param page table registers: ctx, globals, render_context, ask_section
---@param name string of the JSON template
---@return userdata out native.buf; give it to theme.release() when it was sent
function theme.render(self, page, name)
  local found = self.pages[name] or error("the theme " .. self.id .. " has no template " .. name)
  local content, out = take("content"), take("page")
  found.places = found.places or places_of(self, name, found)
  for _, place in ipairs(found.places) do render_place(page, content, place) end
  page.globals.content_for_layout = content
  local layout = assert(self.env:find("layout", found.layout or "theme"))
  assert(layout:render(out, page.render_context({})))
  give_back("content", content)
  return out
end

--- Takes the buffer of a page that was sent.
---@param out userdata
function theme.release(out)
  give_back("page", out)
end

return theme
