--- The catalogue as a product file in WooCommerce's format: what import reads, written back, hidden products too.
local catalog = require("domain.catalog")
local cells = require("domain.transfer.cells")
local channel = require("domain.channel")
local db = require("kernel.db")
local text = require("kernel.text")

local export = {}

local HEADS <const> = {
  "ID", "Type", "SKU", "GTIN, UPC, EAN, or ISBN", "Name", "Published", "Is featured?", "Visibility in catalog", "Short description",
  "Description", "Date sale price starts", "Date sale price ends", "Tax status", "Tax class", "In stock?", "Stock", "Low stock amount",
  "Backorders allowed?", "Sold individually?", "Weight (kg)", "Length (cm)", "Width (cm)", "Height (cm)", "Purchase note", "Sale price",
  "Regular price", "Categories", "Tags", "Shipping class", "Images", "Download limit", "Download expiry days", "Parent",
  "Grouped products", "Upsells", "Cross-sells", "External URL", "Button text", "Position", "Brands",
}
local PAGE <const> = 200
local SOURCE <const> = "woocommerce"
local META_HEADS <const> = { purchase_note = "Purchase note", delivery_class = "Shipping class" } -- the others are "Meta: KEY"

-- How the sender of a file named a row, in his numbers: ids of this shop mean other products there.
local function external_id(entity, id, source)
  return db.value("external_id_of", { entity = entity, entity_id = id, source = source or SOURCE })
end

local function measure(value, digits, unit)
  return value > 0 and cells.format_decimal((value + unit // 2) // unit, digits) or ""
end

local function price_cells(variant, digits)
  local regular, sale
  for _, row in ipairs(variant.prices) do
    if row.starts_at or row.ends_at then sale = sale or row elseif row.min_quantity == 1 then regular = regular or row end
  end
  return {
    ["Regular price"] = regular and cells.format_decimal(regular.amount, digits),
    ["Sale price"] = sale and cells.format_decimal(sale.amount, digits),
    ["Date sale price starts"] = sale and sale.starts_at and sale.starts_at > 0 and cells.format_date(sale.starts_at) or nil,
    ["Date sale price ends"] = sale and sale.ends_at and cells.format_date(sale.ends_at) or nil,
  }
end

local function download_cells(variant, row)
  for i, file in ipairs(db.many("downloads_of_variant", { variant_id = variant.id })) do
    row["Download " .. i .. " name"], row["Download " .. i .. " URL"] = file.title, file.source
    row["Download limit"] = file.max_count and tostring(file.max_count)
    row["Download expiry days"] = file.expiry_days and tostring(file.expiry_days)
  end
end

local function variant_cells(found, variant, digits)
  local row = price_cells(variant, digits)
  local is_counted = found.tracking == "variant" and variant.available < math.maxinteger or variant.can_backorder
  row.SKU, row["GTIN, UPC, EAN, or ISBN"] = variant.sku, variant.gtin
  row["Tax status"] = variant.is_taxable == 1 and "taxable" or "none"
  row["Tax class"] = variant.tax_class ~= "standard" and variant.tax_class or ""
  row["In stock?"] = variant.is_available and "1" or "0"
  row.Stock = found.tracking == "variant" and is_counted and tostring(variant.on_hand) or found.tracking == "product" and "parent" or ""
  row["Low stock amount"] = found.tracking == "variant" and variant.low_at and tostring(variant.low_at) or nil
  row["Backorders allowed?"] = variant.can_backorder and "1" or "0"
  row["Sold individually?"] = variant.max_quantity == 1 and "1" or "0"
  row["Weight (kg)"] = measure(variant.weight_mg, 3, 1000)
  row["Length (cm)"], row["Width (cm)"] = measure(variant.length_um, 1, 1000), measure(variant.width_um, 1, 1000)
  row["Height (cm)"] = measure(variant.height_um, 1, 1000)
  download_cells(variant, row)
  return row
end

local function type_of(kind, variant)
  local words = { kind }
  if variant and variant.is_downloadable == 1 then words[#words + 1] = "downloadable" end
  if variant and variant.ships == 0 then words[#words + 1] = "virtual" end
  return table.concat(words, ", ")
end

local function category_cell(ctx, id)
  local paths, tree = {}, catalog.category_tree(ctx)
  local rows = db.many("categories_of_product", { product_id = id })
  table.sort(rows, function(a, b) return a.is_primary > b.is_primary end)
  for _, row in ipairs(rows) do
    local names = {}
    for _, category in ipairs(catalog.category_path(tree.by_id[row.category_id])) do names[#names + 1] = category.title end
    paths[#paths + 1] = table.concat(names, " > ")
  end
  return cells.join(paths)
end

local function titles(rows)
  local list = {}
  for i, row in ipairs(rows) do list[i] = row.title or row.path and "media/" .. row.path end
  return cells.join(list)
end

-- How another row of the file names a product: by its id, its own SKU, else that of what it sells.
local function reference(id)
  local ref = external_id("product", id)
  if ref then return "id:" .. ref end
  local variant = db.many("variants_to_edit", { product_id = id })[1]
  return external_id("product", id, "sku") or variant and variant.sku
end

local function references(relations)
  local list = {}
  for _, relation in ipairs(relations) do list[#list + 1] = reference(relation.id) end
  return cells.join(list)
end

local function attribute_cells(row, attributes)
  for i, attribute in ipairs(attributes) do
    row["Attribute " .. i .. " name"] = attribute.title
    row["Attribute " .. i .. " value(s)"] = cells.join(attribute.values)
    row["Attribute " .. i .. " visible"] = attribute.is_visible and "1" or "0"
    row["Attribute " .. i .. " global"] = attribute.attribute_id and "1" or "0"
  end
  return row
end

local VISIBILITY <const> = { [3] = "visible", [2] = "catalog", [1] = "search", [0] = "hidden" }

-- Stock that all variants of a product share stands in the product's own row.
local function shared_stock(found, row)
  local first = found.variants[1]
  row.Stock, row["Low stock amount"] = tostring(first.on_hand), first.low_at and tostring(first.low_at) or nil
  row["Backorders allowed?"] = first.can_backorder and "1" or "0"
end

-- The words of a product that a language has of its own, by the names that import knows them by.
local function words_of(ctx, found)
  local row = {
    name = found.title, short_description = found.summary, description = found.description, button_text = found.external_label,
    categories = category_cell(ctx, found.id),
  }
  for i, attribute in ipairs(found.attributes) do
    row["attribute " .. i .. " name"] = attribute.title
    row["attribute " .. i .. " value(s)"] = cells.join(attribute.values)
  end
  return row
end

local function translation_cells(ctx, found, row)
  local own = words_of(ctx, found)
  for _, locale in ipairs(ctx.channel.locales) do
    if locale ~= ctx.locale then
      local other = channel.context(ctx.channel, ctx.now, locale)
      for field, words in pairs(words_of(other, catalog.load_product(other, found.id))) do
        if words ~= own[field] then row[("Meta: merx.%s.%s"):format(locale, field)] = words end
      end
    end
  end
end

local function product_row(ctx, found, digits)
  local has_variations = found.kind == "variable"
  local row = has_variations and {} or variant_cells(found, found.variants[1], digits)
  if found.tracking == "product" then shared_stock(found, row) end
  row.ID, row.SKU = external_id("product", found.id), external_id("product", found.id, "sku") or row.SKU
  row.Type, row.Name = type_of(found.kind, not has_variations and found.variants[1]), found.title
  row.Published, row["Is featured?"] = found.state == "active" and "1" or "-1", tostring(found.is_featured)
  row["Visibility in catalog"] = VISIBILITY[found.is_listed * 2 + found.is_searchable]
  row["Short description"], row.Description = found.summary, found.description
  row.Categories, row.Tags = category_cell(ctx, found.id), titles(db.many("tags_of_product", { product_id = found.id }))
  row.Images, row.Brands, row.Position = titles(found.images), found.brand, tostring(-found.featured_position)
  row["External URL"], row["Button text"] = found.external_url, found.external_label
  row["Grouped products"] = references(found.relations.member)
  row.Upsells, row["Cross-sells"] = references(found.relations.up_sell), references(found.relations.cross_sell)
  for _, meta in ipairs(db.many("imported_meta_of_product", { product_id = found.id })) do
    row[META_HEADS[meta.key] or "Meta: " .. meta.key] = meta.value
  end
  translation_cells(ctx, found, row)
  return attribute_cells(row, found.attributes)
end

local function variation_row(found, variant, digits)
  local row = variant_cells(found, variant, digits)
  row.ID, row.Type, row.Parent = external_id("variant", variant.id), type_of("variation", variant), reference(found.id)
  row.Name, row.Published = found.title .. " - " .. variant.title, variant.is_enabled == 1 and "1" or "-1"
  row.Position = tostring(variant.position)
  local attributes = {}
  for i, option in ipairs(found.options) do
    local value
    for _, entry in ipairs(option.values) do
      if entry.id == variant.values[option.id] then value = entry.key end
    end
    attributes[i] = { title = option.key, values = { value }, is_visible = true, attribute_id = option.attribute_id }
  end
  return attribute_cells(row, attributes)
end

local PARTS <const> = { name = "1", ["value(s)"] = "2", visible = "3", global = "4" }

-- "Attribute 10 name" comes after "Attribute 9 name", and "Attribute 9 global" between them.
local function by_number(a, b)
  local function key(head)
    return (head:gsub("%d+", function(digits) return ("%09d"):format(tonumber(digits)) end):gsub("^(Attribute %d+ )(.+)$", function(what, part)
      return what .. (PARTS[part] or part)
    end))
  end
  return key(a) < key(b)
end

-- The heads that always stand there, then those that some row needs.
local function heads_of(rows)
  local heads, seen = table.move(HEADS, 1, #HEADS, 1, {}), {}
  for _, head in ipairs(HEADS) do seen[head] = true end
  local more = {}
  for _, row in ipairs(rows) do
    for head in pairs(row) do
      if not seen[head] then
        seen[head] = true
        more[#more + 1] = head
      end
    end
  end
  table.sort(more, by_number)
  return table.move(more, 1, #more, #heads + 1, heads)
end

local function all_rows(ctx, digits)
  local rows, last = {}, 0
  repeat
    local ids = db.many("listing_products_after", { id = last, limit = PAGE })
    for _, entry in ipairs(ids) do
      last = entry.id
      local found = catalog.load_product(ctx, entry.id)
      if found and #found.variants > 0 then
        rows[#rows + 1] = product_row(ctx, found, digits)
        for _, variant in ipairs(found.kind == "variable" and found.variants or {}) do rows[#rows + 1] = variation_row(found, variant, digits) end
      end
    end
  until #ids < PAGE
  return rows
end

--- Calls `write` with each line of the file, the heads first.
---@param ctx merx.Context
---@param digits integer of the currency
---@param write fun(line: string)
---@return integer rows
function export.run(ctx, digits, write)
  local rows = all_rows(ctx, digits)
  local heads = heads_of(rows)
  write(text.csv_write(heads))
  for _, row in ipairs(rows) do
    local fields = {}
    for i, head in ipairs(heads) do fields[i] = row[head] or "" end
    write(text.csv_write(fields))
  end
  return #rows
end

return export
