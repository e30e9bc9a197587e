--- Words of the shop: pages and menus.
local cache = require("kernel.cache")
local command = require("kernel.command")
local db = require("kernel.db")
local schema = require("kernel.schema")
local text = require("kernel.text")

local content = {}

local function translate(ctx, entity, row)
  if ctx.locale == ctx.channel.locale then return row end
  for _, word in ipairs(db.many("translations_of_row", { entity = entity, entity_id = row.id, locale = ctx.locale })) do
    if row[word.field] then row[word.field] = word.value end
  end
  return row
end

--- A page that shoppers may read now, or nil.
---@param ctx merx.Context
---@param handle string
---@return table?
function content.find_page(ctx, handle)
  cache.read("page:" .. handle)
  local row = db.one("page_by_handle", { handle = handle })
  if not row then return nil end
  if row.publish_at and row.publish_at > ctx.now then
    cache.valid_until(row.publish_at)
    return nil
  end
  return translate(ctx, "page", row)
end

--- All pages that shoppers may read now, without their bodies.
---@param ctx merx.Context
---@return table[]
function content.list_pages(ctx)
  cache.read("pages")
  local list = {}
  for _, row in ipairs(db.many("pages_listed")) do
    if row.publish_at and row.publish_at > ctx.now then
      cache.valid_until(row.publish_at)
    else
      list[#list + 1] = translate(ctx, "page", row)
    end
  end
  return list
end

--- The links of a menu as the merchant made them, children below their parents.
---@param ctx merx.Context
---@param handle string
---@return table[]
function content.menu(ctx, handle)
  cache.read("menus")
  local by_id, roots = {}, {}
  for _, row in ipairs(db.many("menu_links_of", { handle = handle })) do
    by_id[row.id], row.children = row, {}
    translate(ctx, "menu_link", row)
    local parent = row.parent_id and by_id[row.parent_id]
    table.insert(parent and parent.children or roots, row)
  end
  return roots
end

--- The links of all menus, in no order and without their texts.
---@return { kind: string, target_id?: integer, url: string }[]
function content.menu_links()
  cache.read("menus")
  return db.many("menu_links_all")
end

command.define({
  name = "content.put_page",
  doc = "Makes or changes a page of text. Its HTML is cleaned.",
  args = schema.object({
    handle = schema.text({ required = true, max = 200, pattern = "^[%w-]+$" }),
    title = schema.text({ required = true, max = 300 }),
    body = schema.text({ required = true, max = 500000, multiline = true }),
    translations = schema.map(schema.map(schema.text({ multiline = true, max = 500000, required = true }), { required = true }), { default = {} }),
  }),
  handler = function(tx, args)
    db.run("page_put", { handle = args.handle, title = args.title, body = text.clean_html(args.body), at = tx.now })
    local id = db.value("page_id", { handle = args.handle })
    for locale, words in pairs(args.translations) do
      for field, value in pairs(words) do
        db.run("translation_put", {
          entity = "page", entity_id = id, locale = locale, field = field,
          value = field == "body" and text.clean_html(value) or value, at = tx.now,
        })
      end
    end
    tx.touch("page:" .. args.handle)
    tx.touch("pages")
    return { id = id }
  end,
})

return content
