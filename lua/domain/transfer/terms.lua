--- Finds or makes the small rows that products share: brands, categories, tags, attributes, files.
--- Each is known by its handle, so that two spellings of one word meet.
local db = require("kernel.db")
local text = require("kernel.text")

local terms = {}

local function slug_of(title)
  local slug = text.slug(title)
  return slug ~= "" and slug or "x-" .. text.hex(title):sub(1, 24)
end
terms.slug = slug_of

--- A handle that nobody else has: the title's, with a number behind it when that is taken.
---@param title string
---@param owner_query string named query: handle -> id
---@param own_id? integer
---@return string
function terms.free_handle(title, owner_query, own_id)
  local slug = slug_of(title)
  local handle, n = slug, 1
  while true do
    local owner = db.value(owner_query, { handle = handle })
    if not owner or owner == own_id then return handle end
    n = n + 1
    handle = slug .. "-" .. n
  end
end

--- Writes a text in another language.
---@param tx merx.Tx
---@param entity string
---@param id integer
---@param locale string
---@param field string
---@param value string?
function terms.translate(tx, entity, id, locale, field, value)
  if value and value ~= "" then
    db.insert("translation_put", { entity = entity, entity_id = id, locale = locale, field = field, value = value, at = tx.now })
  end
end

---@param tx merx.Tx
---@param title string?
---@return integer?
function terms.brand(tx, title)
  if not title then return nil end
  local handle = slug_of(title)
  local id = db.value("brand_find", { handle = handle })
  if id then return id end
  return db.insert("brand_insert", { handle = handle, title = title, at = tx.now })
end

---@param title string
---@return integer
function terms.tag(title)
  local handle = slug_of(title)
  local id = db.value("tag_find", { handle = handle })
  if id then return id end
  return db.insert("tag_insert", { handle = handle, title = title })
end

--- The last category of a path, made with those above it when missing.
---@param tx merx.Tx
---@param path string[]
---@param words? table<string, string[]> locale -> the same path in that language
---@return integer
function terms.category(tx, path, words)
  local parent
  for depth, title in ipairs(path) do
    local id = db.value("category_find", { parent_id = parent, title = title })
    if not id then
      id = db.insert("category_insert", {
        handle = terms.free_handle(title, "category_handle_owner"), parent_id = parent, title = title, at = tx.now,
      })
      tx.touch("categories")
    end
    for locale, names in pairs(words or {}) do terms.translate(tx, "category", id, locale, "title", names[depth]) end
    parent = id
  end
  return parent
end

---@param tx merx.Tx
---@param title string
---@param words? table<string, string> locale -> title
---@return integer
function terms.attribute(tx, title, words)
  local handle = slug_of(title)
  local id = db.value("attribute_find", { handle = handle })
    or db.insert("attribute_insert", { handle = handle, title = title, at = tx.now })
  for locale, word in pairs(words or {}) do terms.translate(tx, "attribute", id, locale, "title", word) end
  return id
end

---@param tx merx.Tx
---@param attribute_id integer
---@param title string
---@param words? table<string, string>
---@return integer
function terms.term(tx, attribute_id, title, words)
  local handle = slug_of(title)
  local id = db.value("attribute_term_find", { attribute_id = attribute_id, handle = handle })
    or db.insert("attribute_term_insert", { attribute_id = attribute_id, handle = handle, title = title })
  for locale, word in pairs(words or {}) do terms.translate(tx, "attribute_term", id, locale, "title", word) end
  return id
end

---@param tx merx.Tx
---@param file { digest: string, path: string, type: string, bytes: integer, width: integer, height: integer, alt: string, source: string }
---@return integer
function terms.media(tx, file)
  local id = db.value("media_find", { digest = file.digest })
  if id then return id end
  return db.insert("media_insert", {
    digest = file.digest, kind = file.type:find("^image/") and "image" or "file", path = file.path, type = file.type,
    bytes = file.bytes, width = file.width, height = file.height, alt = file.alt or "", source = file.source, at = tx.now,
  })
end

return terms
