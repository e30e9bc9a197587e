--- The cart: a page and the ways to change it. Answers pages to browsers, JSON to programs.
local cart = require("domain.cart")
local cart_view = require("web.view.cart")
local catalog = require("domain.catalog")
local command = require("kernel.command")
local form = require("web.form")
local i18n = require("kernel.i18n")
local page = require("web.page")
local product = require("web.view.product")
local products = require("web.storefront.products")
local respond = require("web.respond")
local router = require("kernel.router")

local storefront_cart = {}

local MONTH <const> = 30 * 24 * 3600
local MOST <const> = 9999
local LONGEST_NOTE <const> = 2000

local VARY <const> = { Vary = "Accept" } -- a page or JSON at one address

local GET <const> = { who = "anyone", csrf = "none", cache = "private" }
local POST <const> = { who = "anyone", csrf = "origin", cache = "none" }

-- What the visitor's cookie names, when it has the form of a token: a cookie may hold anything.
local function token_of(ctx)
  local token = ctx.cart_token
  return token and #token <= 100 and token:find("^[%w_-]+$") and token or nil
end

--- The visitor's open cart, or nil.
---@param ctx merx.WebContext
---@return merx.Cart?
function storefront_cart.current(ctx)
  local token = token_of(ctx)
  local found = token and cart.find(token)
  return found and found.state == "open" and found or nil
end

-- Declares a way to change the cart; ".js" and ".json" behind it mean the same for programs.
local function change(path, handler)
  for _, ending in ipairs({ "", ".js", ".json" }) do router.post(path .. ending, POST, handler) end
end

-- Gives the visitor the cart that a command opened, and remembers it for a month.
local function keep(ctx, id)
  ctx.cart_token = cart.find_by_id(id).token
  ctx.req:set_cookie("cart", ctx.cart_token, { max_age = MONTH, http_only = true, same_site = "Lax" })
end

--- Gives a visitor without an open cart the one of an order that was not paid.
---@param ctx merx.WebContext
---@param cart_id integer
function storefront_cart.adopt(ctx, cart_id)
  if storefront_cart.current(ctx) then return end
  local found = cart.find_by_id(cart_id)
  if found and found.state == "open" then keep(ctx, cart_id) end
end

-- That a line has all there are and not all that were wanted.
local function lowered_text(self, view, key)
  for _, item in ipairs(view.items) do
    if item.key == key then return page.text(self, "cart.lowered", { count = item.quantity, title = item.title }) end
  end
end

-- The field for a code, with what is wrong with the one that was typed.
local function code_field(self, options)
  local field = { id = "code", name = "code", type = "text", label = page.text(self, "cart.code"), value = options.code, autocomplete = "off" }
  for _, err in ipairs(options.errors or {}) do
    if err.id == field.id then field.error = err.message end
  end
  return field
end

--- Sends the cart's page.
---@param ctx merx.WebContext
---@param options? { status?: integer, errors?: table[], lowered?: string, code?: string } `lowered` is the key of a line,
---  `code` what was typed as one
function storefront_cart.send(ctx, options)
  options = options or {}
  local self = page.open(ctx)
  local row = storefront_cart.current(ctx)
  local view = row and cart_view.of(self, row) or { items = {}, item_count = 0, totals = {} }
  view.code = code_field(self, options)
  view.errors, view.notice, view.notice_state = options.errors or {}, lowered_text(self, view, options.lowered), "warning"
  local title = page.text(self, "cart.title")
  if options.errors then title = page.text(self, "forms.error_title", { title = title }) end
  page.send(self, { template = "cart", title = title, status = options.status, cache = "private", robots = "noindex", headers = VARY,
    drops = { cart = view } })
end

-- The cart for programs; the lines that a change lowered say so.
local function as_json(ctx, results)
  local self = page.open(ctx)
  local found, lowered = cart_view.json(self, storefront_cart.current(ctx)), {}
  for _, result in ipairs(results or {}) do lowered[result.key] = result.is_capped end
  for _, item in ipairs(found.items) do
    if lowered[item.key] then item.error_message = lowered_text(self, found, item.key) end
  end
  return found
end

local SENTENCES <const> = {
  ["cart.full"] = "cart.errors.full", ["form.invalid"] = "cart.errors.form", ["form.unknown"] = "cart.errors.form",
  ["json.invalid"] = "cart.errors.json", ["json.shape"] = "cart.errors.shape", ["line.missing"] = "cart.errors.no_line",
}

-- What a failed command means to a shopper.
local function explain(self, err, title)
  local data = err.data or {}
  if err.code == "stock.short" then
    local count = data.available or 0
    return page.text(self, count > 0 and "cart.errors.short" or "cart.errors.sold_out", { count = count })
  end
  if err.code == "quantity.too_large" then return page.text(self, "cart.errors.most", { count = data.max or MOST }) end
  if err.code == "quantity.too_small" then return page.text(self, "cart.errors.least", { count = data.min or 1 }) end
  if err.code == "quantity.step" then return page.text(self, "cart.errors.step", { count = data.step or 1 }) end
  local about_code = cart_view.code_problem(self, err.code, title)
  if about_code then return about_code end
  if SENTENCES[err.code] then return page.text(self, SENTENCES[err.code]) end
  local said = err.code == "guard.blocked" and i18n.find(self.locale, data.message.key, data.message.args)
  if said then return said end
  local fields = err.fields or {}
  if fields.note then return page.text(self, "cart.errors.note", { max = LONGEST_NOTE }) end
  for name in pairs(fields) do
    if name:find("%f[%w]properties%f[%W]") or name:find("^attributes") then return page.text(self, "cart.errors.properties") end
  end
  local range = { title = title, min = self.ctx.path:find("^/cart/add") and 1 or 0, max = MOST }
  if err.code == "invalid" then return page.text(self, title and "cart.errors.quantity" or "cart.errors.number", range) end
  if respond.is_unavailable(err) then return page.text(self, "checkout.unsaved") end
  return page.text(self, "cart.errors.missing")
end

local function status_of(err)
  return respond.is_unavailable(err) and 503 or err.code == "form.unknown" and 415 or 422
end

-- The names of what is wrong as whoever sent it knows them: `places` says where each item stood in the list.
local function names_of(fields, places)
  local names = {}
  for name, code in pairs(fields or {}) do
    name = name:gsub("^items%.(%d+)", function(i) return places and "items." .. places[tonumber(i)] end)
    names[name == "variant_id" and "id" or name] = code
  end
  return next(names) and names
end

local function refuse(ctx, err, options)
  local self = page.open(ctx)
  local message = explain(self, err, options and options.title)
  if respond.wants_json(ctx) then
    return respond.problem(ctx, status_of(err), "Cart Error", message, { fields = names_of(err.fields, options and options.places) })
  end
  if options and options.found then
    return products.send(ctx, options.found, options.fields, {
      status = status_of(err), errors = { { id = "quantity", message = message } }, quantity = options.quantity,
    })
  end
  storefront_cart.send(ctx, {
    status = status_of(err), errors = { { id = options and options.id, message = message } }, code = options and options.code,
  })
end

router.get("/cart", GET, function(ctx)
  if respond.wants_json(ctx) then return respond.json(ctx, 200, as_json(ctx)) end
  ctx.event = { name = "view_cart" }
  storefront_cart.send(ctx, { lowered = ctx.req:arg("lowered") })
end)

for _, path in ipairs({ "/cart.js", "/cart.json" }) do
  router.get(path, GET, function(ctx) respond.json(ctx, 200, as_json(ctx)) end)
end

-- Where a change of the cart leads: a quantity that was lowered is told before anything else.
local function cart_url(ctx, results)
  for _, result in ipairs(results) do
    if result.is_capped then return ctx.root .. "/cart?lowered=" .. result.key end
  end
  return ctx.root .. "/cart"
end

-- Answers a change: programs with the cart, people with the page they go on to.
local function answer(ctx, results, url)
  if respond.wants_json(ctx) then return respond.json(ctx, 200, as_json(ctx, results)) end
  respond.redirect(ctx, url or cart_url(ctx, results))
end

local function add(ctx, variant_id, quantity, properties)
  local result, err = command.run("cart.add", {
    cart = token_of(ctx), variant_id = variant_id, quantity = quantity, properties = properties,
    channel_id = ctx.channel.id, currency = ctx.currency, locale = ctx.locale,
  })
  if result then
    if result.is_new then keep(ctx, result.id) end
    respond.note(ctx, "add_to_cart", variant_id, { quantity = quantity })
  end
  return result, err
end

-- What programs send under these names holds others; a note holds none.
local GROUPS <const> = { "items", "properties", "updates", "attributes" }

-- Reads what was sent, or answers why it cannot be read.
local function read(ctx)
  local sent, err = form.read(ctx)
  if not sent then
    if err.code ~= "json.invalid" and err.code ~= "form.unknown" then err = { code = "form.invalid" } end
    return refuse(ctx, err)
  end
  local wrong = {}
  for _, name in ipairs(GROUPS) do
    if sent.fields[name] then wrong[name] = "schema.object" end
  end
  if sent.groups.note then wrong.note = "schema.text" end
  if next(wrong) then return refuse(ctx, { code = "json.shape", fields = wrong }) end
  return sent
end

-- Which variant a product's form means: its id, or one value for each option.
local function resolve(ctx, sent)
  local id = form.quantity(sent.fields.id)
  if id then return id end
  local found = catalog.find_product(ctx, form.quantity(sent.fields.product) or 0)
  if not found then return nil, { code = "variant.missing" } end
  local chosen, variant = product.choose(found, sent.fields)
  if variant then return variant.id, nil, found end
  if respond.wants_json(ctx) then return nil, { code = "variant.missing" } end
  local self, errors = page.open(ctx), {}
  for position, option in ipairs(found.options) do
    if not chosen[option.id] then
      errors[#errors + 1] = { id = "option-" .. position, message = page.text(self, "products.errors.choose", { name = option.title }) }
    end
  end
  if #errors == 0 then errors[1] = { id = "option-1", message = page.text(self, "products.errors.no_variant") } end
  products.send(ctx, found, sent.fields, { status = 422, errors = errors, quantity = sent.fields.quantity })
  return nil
end

-- Several at once: from the page of a set items[ID] = quantity, from programs a list of objects, of which the order is
-- kept. Nil when one is no number.
---@return table[]? items
---@return (string|integer)[]? places of each in what was sent, lists counted from zero
local function read_items(sent)
  local found, items, places = {}, {}, {}
  for key, item in pairs(sent.groups.items) do
    local is_listed = math.type(key) == "integer"
    if type(item) ~= "table" then item = { id = not is_listed and key or nil, quantity = item } end
    local id, pieces = form.whole(item.id), form.whole(item.quantity or 1)
    if not id or not pieces then return nil end
    if pieces > 0 then
      found[#found + 1] = {
        order = is_listed and key or id, place = is_listed and key - 1 or key,
        item = { variant_id = id, quantity = pieces, properties = type(item.properties) == "table" and item.properties or nil },
      }
    end
  end
  table.sort(found, function(one, other) return one.order < other.order end)
  for i, entry in ipairs(found) do items[i], places[i] = entry.item, entry.place end
  return items[1] and items, places
end

local function add_many(ctx, sent)
  local items, places = read_items(sent)
  if not items then return refuse(ctx, { code = "invalid" }) end
  local result, err = command.run("cart.add_many", {
    cart = token_of(ctx), items = items, channel_id = ctx.channel.id, currency = ctx.currency, locale = ctx.locale,
  })
  if not result then return refuse(ctx, err, { places = places }) end
  if result.is_new then keep(ctx, result.id) end
  for _, item in ipairs(items) do respond.note(ctx, "add_to_cart", item.variant_id, { quantity = item.quantity }) end
  if not respond.wants_json(ctx) then return respond.redirect(ctx, cart_url(ctx, result.lines)) end
  local keys = {}
  for i, line in ipairs(result.lines) do keys[i] = line.key end
  respond.json(ctx, 200, { items = cart_view.pick(as_json(ctx, result.lines), keys) })
end

change("/cart/add", function(ctx)
  local sent = read(ctx)
  if not sent then return end
  if sent.groups.items then return add_many(ctx, sent) end
  local variant_id, err, found = resolve(ctx, sent)
  if not variant_id then
    if err then refuse(ctx, err) end
    return
  end
  local quantity = form.quantity(sent.fields.quantity or not sent.groups.quantity and "1" or nil)
  local result
  if not quantity or quantity < 1 then
    err = { code = "invalid", fields = { quantity = "schema.integer" } }
  else
    result, err = add(ctx, variant_id, quantity, sent.groups.properties)
  end
  if not result then
    if not found and sent.fields.product then found = catalog.find_product(ctx, form.quantity(sent.fields.product) or 0) end
    return refuse(ctx, err, { found = found, fields = sent.fields, quantity = sent.fields.quantity, title = found and found.title })
  end
  if not respond.wants_json(ctx) then return respond.redirect(ctx, cart_url(ctx, { result })) end
  respond.json(ctx, 200, cart_view.pick(as_json(ctx, { result }), { result.key })[1])
end)

-- The lines of the visitor's cart, in the order of its page.
local function lines_of(ctx)
  local row = storefront_cart.current(ctx)
  return row and cart.quote(ctx, row).lines or {}
end

-- A line by its key, or by its place in the cart.
local function line_key(ctx, sent)
  if sent.fields.id then return sent.fields.id end
  local place = form.quantity(sent.fields.line)
  local line = place and lines_of(ctx)[place]
  return line and line.id
end

change("/cart/change", function(ctx)
  local sent = read(ctx)
  if not sent then return end
  local key, quantity = line_key(ctx, sent), form.quantity(sent.fields.quantity)
  if not token_of(ctx) or not key then return refuse(ctx, { code = "line.missing" }) end
  if not quantity then return refuse(ctx, { code = "invalid" }) end
  local result, err = command.run("cart.set_quantity", { cart = token_of(ctx), key = key, quantity = quantity })
  if not result then return refuse(ctx, err) end
  answer(ctx, { result })
end)

-- Which of the lines on the page a mistake belongs to.
local function field_of(ctx, key)
  for i, line in ipairs(lines_of(ctx)) do
    if line.id == key then return "quantity-" .. i, line.title end
  end
end

-- Without what is gone, as after a change in another window: the rest is meant all the same.
local function only_present(ctx, row, quantities)
  local present = {}
  for _, line in ipairs(cart.quote(ctx, row).lines) do present[line.id] = quantities[line.id] end
  return present
end

local function read_updates(ctx, sent)
  local quantities, lines = {}, nil
  for key, value in pairs(sent.groups.updates or {}) do
    local quantity = form.whole(value)
    if math.type(key) == "integer" then -- a list: the quantities of the lines, in their order
      lines = lines or lines_of(ctx)
      key = lines[key] and lines[key].id or ""
    end
    if not quantity or quantity > MOST then
      local id, title = field_of(ctx, key)
      return nil, { code = "invalid" }, { id = id, title = title }
    end
    quantities[key] = quantity
  end
  if sent.fields.remove then quantities[sent.fields.remove] = 0 end
  return quantities
end

-- Puts a code to the cart or takes one off it. Nil after it was told why that cannot be.
local function change_codes(ctx, sent)
  local row, typed = storefront_cart.current(ctx), sent.fields.code or ""
  if row and sent.fields.remove_code then
    local done, err = command.run("cart.remove_code", { cart = row.token, code = sent.fields.remove_code })
    if not done and err.code ~= "code.missing" then return refuse(ctx, err) end
  end
  if not row or not typed:find("%S") then return true end
  local done, err = command.run("cart.apply_code", { cart = row.token, code = typed })
  if done then return true end
  if err.code == "invalid" then err = { code = "code.unknown" } end -- longer than any code
  return refuse(ctx, err, { id = "code", title = typed:sub(1, 50), code = typed })
end

change("/cart/update", function(ctx)
  local sent = read(ctx)
  if not sent then return end
  local quantities, err, place = read_updates(ctx, sent)
  if not quantities then return refuse(ctx, err, place) end
  local row, changed = storefront_cart.current(ctx), {}
  if row and (next(quantities) or sent.fields.note or sent.groups.attributes) then
    local result, wrong = command.run("cart.update", {
      cart = row.token, quantities = only_present(ctx, row, quantities), note = sent.fields.note, attributes = sent.groups.attributes,
    })
    if not result and wrong.code ~= "line.missing" then
      local id, title = field_of(ctx, wrong.data and wrong.data.key)
      return refuse(ctx, wrong, { id = id, title = title })
    end
    changed = result and result.lines or changed
  end
  if not change_codes(ctx, sent) then return end
  local url = cart_url(ctx, changed)
  answer(ctx, changed, sent.fields.checkout and url == ctx.root .. "/cart" and ctx.root .. "/checkout" or url)
end)

change("/cart/clear", function(ctx)
  local row = storefront_cart.current(ctx)
  local result, err = true, nil
  if row then result, err = command.run("cart.clear", { cart = row.token }) end
  if not result then return refuse(ctx, err) end
  answer(ctx, {})
end)

return storefront_cart
