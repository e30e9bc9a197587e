--- Writes products, whole, from documents: what is not in the document is taken away, what is in it is made or changed.
--- A document is written within one command, so a product is never half there.
local db = require("kernel.db")
local history = require("domain.catalog.history")
local inventory = require("domain.inventory")
local json = require("kernel.json")
local terms = require("domain.transfer.terms")
local text = require("kernel.text")

local write = {}

-- Beside counted variants of a product, one that nobody counts has an account that never runs dry.
local UNCOUNTED <const> = 1000000

---@class merx.ProductInput
---@field ref? { source: string, id: string } how the sender names it
---@field product_id? integer|false the product that it was matched with, false when it is a new one, nil when nobody looked
---@field code? string SKU of a product that has variants
---@field kind string
---@field title string
---@field variants merx.VariantInput[] at least one
---@field translations table<string, table<string, string>>

---@param sku string?
---@return string?
function write.sku_key(sku)
  if not sku then return nil end
  local key = text.fold(sku):match("^%s*(.-)%s*$")
  return key ~= "" and key or nil
end

-- SKUs of products that have variants, and of variants: one namespace.
local function product_of_number(sku)
  local key = write.sku_key(sku)
  return key and (db.value("external_id_find", { source = "sku", entity = "product", value = key }) or db.value("product_of_sku", { sku_key = key }))
end

--- The product that the sender's id means.
---@param input merx.ProductInput
---@return integer?
function write.find_by_ref(input)
  local ref = input.ref
  return ref and db.value("external_id_find", { source = ref.source, entity = "product", value = ref.id })
end

--- The product that has a SKU of a document.
---@param input merx.ProductInput
---@return integer?
function write.find_by_number(input)
  local id = product_of_number(input.code)
  for _, variant in ipairs(input.variants) do
    if id then break end
    id = product_of_number(variant.sku)
  end
  return id
end

--- The product that a document means: the one it was matched with, else by the sender's id or a SKU.
---@param input merx.ProductInput
---@return integer?
function write.find(input)
  if input.product_id ~= nil then return input.product_id or nil end
  return write.find_by_ref(input) or write.find_by_number(input)
end

local function put_row(tx, input)
  local id = write.find(input)
  local is_new = id == nil
  if is_new then
    id = tx.id("product")
    db.insert("product_insert", {
      id = id, handle = terms.free_handle(input.title, "product_handle_owner"), kind = input.kind, title = input.title, at = tx.now,
    })
  end
  assert(db.run("product_update", {
    id = id, kind = input.kind, title = input.title, summary = input.summary or "", description = input.description or "",
    brand_id = terms.brand(tx, input.brand), state = input.state or "active", is_listed = input.is_listed ~= false,
    is_searchable = input.is_searchable ~= false, is_featured = input.is_featured == true,
    featured_position = -(input.position or 0), tracking = input.tracking or "none", max_per_order = input.max_per_order,
    external_url = input.external_url or "", external_label = input.external_label or "", at = tx.now,
  }))
  local ref, key = input.ref, write.sku_key(input.code)
  if ref then db.insert("external_id_put", { source = ref.source, entity = "product", value = ref.id, entity_id = id }) end
  if key then db.insert("external_id_put", { source = "sku", entity = "product", value = key, entity_id = id }) end
  db.run("product_numbers_forget", { product_id = id, kept = key })
  for locale, words in pairs(input.translations or {}) do
    for _, field in ipairs({ "title", "summary", "description", "external_label" }) do
      terms.translate(tx, "product", id, locale, field, words[field])
    end
  end
  return id, is_new
end

local function put_categories(tx, input, id)
  db.run("product_categories_clear", { product_id = id })
  for i, category in ipairs(input.categories or {}) do
    db.insert("product_category_put", {
      category_id = terms.category(tx, category.path, category.words), product_id = id, position = input.position or 0, is_primary = i == 1,
    })
  end
  db.run("product_tags_clear", { product_id = id })
  for _, tag in ipairs(input.tags or {}) do
    db.insert("product_tag_insert", { product_id = id, tag_id = terms.tag(tag) })
  end
end

local function put_images(tx, input, id)
  local ids = {}
  db.run("product_media_clear", { product_id = id })
  for i, file in ipairs(input.images or {}) do
    ids[i] = terms.media(tx, file)
    db.insert("product_media_insert", { product_id = id, media_id = ids[i], position = i })
  end
  return ids
end

local function put_global_attribute(tx, attribute, id)
  local attribute_id = terms.attribute(tx, attribute.title, attribute.words)
  for _, value in ipairs(attribute.values) do
    local term_id = terms.term(tx, attribute_id, value.title, value.words)
    value.term_id = term_id
    db.insert("product_term_insert", { product_id = id, term_id = term_id })
  end
  return attribute_id
end

local function put_local_words(tx, attribute, row_id)
  for locale, word in pairs(attribute.words or {}) do
    terms.translate(tx, "product_attribute", row_id, locale, "title", word)
    local values = json.array({})
    for i, value in ipairs(attribute.values) do values[i] = value.words and value.words[locale] or value.title end
    terms.translate(tx, "product_attribute", row_id, locale, "words", json.encode(values))
  end
end

local function put_attributes(tx, input, id)
  db.run("product_attributes_clear", { product_id = id })
  db.run("product_terms_clear", { product_id = id })
  for i, attribute in ipairs(input.attributes or {}) do
    local attribute_id = attribute.is_global and put_global_attribute(tx, attribute, id) or nil
    attribute.attribute_id = attribute_id
    local words = json.array({})
    for n, value in ipairs(attribute.values) do words[n] = value.title end
    local row_id = db.insert("product_attribute_insert", {
      product_id = id, attribute_id = attribute_id, title = attribute.title, is_visible = attribute.is_visible,
      words = attribute_id and "[]" or json.encode(words), position = i,
    })
    if not attribute_id then put_local_words(tx, attribute, row_id) end
  end
end

local function put_option_value(tx, option_id, value, position)
  local id = db.value("option_value_find", { option_id = option_id, title = value.title })
    or db.insert("option_value_insert", { option_id = option_id, term_id = value.term_id, title = value.title, position = position })
  if not value.term_id then
    for locale, word in pairs(value.words or {}) do terms.translate(tx, "option_value", id, locale, "title", word) end
  end
  return id
end

-- Attributes that a buyer chooses become options. Returns them by title, with the ids of their values.
local function put_options(tx, input, id)
  local options, keep = {}, {}
  for i, attribute in ipairs(input.attributes or {}) do
    if attribute.is_option then
      local row = { product_id = id, attribute_id = attribute.attribute_id, title = attribute.title, position = i }
      local option_id = db.value("option_find", { product_id = id, title = attribute.title })
      if option_id then
        row.id = option_id
        db.run("option_update", row)
      else
        option_id = db.insert("option_insert", row)
      end
      keep[option_id] = true
      if not attribute.attribute_id then
        for locale, word in pairs(attribute.words or {}) do terms.translate(tx, "option", option_id, locale, "title", word) end
      end
      local option = { id = option_id, values = {} }
      for n, value in ipairs(attribute.values) do option.values[value.title] = put_option_value(tx, option_id, value, n) end
      options[attribute.title] = option
    end
  end
  for _, row in ipairs(db.many("options_of_product", { product_id = id })) do
    if not keep[row.id] then db.run("option_delete", { id = row.id }) end
  end
  return options
end

-- The regular price is a row without a window; a sale is a row with one, even if it began long ago.
local function put_prices(tx, variant, id, channels)
  for _, channel in ipairs(channels) do
    local row = { variant_id = id, price_list_id = channel.price_list_id }
    db.run("prices_clear", row)
    if variant.regular_amount then
      row.amount = variant.regular_amount
      db.insert("price_insert", row)
    end
    if variant.sale_amount and variant.regular_amount and variant.sale_amount < variant.regular_amount then
      row.amount, row.compare_amount = variant.sale_amount, variant.regular_amount
      row.starts_at, row.ends_at = variant.sale_from or 0, variant.sale_to
      db.insert("price_insert", row)
    end
    history.note(id, channel, tx.now, "import")
  end
end

local function put_values(variant, id, options)
  db.run("variant_values_clear", { variant_id = id })
  for title, value in pairs(variant.values or {}) do
    local option = options[title]
    local value_id = option and option.values[value]
    if value_id then
      db.insert("variant_value_insert", { variant_id = id, option_id = option.id, value_id = value_id })
    end
  end
end

local function put_downloads(variant, id)
  db.run("downloads_clear", { variant_id = id })
  for i, file in ipairs(variant.downloads or {}) do
    db.insert("download_insert", {
      variant_id = id, title = file.title, source = file.source, position = i,
      max_count = variant.download_limit, expiry_days = variant.download_expiry_days,
    })
  end
end

local function find_free(rows, field, value)
  for _, row in ipairs(rows) do
    if not row.taken and row[field] == value then return row end
  end
end

-- Which row a variant of a document means, the surest first. Rows that have no SKU are few and may be walked.
local MATCHES <const> = {
  function(variant, index)
    local ref = variant.ref
    local id = ref and db.value("external_id_find", { source = ref.source, entity = "variant", value = ref.id })
    return id and index.by_id[id]
  end,
  function(variant, index)
    local key = write.sku_key(variant.sku)
    return key and index.by_key[key]
  end,
  function(variant, index) return not write.sku_key(variant.sku) and find_free(index.nameless, "title", variant.title) end,
  function(_, index, position) return find_free(index.nameless, "position", position) end,
}

local function index_variants(existing)
  local index = { by_id = {}, by_key = {}, nameless = {} }
  for _, row in ipairs(existing) do
    index.by_id[row.id] = row
    if row.sku_key then index.by_key[row.sku_key] = row else table.insert(index.nameless, row) end
  end
  return index
end

-- The row of each variant of a document that has one, by its place.
local function match_variants(input, existing)
  local rows, index = {}, index_variants(existing)
  for _, match in ipairs(MATCHES) do
    for position, variant in ipairs(input.variants) do
      local row = not rows[position] and match(variant, index, position)
      if row and not row.taken then
        row.taken, rows[position] = true, row
        row.next_key = write.sku_key(variant.sku)
      end
    end
  end
  return rows
end

-- Gives up the SKUs that a product will not have any more, before anybody takes them.
local function release_numbers(tx, existing)
  for _, row in ipairs(existing) do
    if not row.taken then
      db.run("variant_retire", { id = row.id, at = tx.now })
    elseif row.sku_key and row.sku_key ~= row.next_key then
      db.run("variant_number_release", { id = row.id })
    end
  end
end

local function put_variant(tx, input, variant, position, context)
  local row = context.rows[position]
  local id = row and row.id
  if not row then
    id = tx.id("product")
    db.insert("variant_insert", { id = id, product_id = context.id, position = position, at = tx.now })
  end
  local sku_key = write.sku_key(variant.sku)
  local ok, err = db.run("variant_update", {
    id = id, position = position, title = variant.title or "", sku = sku_key and variant.sku or nil, sku_key = sku_key,
    gtin = variant.gtin or "", media_id = variant.image and context.images[variant.image] or nil,
    is_enabled = variant.is_enabled ~= false, ships = variant.ships ~= false, is_downloadable = variant.is_downloadable == true,
    is_taxable = variant.is_taxable ~= false, tax_class = variant.tax_class or "standard",
    weight_mg = variant.weight_mg or 0, length_um = variant.length_um or 0, width_um = variant.width_um or 0,
    height_um = variant.height_um or 0, max_quantity = variant.max_quantity, at = tx.now,
  })
  if not ok then return nil, err end
  put_values(variant, id, context.options)
  put_prices(tx, variant, id, context.channels)
  put_downloads(variant, id)
  if input.tracking == "variant" then
    inventory.set_level(tx, {
      owner_id = id, quantity = variant.stock or UNCOUNTED,
      floor = (variant.can_backorder or not variant.stock) and inventory.UNLIMITED or 0,
      low_at = variant.low_at, reason = "import",
    })
  end
  if variant.ref then
    db.insert("external_id_put", { source = variant.ref.source, entity = "variant", value = variant.ref.id, entity_id = id })
  end
  return id
end

-- The row of a product, and what of it is there already.
local function open_product(tx, input, channels)
  local id, is_new = put_row(tx, input)
  local existing = db.many("variants_to_keep", { product_id = id })
  return { id = id, is_new = is_new, existing = existing, rows = match_variants(input, existing), channels = channels }
end

-- Everything that hangs on the row of a product.
local function fill_product(tx, input, context)
  local id = context.id
  put_categories(tx, input, id)
  context.images = put_images(tx, input, id)
  put_attributes(tx, input, id)
  context.options = put_options(tx, input, id)
  for position, variant in ipairs(input.variants) do
    local variant_id, err = put_variant(tx, input, variant, position, context)
    if not variant_id then return nil, err end
  end
  if input.tracking == "product" then
    inventory.set_level(tx, {
      owner_id = id, quantity = input.stock or 0, floor = input.can_backorder and inventory.UNLIMITED or 0,
      low_at = input.low_at, reason = "import",
    })
  end
  for _, entry in ipairs(input.meta or {}) do
    db.insert("meta_put", { entity = "product", entity_id = id, namespace = "import", key = entry.key, value = entry.value, at = tx.now })
  end
  return true
end

--- Writes products and everything that hangs on them but their relations to other products. Those who exchange SKUs are
--- written together.
---@param tx merx.Tx
---@param inputs merx.ProductInput[]
---@param channels merx.Channel[]
---@return { id: integer, is_new: boolean }[]? results
---@return merx.Error? err "db.conflict" when a SKU belongs to another product
---@return merx.ProductInput? input whose SKU it is
function write.products(tx, inputs, channels)
  local contexts, results = {}, {}
  for i, input in ipairs(inputs) do contexts[i] = open_product(tx, input, channels) end
  for _, context in ipairs(contexts) do release_numbers(tx, context.existing) end
  for i, input in ipairs(inputs) do
    local ok, err = fill_product(tx, input, contexts[i])
    if not ok then return nil, err, input end
    results[i] = { id = contexts[i].id, is_new = contexts[i].is_new }
  end
  return results
end

--- Writes how a product relates to others, once they all exist.
---@param id integer
---@param relations table<string, integer[]> kind -> product ids
function write.relations(id, relations)
  db.run("product_relations_clear", { product_id = id })
  for kind, targets in pairs(relations) do
    for position, target_id in ipairs(targets) do
      if target_id ~= id then
        db.insert("product_relation_insert", { product_id = id, kind = kind, target_id = target_id, position = position })
      end
    end
  end
end

return write
