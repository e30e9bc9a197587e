--- The tree of categories, read once and kept until it is touched: a shop has some hundred at most.
local cache = require("kernel.cache")
local db = require("kernel.db")

local categories = {}

---@class merx.Category
---@field id integer
---@field handle string
---@field title string
---@field description string clean HTML
---@field parent? merx.Category
---@field children merx.Category[] in order, those that shoppers see
---@field sort string
---@field image? { path: string, width: integer, height: integer, alt: string }
---@field is_visible boolean

local function translate(rows, locale)
  for _, row in ipairs(db.many("translations_of_entity", { entity = "category", locale = locale })) do
    local category = rows[row.entity_id]
    if category and (row.field == "title" or row.field == "description") then category[row.field] = row.value end
  end
end

local tree_in = cache.memo("categories", function(_, locale, base_locale)
  local tree = { by_id = {}, by_handle = {}, roots = {}, all = {} }
  for _, row in ipairs(db.many("categories_all")) do
    tree.by_id[row.id], tree.by_handle[row.handle] = row, row
    tree.all[#tree.all + 1] = row
    row.children, row.is_visible = {}, row.state == "active"
    if row.image_path then
      row.image = { path = row.image_path, width = row.image_width, height = row.image_height, alt = row.image_alt }
    end
  end
  if locale ~= base_locale then translate(tree.by_id, locale) end
  for _, row in ipairs(tree.all) do
    row.parent = row.parent_id and tree.by_id[row.parent_id]
    local siblings = row.parent and row.parent.children or tree.roots
    if row.is_visible then siblings[#siblings + 1] = row end
  end
  return tree
end)

--- The tree in the language of `ctx`.
---@param ctx merx.Context
---@return { by_id: table<integer, merx.Category>, by_handle: table<string, merx.Category>, roots: merx.Category[], all: merx.Category[] }
function categories.tree(ctx)
  local locale, base_locale = ctx.locale, ctx.channel.locale
  return tree_in(locale == base_locale and "" or locale, locale, base_locale)
end

--- A category that shoppers see, by its handle.
---@param ctx merx.Context
---@param handle string
---@return merx.Category?
function categories.find(ctx, handle)
  local category = categories.tree(ctx).by_handle[handle]
  return category and category.is_visible and category or nil
end

--- The way down to a category, itself last.
---@param category merx.Category
---@return merx.Category[]
function categories.path(category)
  local path = {}
  while category do
    table.insert(path, 1, category)
    category = category.parent
  end
  return path
end

--- The ids of a category and of all above it; 0 stands for "all products".
---@param tree table of categories.tree()
---@param id integer
---@return integer[]
function categories.ancestors(tree, id)
  local ids, category = {}, tree.by_id[id]
  while category do
    ids[#ids + 1] = category.id
    category = category.parent
  end
  return ids
end

return categories
