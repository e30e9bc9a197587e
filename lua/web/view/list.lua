--- A list of products as templates see it: cards, sorting, filters as links and fields, the next page.
local card = require("web.view.card")
local crypto = require("kernel.crypto")
local filters = require("web.filters")
local fragments = require("web.fragments")
local i18n = require("kernel.i18n")
local json = require("kernel.json")
local lazy = require("web.view.lazy")
local listings = require("domain.listings")
local page = require("web.page")
local stores = require("web.stores")
local text = require("kernel.text")

local list = {}

local PAGE_SIZE <const> = 24
local COUNT_UP_TO <const> = 1000

-- Names in addresses, as storefronts of other makers have them.
local SORTS <const> = {
  { value = "manual", sort = "featured", key = "collection.sort_featured" },
  { value = "price-ascending", sort = "price", key = "collection.sort_price_asc" },
  { value = "price-descending", sort = "price_desc", key = "collection.sort_price_desc" },
  { value = "created-descending", sort = "created_desc", key = "collection.sort_created_desc" },
  { value = "title-ascending", sort = "title", key = "collection.sort_title_asc" },
  { value = "title-descending", sort = "title_desc", key = "collection.sort_title_desc" },
}

local by_value = {}
for _, entry in ipairs(SORTS) do by_value[entry.value] = entry end

-- "12.50" of an address in minor units; what is no number filters nothing.
local function amount_of(value, currency)
  local whole, rest = text.nfkc(value or ""):match("^%s*(%d+)[.,]?(%d*)%s*$")
  if not whole or #whole > 9 then return nil end
  local digits = i18n.currency_digits(currency)
  return math.tointeger(tonumber(whole .. (rest .. ("0"):rep(digits)):sub(1, digits)))
end

-- Attributes by the name of their parameter; kept with the facets, which are made anew when they change.
local function by_parameter(facets)
  if not facets.by_parameter then
    facets.by_parameter = {}
    for _, facet in ipairs(facets.attributes) do facets.by_parameter["filter." .. facet.handle] = facet end
  end
  return facets.by_parameter
end

--- What an address asks of a list.
---@param ctx merx.WebContext
---@param facets table of listings.facets()
---@return table wanted
function list.parse(ctx, facets)
  local wanted = { terms = {}, values = {}, args = {} }
  local attributes = by_parameter(facets)
  for _, arg in ipairs(ctx.req:args()) do
    local name, value = arg.name, arg.value
    local facet, id = attributes[name], math.tointeger(tonumber(value))
    if name == "sort_by" then
      wanted.sort = by_value[value]
    elseif name == "after" then
      wanted.after = value
    elseif facet and id then
      wanted.terms[facet.attribute_id] = wanted.terms[facet.attribute_id] or {}
      table.insert(wanted.terms[facet.attribute_id], id)
      wanted.values[name .. "=" .. value] = true
      table.insert(wanted.args, { name = name, value = value })
    elseif name == "filter.price.gte" and amount_of(value, ctx.currency) then
      wanted.min_amount = amount_of(value, ctx.currency)
      table.insert(wanted.args, { name = name, value = value })
    elseif name == "filter.price.lte" and amount_of(value, ctx.currency) then
      wanted.max_amount = amount_of(value, ctx.currency)
      table.insert(wanted.args, { name = name, value = value })
    elseif (name == "filter.availability" or name == "filter.sale") and value == "1" then
      wanted[name == "filter.sale" and "is_on_sale" or "is_available"] = true
      table.insert(wanted.args, { name = name, value = value })
    end
  end
  if not next(wanted.terms) then wanted.terms = nil end
  wanted.is_filtered = #wanted.args > 0
  return wanted
end

local function address(path, args)
  local parts = {}
  for _, arg in ipairs(args) do parts[#parts + 1] = text.url_encode(arg.name) .. "=" .. text.url_encode(arg.value) end
  return #parts > 0 and path .. "?" .. table.concat(parts, "&") or path
end

local function with(args, ...)
  local copy = table.move(args, 1, #args, 1, {})
  for _, arg in ipairs({ ... }) do copy[#copy + 1] = arg end
  return copy
end

local function without(args, left_out)
  local copy = {}
  for _, arg in ipairs(args) do
    if arg ~= left_out then copy[#copy + 1] = arg end
  end
  return copy
end

local function seal_cursor(sort, cursor)
  return crypto.sign("cursor", json.encode({ sort, cursor.key, cursor.id }))
end

-- A cursor of another sort order, or one that somebody made up, means the first page.
local function open_cursor(sort, sealed)
  local bytes = sealed and crypto.verify("cursor", sealed)
  local parts = bytes and json.decode(bytes)
  if not parts or parts[1] ~= sort then return nil end
  return { key = parts[2], id = parts[3] }
end

local function term_filter(self, facet, wanted)
  local filter = { label = facet.title, type = "list", values = {}, active_values = {} }
  for _, term in ipairs(facet.terms) do
    local name, value = "filter." .. facet.handle, tostring(term.id)
    local entry = { label = term.title, value = value, param_name = name, count = term.count, active = wanted.values[name .. "=" .. value] or false }
    filter.values[#filter.values + 1] = entry
    if entry.active then filter.active_values[#filter.active_values + 1] = entry end
  end
  return filter
end

local function amount_text(ctx, amount)
  if not amount then return nil end
  local digits = i18n.currency_digits(ctx.currency)
  if digits == 0 then return tostring(amount) end
  local scale = math.tointeger(10 ^ digits)
  return ("%d.%0" .. digits .. "d"):format(amount // scale, amount % scale)
end

local function filter_views(self, facets, wanted)
  local ctx, views = self.ctx, {}
  views[1] = {
    label = page.text(self, "collection.price"), type = "price_range", active_values = {},
    min_value = { param_name = "filter.price.gte", text = amount_text(ctx, wanted.min_amount) or "" },
    max_value = { param_name = "filter.price.lte", text = amount_text(ctx, wanted.max_amount) or "" },
  }
  views[2] = {
    label = page.text(self, "collection.availability"), type = "list", active_values = {},
    values = {
      { label = page.text(self, "collection.in_stock"), value = "1", param_name = "filter.availability", active = wanted.is_available or false },
      { label = page.text(self, "products.sale"), value = "1", param_name = "filter.sale", active = wanted.is_on_sale or false },
    },
  }
  for _, facet in ipairs(facets.attributes) do views[#views + 1] = term_filter(self, facet, wanted) end
  return views
end

-- The filters of a list of which nothing is filtered: the same for everybody, so they are kept with the
-- facets and have a name.
local function plain_filters(self, facets, category_id, wanted)
  local ctx = self.ctx
  facets.views = facets.views or setmetatable({}, { __mode = "k" })
  local views = facets.views[self.words]
  if not views then
    local name = ("filters %d %s %d"):format(ctx.channel.id, ctx.locale, category_id)
    views = fragments.name(filter_views(self, facets, wanted), name, { "category:" .. category_id })
    facets.views[self.words] = views
  end
  return views
end

local LABELS <const> = { ["filter.availability"] = "collection.in_stock", ["filter.sale"] = "products.sale" }

local function label_of(self, facets, arg)
  if LABELS[arg.name] then return page.text(self, LABELS[arg.name]) end
  local amount = arg.name:find("^filter%.price") and amount_of(arg.value, self.ctx.currency)
  if amount then
    local sign = arg.name:find("gte") and "≥ " or "≤ "
    return sign .. filters.money(self.ctx, amount)
  end
  for _, facet in ipairs(facets.attributes) do
    for _, term in ipairs(facet.terms) do
      if arg.name == "filter." .. facet.handle and arg.value == tostring(term.id) then return facet.title .. ": " .. term.title end
    end
  end
  return arg.value
end

local function active_views(self, facets, wanted, path, base_args)
  local views = {}
  for _, arg in ipairs(wanted.args) do
    views[#views + 1] = {
      label = label_of(self, facets, arg), param_name = arg.name, value = arg.value,
      url_to_remove = address(path, with(without(wanted.args, arg), table.unpack(base_args))),
    }
  end
  return views
end

local function count_text(self, query, category_id)
  local count
  if query.terms or query.min_amount or query.max_amount or query.is_available or query.is_on_sale then
    count = listings.count_filtered(self.ctx, query, COUNT_UP_TO + 1)
    if count > COUNT_UP_TO then return page.text(self, "collection.count_more", { count = COUNT_UP_TO }), count end
  else
    count = listings.count(self.ctx, category_id)
  end
  return page.text(self, "collection.count", { count = count }), count
end

local sort_options = setmetatable({}, { __mode = "k" }) -- by the words of a theme

local function sort_views(self)
  local views = sort_options[self.words]
  if not views then
    views = {}
    for i, entry in ipairs(SORTS) do views[i] = { value = entry.value, name = page.text(self, entry.key) } end
    sort_options[self.words] = views
  end
  return views
end

local function paginate_of(path, wanted, sort_args, query, next_arg)
  return {
    previous = query.after and { url = address(path, with(wanted.args, table.unpack(sort_args))) } or nil,
    next = next_arg and { url = address(path, with(wanted.args, table.unpack(with(sort_args, next_arg)))) } or nil,
  }
end

-- All that a list prints besides its cards; it is found out anew for each part of a page, so that the part
-- depends on it.
local function fields_of(self, category_id, path, wanted, query, next_arg)
  local facets = listings.facets(self.ctx, category_id)
  local sort = wanted.sort or SORTS[1]
  local sort_args = wanted.sort and { { name = "sort_by", value = sort.value } } or {}
  local counted, total = count_text(self, query, category_id)
  return {
    products_count = total, count_text = counted, sort_by = sort.value, sort_options = sort_views(self),
    filters = wanted.is_filtered and filter_views(self, facets, wanted) or plain_filters(self, facets, category_id, wanted),
    active_filters = active_views(self, facets, wanted, path, sort_args), clear_url = path,
    paginate = paginate_of(path, wanted, sort_args, query, next_arg),
  }
end

-- What tells pages apart that show the same cards.
local function name_of(path, wanted, query, has_more, last)
  local name = wanted.is_filtered and address(path, wanted.args) or path
  if wanted.sort then name = name .. "\0" .. wanted.sort.value end
  if query.after then name = name .. "\0after" end
  return has_more and name .. "\0" .. last.key .. "\0" .. last.id or name
end

--- A page of a list, ready for the snippet product-list. Its cards are read and their price rules asked at
--- once, the rest when it is printed.
---@param self table page; parts that show `name` are kept with the cards
---@param name string of the global that it will be
---@param category_id integer
---@param path string address of the list without its query
---@param describe fun(): table further fields
---@return table view
---@return boolean is_narrowed whether it is a part of a longer list
function list.view(self, name, category_id, path, describe)
  local ctx = self.ctx
  local wanted = list.parse(ctx, listings.facets(ctx, category_id))
  local sort = (wanted.sort or SORTS[1]).sort
  local query = {
    category_id = category_id, sort = sort, limit = PAGE_SIZE, after = open_cursor(sort, wanted.after), terms = wanted.terms,
    min_amount = wanted.min_amount, max_amount = wanted.max_amount, is_available = wanted.is_available, is_on_sale = wanted.is_on_sale,
  }
  local cards, has_more, last = listings.page(ctx, query)
  local products, store = card.list(self, cards)
  self.address_store = stores.inside(store, name_of(path, wanted, query, has_more, last))
  self.stores[name] = self.address_store
  local view = lazy.drop(function()
    local next_arg = has_more and { name = "after", value = seal_cursor(sort, last) } or nil
    local fields = fields_of(self, category_id, path, wanted, query, next_arg)
    for field, value in pairs(describe()) do fields[field] = value end
    fields.products = products
    return fields
  end, {}, ctx.now)
  return view, wanted.is_filtered or query.after ~= nil
end

return list
