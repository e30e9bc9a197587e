--- WooCommerce's product file: rows of a CSV become product documents, and back. Pure: it reads and
--- judges everything before anything is written.
local cells = require("domain.transfer.cells")
local report = require("domain.transfer.report")
local text = require("kernel.text")

local woocommerce = {}

---@class merx.ProductDocument
---@field line integer
---@field kind "simple"|"variable"|"grouped"|"external"|"variation"
---@field source_id? string id in the file
---@field sku? string
---@field name string

-- Heads of columns by the name we use. Exporters of several versions and languages differ in case
-- and marks only, so heads are compared folded and without marks.
local COLUMNS <const> = {
  id = "source_id", type = "type", sku = "sku", gtinupceanorisbn = "gtin", name = "name", published = "published",
  isfeatured = "featured", visibilityincatalog = "visibility", shortdescription = "short_description",
  description = "description", datesalepricestarts = "sale_from", datesalepriceends = "sale_to",
  taxstatus = "tax_status", taxclass = "tax_class", instock = "in_stock", stock = "stock",
  lowstockamount = "low_stock", backordersallowed = "backorders", soldindividually = "sold_individually",
  weightkg = "weight", weightg = "weight", weightlbs = "weight", weightoz = "weight",
  lengthcm = "length", widthcm = "width", heightcm = "height", lengthmm = "length", widthmm = "width",
  heightmm = "height", lengthm = "length", widthm = "width", heightm = "height", lengthin = "length",
  widthin = "width", heightin = "height",
  allowcustomerreviews = "reviews", purchasenote = "purchase_note", saleprice = "sale_price",
  regularprice = "regular_price", categories = "categories", tags = "tags", shippingclass = "delivery_class",
  images = "images", downloadlimit = "download_limit", downloadexpirydays = "download_expiry_days",
  parent = "parent", groupedproducts = "grouped", upsells = "up_sells", crosssells = "cross_sells",
  externalurl = "external_url", buttontext = "external_label", position = "position", brands = "brand",
}

-- Micrometres and milligrams of each unit, as an exact factor of a number with three decimals.
local UNITS <const> = {
  kg = 1000, g = 1, lbs = 453.59237, oz = 28.349523125, m = 1000, cm = 10, mm = 1, ["in"] = 25.4,
}

local KINDS <const> = { simple = true, variable = true, grouped = true, external = true, variation = true }
local FLAGS <const> = { virtual = true, downloadable = true }

local function head_key(head)
  return (text.fold(head):gsub("[^%w]", ""))
end

-- "attribute 1 value(s)" and the like: which number, which part.
local ATTRIBUTE_PARTS <const> = {
  name = "name", ["value(s)"] = "values", visible = "visible", global = "global", default = "default",
}

local function read_special(head, index, layout)
  local number, part = head:lower():match("^attribute (%d+) (.+)$")
  if number and ATTRIBUTE_PARTS[part] then
    local n = tonumber(number)
    layout.attributes[n] = layout.attributes[n] or {}
    layout.attributes[n][ATTRIBUTE_PARTS[part]] = index
    return true
  end
  number, part = head:lower():match("^download (%d+) (%a+)$")
  if number and (part == "name" or part == "url" or part == "id") then
    local n = tonumber(number)
    layout.downloads[n] = layout.downloads[n] or {}
    layout.downloads[n][part] = index
    return true
  end
  local locale, field = head:match("^Meta: merx%.([%a]+%-?%w*)%.(.+)$")
  if locale then
    layout.translations[#layout.translations + 1] = { locale = locale, field = field, index = index }
    return true
  end
  local key = head:match("^[Mm]eta: (.+)$")
  if key then
    layout.meta[#layout.meta + 1] = { key = key, index = index }
    return true
  end
  return false
end

--- Understands the first line of a file.
---@param heads string[]
---@param notes merx.TransferReport
---@return table? layout nil when this is no product file
function woocommerce.layout(heads, notes)
  local layout = { columns = {}, heads = {}, names = heads, count = #heads, attributes = {}, downloads = {}, translations = {}, meta = {}, units = {} }
  for index, head in ipairs(heads) do
    head = head:match("^%s*(.-)%s*$")
    local name = COLUMNS[head_key(head)]
    if name then
      if layout.columns[name] then
        report.error(notes, 1, head, "this column stands here twice; take one away")
      end
      layout.columns[name], layout.heads[name] = index, head
      layout.units[name] = head:match("%((%a+)%)%s*$")
    elseif not read_special(head, index, layout) and head ~= "" then
      report.note(notes, 1, head, "this column is not known and is left out")
    end
  end
  if not layout.columns.name and not layout.columns.sku then
    notes.notes = {} -- nothing here is left out: it is another kind of file
    report.error(notes, 1, nil, "this is no product file: there is no column \"Name\" or \"SKU\"")
    return nil
  end
  if not layout.columns.type then
    report.note(notes, 1, nil, "there is no column \"Type\"; every row is taken as a simple product")
  end
  return layout
end

-- One row being read: fetches cells and notes their mistakes.
local Row = {}
Row.__index = Row

function Row:get(name)
  local index = self.layout.columns[name]
  return index and cells.plain(self.fields[index])
end

function Row:fail(name, problem)
  report.error(self.notes, self.line, self.layout.heads[name] or name, problem)
end

-- Reads a cell by a function of cells.lua; a mistake is noted and gives nil.
function Row:read(name, reader, ...)
  local cell = self:get(name)
  if not cell then return nil end
  local value, problem, rounded = reader(cell, ...)
  if value == nil then
    self:fail(name, problem)
  elseif rounded then
    report.note(self.notes, self.line, self.layout.heads[name], "rounded to " .. cells.format_decimal(value, ...) .. " from " .. cell)
  end
  return value
end

local function read_type(row)
  local kind, flags = nil, {}
  for _, word in ipairs(cells.list((row:get("type") or "simple"):lower())) do
    if KINDS[word] then
      kind = word
    elseif FLAGS[word] then
      flags[word] = true
    else
      row:fail("type", "the type \"" .. word .. "\" is not known; write simple, variable, variation, grouped or external")
    end
  end
  return kind or "simple", flags
end

local function read_measure(row, name)
  local value = row:read(name, cells.decimal, 3)
  if not value then return nil end
  local factor = UNITS[(row.layout.units[name] or (name == "weight" and "kg" or "cm")):lower()] or 1
  if value < 0 then
    row:fail(name, "this cannot be below zero")
    return nil
  end
  return math.floor(value * factor + 0.5)
end

local function read_stock_words(row, document)
  local in_stock = row:get("in_stock")
  if in_stock and in_stock:lower() == "backorder" then
    document.in_stock, document.backorders = true, true
  elseif in_stock then
    document.in_stock = row:read("in_stock", cells.boolean)
  end
  local backorders = row:get("backorders")
  if backorders and backorders:lower() == "notify" then
    document.backorders = true
  elseif backorders then
    document.backorders = row:read("backorders", cells.boolean) or document.backorders
  end
  local stock = row:get("stock")
  if stock and stock:lower() ~= "parent" then
    document.stock = row:read("stock", cells.integer)
  elseif stock then
    document.stock_of_parent = true
  end
end

local VISIBILITY <const> = { visible = true, catalog = true, search = true, hidden = true }
local TAX_STATUS <const> = { taxable = true, shipping = true, none = true }

local function read_words(row, document)
  local published = row:get("published")
  document.state = (published == nil or published == "1") and "active" or "draft"
  if published and not published:find("^%-?[012]$") then
    row:fail("published", "write 1 (shown), 0 (private) or -1 (draft), not \"" .. published .. "\"")
  end
  document.visibility = (row:get("visibility") or "visible"):lower()
  if not VISIBILITY[document.visibility] then
    row:fail("visibility", "write visible, catalog, search or hidden")
  end
  local tax = (row:get("tax_status") or "taxable"):lower()
  if not TAX_STATUS[tax] then row:fail("tax_status", "write taxable or none") end
  document.is_taxable = tax == "taxable"
  document.tax_class = row:get("tax_class")
  if document.tax_class == "parent" then document.tax_class = nil end
end

local function read_prices(row, document, digits)
  document.has_price = row:get("regular_price") ~= nil
  document.regular_amount = row:read("regular_price", cells.amount, digits)
  document.sale_amount = row:read("sale_price", cells.amount, digits)
  document.sale_from = row:read("sale_from", cells.date)
  document.sale_to = row:read("sale_to", cells.date)
  if document.sale_amount and not document.regular_amount then
    row:fail("sale_price", "a sale price needs a regular price beside it")
  elseif document.sale_amount and document.sale_amount > document.regular_amount then
    row:fail("sale_price", "the sale price is above the regular price")
  end
  if document.sale_from and document.sale_to and document.sale_from >= document.sale_to then
    row:fail("sale_to", "the sale ends before it begins")
  end
end

local function cell_at(row, index)
  return index and cells.plain(row.fields[index])
end

local function read_attributes(row, document)
  document.attributes = {}
  local numbers = {}
  for number in pairs(row.layout.attributes) do numbers[#numbers + 1] = number end
  table.sort(numbers)
  for _, number in ipairs(numbers) do
    local columns = row.layout.attributes[number]
    local name = cell_at(row, columns.name)
    if name then
      document.attributes[#document.attributes + 1] = {
        number = number, name = cells.text(name),
        values = cells.list(cell_at(row, columns.values) or ""),
        is_visible = cell_at(row, columns.visible) ~= "0",
        is_global = cell_at(row, columns.global) == "1",
        default = cell_at(row, columns.default),
      }
    end
  end
end

local function read_downloads(row, document)
  document.downloads = {}
  for _, columns in pairs(row.layout.downloads) do
    local url = cell_at(row, columns.url)
    if url then
      document.downloads[#document.downloads + 1] = { title = cell_at(row, columns.name) or url, source = url }
    end
  end
  table.sort(document.downloads, function(a, b) return a.title < b.title end)
  document.download_limit = row:read("download_limit", cells.integer)
  document.download_expiry_days = row:read("download_expiry_days", cells.integer)
  -- The format writes -1 for "no limit".
  if (document.download_limit or 0) < 1 then document.download_limit = nil end
  if (document.download_expiry_days or 0) < 1 then document.download_expiry_days = nil end
end

local function read_extra(row, document)
  document.translations, document.meta = {}, {}
  for _, entry in ipairs(row.layout.translations) do
    local value = cell_at(row, entry.index)
    if value then
      document.translations[entry.locale] = document.translations[entry.locale] or {}
      document.translations[entry.locale][entry.field] = cells.text(value)
    end
  end
  for _, entry in ipairs(row.layout.meta) do
    local value = cell_at(row, entry.index)
    if value then document.meta[#document.meta + 1] = { key = entry.key, value = cells.text(value) } end
  end
end

local function text_of(row, name)
  local cell = row:get(name)
  return cell and cells.text(cell)
end

local LONGEST_NAME <const> = 500
local LONGEST_SKU <const> = 200

-- What no cell may hold, whatever its column: bytes that are no text, and more cells than there are columns.
local function check_cells(row)
  for index, cell in ipairs(row.fields) do
    local column = row.layout.names[index]
    if index > row.layout.count and cell:find("%S") then
      report.error(row.notes, row.line, nil, ("there are %d cells and %d columns; put quotes around a cell that holds a delimiter"):format(
        #row.fields, row.layout.count))
      return
    elseif cell:find("[%z\1-\8\11\12\14-\31\127]") then
      report.error(row.notes, row.line, column, "there are characters in this cell that cannot be shown; type it anew")
    end
  end
  if text.len(row:get("name") or "") > LONGEST_NAME then
    row:fail("name", "a name has at most " .. LONGEST_NAME .. " characters")
  end
  if text.len(row:get("sku") or "") > LONGEST_SKU then
    row:fail("sku", "a SKU has at most " .. LONGEST_SKU .. " characters")
  end
end

--- Reads one row.
---@param layout table
---@param fields string[]
---@param line integer
---@param digits integer of the currency
---@param notes merx.TransferReport
---@return merx.ProductDocument
function woocommerce.document(layout, fields, line, digits, notes)
  local row = setmetatable({ layout = layout, fields = fields, line = line, notes = notes }, Row)
  check_cells(row)
  local kind, flags = read_type(row)
  local document = {
    line = line, kind = kind, source_id = row:get("source_id"), sku = row:get("sku"), gtin = row:get("gtin"),
    name = text_of(row, "name"), short_description = text_of(row, "short_description"),
    description = text_of(row, "description"), is_featured = row:read("featured", cells.boolean) or false,
    is_virtual = flags.virtual or false, is_downloadable = flags.downloadable or false,
    low_stock = row:read("low_stock", cells.integer), sold_individually = row:read("sold_individually", cells.boolean),
    weight_mg = read_measure(row, "weight"), length_um = read_measure(row, "length"),
    width_um = read_measure(row, "width"), height_um = read_measure(row, "height"),
    purchase_note = text_of(row, "purchase_note"), delivery_class = row:get("delivery_class"),
    categories = cells.paths(row:get("categories") or ""), tags = cells.list(row:get("tags") or ""),
    images = cells.list(row:get("images") or ""), parent = row:get("parent"),
    grouped = cells.list(row:get("grouped") or ""), up_sells = cells.list(row:get("up_sells") or ""),
    cross_sells = cells.list(row:get("cross_sells") or ""), external_url = row:get("external_url"),
    external_label = text_of(row, "external_label"), position = row:read("position", cells.integer) or 0,
    brand = row:get("brand"),
  }
  read_stock_words(row, document)
  read_words(row, document)
  read_prices(row, document, digits)
  read_attributes(row, document)
  read_downloads(row, document)
  read_extra(row, document)
  return document
end

return woocommerce
