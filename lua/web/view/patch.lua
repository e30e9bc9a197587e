--- What plugins add to what is shown. They are asked once for a whole list and answer additions only: badges, and fields of
--- their own below `ext`; nothing that is there can be changed.
local i18n = require("kernel.i18n")
local log = require("kernel.log")
local plugins = require("kernel.plugins")
local points = require("kernel.points")
local text = require("kernel.text")

local patch = {}

local MOST_BADGES <const> = 4
local LONGEST <const> = 60

-- Handlers of each view, by the list of all: another one when plugins change.
local by_list = setmetatable({}, { __mode = "k" })

local function handlers_of(view)
  local all = points.handlers("view_patch")
  if #all == 0 then return all end
  local by_view = by_list[all]
  if not by_view then
    by_view = {}
    for _, handler in ipairs(all) do
      by_view[handler.spec.view] = by_view[handler.spec.view] or {}
      table.insert(by_view[handler.spec.view], handler)
    end
    by_list[all] = by_view
  end
  return by_view[view] or {}
end

--- Whether any plugin adds to such a view.
---@param view string
---@return boolean
function patch.is_asked(view)
  for _, handler in ipairs(handlers_of(view)) do
    if not plugins.missing_setting(handler) then return true end
  end
  return false
end

local function project(paths, items)
  local names, list = {}, {}
  for _, path in ipairs(paths) do names[#names + 1] = path:match("^items%[%]%.([%w_]+)$") end
  for i, item in ipairs(items) do
    local seen = { id = item.id }
    for _, name in ipairs(names) do seen[name] = item[name] end
    list[i] = seen
  end
  return list
end

local function may_write(handler, path)
  for _, allowed in ipairs(handler.spec.writes) do
    if allowed == path then return true end
  end
  return false
end

-- A message of the plugin, or a text as it is.
local function words(page, handler, message)
  local key = type(message) == "table" and message[1] or message
  if type(key) ~= "string" then return nil end
  local args = type(message) == "table" and message or nil
  local shown = i18n.find(page.locale, handler.plugin .. "." .. key, args) or key
  return text.valid(shown) and text.sub(shown, 1, LONGEST) or nil -- a page is UTF-8, whatever a plugin has in mind
end

local function add_badges(page, handler, found, badges)
  for _, badge in ipairs(type(badges) == "table" and badges or {}) do
    local shown = words(page, handler, badge)
    if shown and #found.badges < MOST_BADGES then found.badges[#found.badges + 1] = shown end
  end
end

local function add_fields(handler, found, fields)
  for name, value in pairs(type(fields) == "table" and fields or {}) do
    if may_write(handler, "ext." .. handler.plugin .. "." .. tostring(name)) and type(value) ~= "function" then
      local publisher, own = handler.plugin:match("^([^.]+)%.(.+)$")
      found.ext[publisher] = found.ext[publisher] or {}
      found.ext[publisher][own] = found.ext[publisher][own] or {}
      found.ext[publisher][own][name] = value
    end
  end
end

local function apply(page, handler, by_id, answer)
  for _, addition in ipairs(answer) do
    local found = type(addition) == "table" and by_id[addition.id]
    if found then
      if may_write(handler, "badges") then add_badges(page, handler, found, addition.badges) end
      add_fields(handler, found, addition.ext)
    end
  end
end

--- Asks the plugins what they add to a list of things.
---@param page table
---@param view string "product_card"
---@param items table[] each with `id` and what the contract says that handlers may see
---@return table<integer, { badges: string[], ext: table }> by id
function patch.ask(page, view, items)
  local handlers, by_id = handlers_of(view), {}
  for _, item in ipairs(items) do by_id[item.id] = { badges = {}, ext = {} } end
  for _, handler in ipairs(handlers) do
    if not plugins.missing_setting(handler) then
      local answer, err = handler.call({ view = view, items = project(handler.input, items), locale = page.locale }, plugins.settings(handler))
      if type(answer) == "table" then
        apply(page, handler, by_id, answer)
      elseif err ~= nil or answer ~= nil then
        log.warn("a view patch is left out", { handler = handler.id, error = type(err) == "table" and err.message or "it must return a list" })
      end
    end
  end
  return by_id
end

return patch
