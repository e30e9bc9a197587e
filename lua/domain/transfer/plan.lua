--- From documents of a product file to what the catalogue writes: variations find their product, words
--- their language, pictures their file. Everything that is wrong is noted; nothing is written here.
local cells = require("domain.transfer.cells")
local report = require("domain.transfer.report")
local text = require("kernel.text")
local woocommerce = require("domain.transfer.woocommerce")

local plan = {}

---@class merx.TransferPlan
---@field products { line: integer, input: merx.ProductInput, relations: table<string, string[]> }[]
---@field report merx.TransferReport
---@field rows integer
---@field groups? { line: integer, input: merx.ProductInput }[][] which are written together, in what order; by match.plan()

local SOURCE <const> = "woocommerce"

local function sku_key(sku)
  return text.fold(sku):match("^%s*(.-)%s*$")
end

-- "id:12" or a SKU, as exporters write references.
local function ref_key(ref)
  local id = ref:match("^id:(%d+)$")
  return id and "id:" .. id or "sku:" .. sku_key(ref)
end

local function index_documents(documents, notes)
  local index = {}
  local function put(document, column, value, key)
    if index[key] then
      report.error(notes, document.line, column, ("the %s %s stands in line %d, too; make one of them different"):format(column, value, index[key].line))
    else
      index[key] = document
    end
  end
  for _, document in ipairs(documents) do
    if document.source_id then put(document, "ID", document.source_id, "id:" .. document.source_id) end
    if document.sku then put(document, "SKU", document.sku, "sku:" .. sku_key(document.sku)) end
  end
  return index
end

local function check_document(document, notes)
  if document.kind ~= "variation" and not document.name then
    report.error(notes, document.line, "Name", "a product needs a name")
  end
  if document.kind ~= "variation" and not document.source_id and not document.sku then
    report.error(notes, document.line, "SKU", "a product needs an ID or a SKU, so that it is found when this file is imported again")
  end
  if document.kind == "external" and not document.external_url then
    report.error(notes, document.line, "External URL", "an external product needs the address where it is sold")
  elseif document.external_url and not document.external_url:find("^https?://[^%s]+$") then
    report.error(notes, document.line, "External URL", "write an address that begins with https://")
  end
  if (document.kind == "simple" or document.kind == "variation") and not document.has_price then
    report.note(notes, document.line, "Regular price", "there is no price, so this cannot be bought")
  end
end

-- What a buyer chooses to get a variation.
local function choice_of(variation)
  local parts = {}
  for i, attribute in ipairs(variation.attributes) do parts[i] = attribute.name .. "\0" .. (attribute.values[1] or "") end
  table.sort(parts)
  return table.concat(parts, "\0")
end

local function note_doubles(variations, notes)
  local seen = {}
  for _, variation in ipairs(variations) do
    local choice = choice_of(variation)
    if seen[choice] then
      report.note(notes, variation.line, nil, ("this variation has the same values as that of line %d; a buyer cannot choose it"):format(seen[choice]))
    end
    seen[choice] = seen[choice] or variation.line
  end
end

local function attach_variations(documents, index, notes)
  for _, document in ipairs(documents) do document.variations = {} end
  for _, document in ipairs(documents) do
    if document.kind == "variation" then
      local parent = document.parent and index[ref_key(document.parent)]
      if not parent then
        report.error(notes, document.line, "Parent", document.parent and "there is no product " .. document.parent .. " in this file"
          or "a variation needs the SKU of its product here")
      elseif parent.kind ~= "variable" then
        report.error(notes, document.line, "Parent", document.parent .. " is not of the type variable")
      else
        table.insert(parent.variations, document)
      end
    end
  end
  for _, document in ipairs(documents) do note_doubles(document.variations, notes) end
end

-- The same list in another language, by place.
local function translated_list(document, locale, field)
  local cell = document.translations[locale] and document.translations[locale][field]
  return cell and cells.list(cell) or {}
end

local function words_of(document, field)
  local words = {}
  for locale, fields in pairs(document.translations) do words[locale] = fields[field] end
  return words
end

local function attribute_input(document, attribute, is_option)
  local prefix = "attribute " .. attribute.number
  local input = {
    title = attribute.name, is_global = attribute.is_global, is_visible = attribute.is_visible, is_option = is_option,
    words = words_of(document, prefix .. " name"), values = {},
  }
  for i, value in ipairs(attribute.values) do
    local words = {}
    for locale in pairs(document.translations) do words[locale] = translated_list(document, locale, prefix .. " value(s)")[i] end
    input.values[i] = { title = value, words = words }
  end
  return input
end

-- Attributes that a variation gives a value for are what the buyer chooses.
local function option_names(document)
  local names = {}
  for _, variation in ipairs(document.variations) do
    for _, attribute in ipairs(variation.attributes) do names[attribute.name] = true end
  end
  return names
end

local function attribute_inputs(document)
  local inputs, options = {}, option_names(document)
  for _, attribute in ipairs(document.attributes) do
    inputs[#inputs + 1] = attribute_input(document, attribute, options[attribute.name] == true)
  end
  return inputs
end

-- A value that a variation names and its product does not is added, so that it can be chosen.
local function add_values_of_variations(document, inputs)
  local by_name = {}
  for _, input in ipairs(inputs) do by_name[input.title] = input end
  for _, variation in ipairs(document.variations) do
    for _, attribute in ipairs(variation.attributes) do
      local input = by_name[attribute.name]
      if not input then
        input = attribute_input(variation, {
          number = attribute.number, name = attribute.name, values = {}, is_global = attribute.is_global, is_visible = true,
        }, true)
        by_name[attribute.name] = input
        inputs[#inputs + 1] = input
      end
      for i, value in ipairs(attribute.values) do
        local known = false
        for _, other in ipairs(input.values) do known = known or other.title == value end
        if not known then
          local words = {}
          for locale in pairs(variation.translations) do
            words[locale] = translated_list(variation, locale, "attribute " .. attribute.number .. " value(s)")[i]
          end
          input.values[#input.values + 1] = { title = value, words = words }
        end
      end
    end
  end
end

local function category_inputs(document)
  local inputs = {}
  local paths = {}
  for locale, fields in pairs(document.translations) do paths[locale] = fields.categories and cells.paths(fields.categories) or {} end
  for i, path in ipairs(document.categories) do
    local words = {}
    for locale, list in pairs(paths) do words[locale] = list[i] end
    inputs[i] = { path = path, words = words }
  end
  return inputs
end

local function translation_inputs(document)
  local inputs = {}
  for locale, fields in pairs(document.translations) do
    inputs[locale] = {
      title = fields.name,
      summary = fields.short_description and text.clean_html(fields.short_description),
      description = fields.description and text.clean_html(fields.description),
      external_label = fields.button_text,
    }
  end
  return inputs
end

local function note_cleaned(document, field, notes)
  local html = document[field]
  if not html then return "" end
  local clean, removed = text.clean_html(html)
  if removed and (removed.elements or 0) + (removed.attributes or 0) + (removed.addresses or 0) > 0 then
    report.note(notes, document.line, field == "description" and "Description" or "Short description",
      "markup that could run or that we do not show was taken out")
  end
  return clean
end

local function variant_title(variation)
  local parts = {}
  for _, attribute in ipairs(variation.attributes) do parts[#parts + 1] = attribute.values[1] end
  return table.concat(parts, " / ")
end

-- What a file says about stock: counted, sold out without a count, or as much as anybody wants.
local function stock_fields(document, input)
  if document.stock then
    input.stock, input.can_backorder, input.low_at = document.stock, document.backorders == true, document.low_stock
    input.is_counted = true
  elseif document.in_stock == false then
    input.stock, input.can_backorder, input.is_counted = 0, false, true
  end
end

local function variant_input(document, images)
  local input = {
    sku = document.sku, gtin = document.gtin, title = "", values = {}, regular_amount = document.regular_amount,
    sale_amount = document.sale_amount, sale_from = document.sale_from, sale_to = document.sale_to,
    ships = not (document.is_virtual or document.is_downloadable), is_downloadable = document.is_downloadable,
    is_taxable = document.is_taxable, tax_class = document.tax_class, weight_mg = document.weight_mg,
    length_um = document.length_um, width_um = document.width_um, height_um = document.height_um,
    downloads = document.downloads, download_limit = document.download_limit, download_expiry_days = document.download_expiry_days,
    is_enabled = document.state == "active", max_quantity = document.sold_individually and 1 or nil, image = images,
    ref = document.source_id and { source = SOURCE, id = document.source_id },
  }
  stock_fields(document, input)
  return input
end

local function variation_input(document, variation, images_by_name)
  local input = variant_input(variation, variation.images[1] and images_by_name[variation.images[1]])
  input.title = variant_title(variation)
  for _, attribute in ipairs(variation.attributes) do input.values[attribute.name] = attribute.values[1] end
  for _, field in ipairs({ "weight_mg", "length_um", "width_um", "height_um" }) do input[field] = input[field] or document[field] end
  return input
end

local function image_inputs(document, open_image, notes)
  local files, by_name = {}, {}
  local function add(owner)
    for _, name in ipairs(owner.images) do
      if not by_name[name] then
        local file, problem = open_image(name)
        if file then
          file.alt = document.name or ""
          files[#files + 1] = file
          by_name[name] = #files
        else
          report.note(notes, owner.line, "Images", problem .. ": " .. name .. "; a drawn placeholder is shown")
        end
      end
    end
  end
  add(document)
  for _, variation in ipairs(document.variations) do add(variation) end
  return files, by_name
end

local function variants_of(document, images_by_name)
  if document.kind ~= "variable" then return { variant_input(document) } end
  local variants = {}
  table.sort(document.variations, function(a, b)
    if a.position ~= b.position then return a.position < b.position end
    return a.line < b.line
  end)
  for i, variation in ipairs(document.variations) do variants[i] = variation_input(document, variation, images_by_name) end
  return variants
end

local function tracking_of(document, variants)
  for _, variant in ipairs(variants) do
    if variant.is_counted then return "variant" end
  end
  return document.kind == "variable" and document.stock and "product" or "none"
end

local function meta_of(document)
  local meta = document.meta
  if document.purchase_note then meta[#meta + 1] = { key = "purchase_note", value = document.purchase_note } end
  if document.delivery_class then meta[#meta + 1] = { key = "delivery_class", value = document.delivery_class } end
  return meta
end

local function product_input(document, open_image, notes)
  local images, images_by_name = image_inputs(document, open_image, notes)
  local attributes = attribute_inputs(document)
  add_values_of_variations(document, attributes)
  local variants = variants_of(document, images_by_name)
  local input = {
    ref = document.source_id and { source = SOURCE, id = document.source_id },
    code = document.kind ~= "simple" and document.sku or nil, kind = document.kind, title = document.name,
    summary = note_cleaned(document, "short_description", notes), description = note_cleaned(document, "description", notes),
    state = document.state, is_listed = document.visibility == "visible" or document.visibility == "catalog",
    is_searchable = document.visibility == "visible" or document.visibility == "search", is_featured = document.is_featured,
    brand = document.brand, position = document.position, external_url = document.external_url, external_label = document.external_label,
    max_per_order = document.sold_individually and 1 or nil, categories = category_inputs(document), tags = document.tags,
    images = images, attributes = attributes, variants = variants, translations = translation_inputs(document),
    tracking = tracking_of(document, variants), meta = meta_of(document),
  }
  if input.tracking == "product" then stock_fields(document, input) end
  if document.kind == "grouped" then variants[1].sku = nil end
  return input
end

-- What a file is that is no text, by its first bytes: people send the workbook itself.
local function check_kind(bytes, notes)
  if bytes:find("^PK\3\4") or bytes:find("^\208\207\17\224") then
    report.error(notes, 1, nil, "this is a workbook and no CSV file; save it as \"CSV UTF-8\" and import that")
  elseif bytes:find("^%%PDF%-") or bytes:find("^\31\139") then
    report.error(notes, 1, nil, "this is no CSV file; export the products as CSV and import that")
  end
  return #notes.errors == 0
end

-- The reader says where a record is broken; the line stands before it already.
local function note_broken(err, notes)
  local message = err.message:gsub("^line %d+, column %d+: ", "")
  report.error(notes, err.line or 1, nil, err.column and ("at character %d: %s"):format(err.column, message) or message)
end

local function note_encoding(reader, options, notes)
  local encoding = reader.encoding
  if not options.encoding and not encoding:find("^UTF") then
    report.note(notes, 1, nil, "this is not UTF-8; it was read as " .. encoding .. ". Look at letters with accents, and say --encoding if they are wrong")
  end
end

-- Every row of a file as a document.
local function read_documents(reader, layout, options, result)
  local documents, notes = {}, result.report
  while true do
    local fields, at = reader:next()
    if not fields and not at then break end
    result.rows = result.rows + 1
    if fields then
      documents[#documents + 1] = woocommerce.document(layout, fields, at, options.digits, notes)
    else
      note_broken(at, notes)
    end
  end
  if result.rows == 0 then report.error(notes, 1, nil, "there is no product below the names of the columns") end
  return documents
end

--- Reads a product file and says what would be written.
---@param bytes string
---@param options { digits: integer, open_image: fun(name: string): table?, string?, delimiter?: string, encoding?: string }
---@return merx.TransferPlan
function plan.read(bytes, options)
  local notes = report.new()
  local result = { products = {}, report = notes, rows = 0 }
  if not check_kind(bytes, notes) then return result end
  local reader, err = text.csv(bytes, { delimiter = options.delimiter, encoding = options.encoding })
  if not reader then
    report.error(notes, 1, nil, err.message)
    return result
  end
  local heads, line = reader:next()
  if not heads then
    if type(line) == "table" then note_broken(line, notes) else report.error(notes, 1, nil, "the file is empty") end
    return result
  end
  local layout = woocommerce.layout(heads, notes)
  if not layout then return result end
  note_encoding(reader, options, notes)
  local documents = read_documents(reader, layout, options, result)
  for _, document in ipairs(documents) do check_document(document, notes) end
  local index = index_documents(documents, notes)
  attach_variations(documents, index, notes)
  for _, document in ipairs(documents) do
    if document.kind == "variable" and #document.variations == 0 then
      report.error(notes, document.line, "Type", "a variable product needs at least one row of the type variation")
    elseif document.kind ~= "variation" and #notes.errors == 0 then
      result.products[#result.products + 1] = {
        line = document.line, input = product_input(document, options.open_image, notes), document = document,
        relations = { member = document.grouped, up_sell = document.up_sells, cross_sell = document.cross_sells },
      }
    end
  end
  report.sort(notes)
  return result
end

plan.ref_key = ref_key

return plan
