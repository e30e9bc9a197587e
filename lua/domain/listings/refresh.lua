--- Works out the listing rows of a product anew and writes what differs. Runs in the commands that
--- change what the rows are made of; touches only the lists that look different afterwards.
local categories = require("domain.catalog.categories")
local channel = require("domain.channel")
local db = require("kernel.db")
local json = require("kernel.json")
local prices = require("domain.catalog.prices")
local product = require("domain.catalog.product")
local text = require("kernel.text")

local refresh = {}

local ALL <const> = 0
local FOREVER <const> = math.maxinteger
local THIRTY_DAYS <const> = 30 * 24 * 3600 * 1000

-- A group has no price of its own: it shows what its members cost.
local function members_of(source, variants)
  if source.kind ~= "grouped" then return { source.id }, variants end
  local ids, all = {}, {}
  for _, relation in ipairs(db.many("relations_of_product", { product_id = source.id })) do
    if relation.kind == "member" then
      ids[#ids + 1] = relation.target_id
      for _, variant in ipairs(db.many("listing_variants", { product_id = relation.target_id })) do all[#all + 1] = variant end
    end
  end
  return ids, all
end

-- Prices of all variants in a list: the lead variant, the range, whether something is reduced.
local function price_facts(source, own_variants, list_id, now)
  local by_variant = {}
  local ids, variants = members_of(source, own_variants)
  for _, id in ipairs(ids) do
    for _, row in ipairs(db.many("prices_of_product", { product_id = id, price_list_id = list_id })) do
      by_variant[row.variant_id] = by_variant[row.variant_id] or {}
      table.insert(by_variant[row.variant_id], row)
    end
  end
  local facts = { is_on_sale = 0 }
  for _, variant in ipairs(variants) do
    local rows = by_variant[variant.id] or {}
    local price, _, base = prices.choose(rows, now)
    if price then
      local amount = -(-price.amount // price.pieces)
      if not facts.low or amount < facts.low then
        facts.low, facts.lead, facts.base, facts.rows = amount, variant, base or price, rows
      end
      facts.high = math.max(facts.high or amount, amount)
      if price.compare_amount and price.compare_amount > price.amount then facts.is_on_sale = 1 end
    end
  end
  return facts
end

local function availability(source, variants)
  if source.kind == "external" or source.kind == "grouped" or source.tracking == "none" then return 1 end
  local stock = product.stock(source.id)
  for _, variant in ipairs(variants) do
    local entry = stock[source.tracking == "product" and source.id or variant.id]
    if not entry or entry.available >= variant.min_quantity then return 1 end
  end
  return 0
end

-- The lists that a product stands in: its categories, all above them, and "all products".
local function lists_of(row, source)
  local tree = categories.tree(channel.context(row, 0, row.locale))
  local positions = { [ALL] = -source.created_at }
  for _, entry in ipairs(db.many("categories_of_product", { product_id = source.id })) do
    for _, id in ipairs(categories.ancestors(tree, entry.category_id)) do
      positions[id] = id == entry.category_id and entry.position or positions[id] or -source.created_at
    end
  end
  return positions
end

local function wanted_rows(source, row, facts, is_available)
  local wanted = {}
  for category_id, position in pairs(lists_of(row, source)) do
    wanted[row.id .. ":" .. row.price_list_id .. ":" .. category_id] = {
      channel_id = row.id, price_list_id = row.price_list_id, category_id = category_id, product_id = source.id,
      position = position, featured = -source.featured_position - (source.is_featured == 1 and 1000000 or 0),
      price_amount = facts.low, price_max = facts.high, is_on_sale = facts.is_on_sale, is_available = is_available,
      created_at = source.created_at, valid_from = source.publish_at or 0, valid_until = source.unpublish_at or FOREVER,
    }
  end
  return wanted
end

local function differs(a, b)
  for name, value in pairs(a) do
    if b[name] ~= value and name ~= "product_id" then return true end
  end
  for name in pairs(b) do
    if a[name] == nil then return true end
  end
  return false
end

local function change_counts(row, delta, terms)
  db.insert("listing_count_add", {
    channel_id = row.channel_id, price_list_id = row.price_list_id, category_id = row.category_id, delta = delta,
  })
  for term_id in pairs(terms) do
    db.insert("listing_facet_add", { channel_id = row.channel_id, category_id = row.category_id, term_id = term_id, delta = delta })
  end
end

-- Writes rows that differ; returns the categories whose pages look different.
local function write_rows(source, wanted, old_terms, new_terms)
  local touched, existing = {}, {}
  for _, row in ipairs(db.many("listing_rows_of_product", { product_id = source.id })) do
    local key = row.channel_id .. ":" .. row.price_list_id .. ":" .. row.category_id
    existing[key] = row
    local target = wanted[key]
    if not target then
      row.product_id = source.id
      db.run("listing_delete", row)
      change_counts(row, -1, old_terms)
      touched[row.category_id] = true
    else
      if differs(target, row) then
        db.insert("listing_put", target)
        touched[row.category_id] = true
      end
      for term_id in pairs(old_terms) do
        if not new_terms[term_id] then
          db.insert("listing_facet_add", { channel_id = row.channel_id, category_id = row.category_id, term_id = term_id, delta = -1 })
          touched[row.category_id] = true
        end
      end
      for term_id in pairs(new_terms) do
        if not old_terms[term_id] then
          db.insert("listing_facet_add", { channel_id = row.channel_id, category_id = row.category_id, term_id = term_id, delta = 1 })
          touched[row.category_id] = true
        end
      end
    end
  end
  for key, target in pairs(wanted) do
    if not existing[key] then
      db.insert("listing_put", target)
      change_counts(target, 1, new_terms)
      touched[target.category_id] = true
    end
  end
  return touched
end

local function offers_of(facts)
  local offers = json.array({})
  for _, row in ipairs(facts.rows) do
    if row ~= facts.base and row.min_quantity == 1 then
      offers[#offers + 1] = {
        amount = row.amount, pieces = row.pieces, compare_amount = row.compare_amount,
        starts_at = row.starts_at, ends_at = row.ends_at, min_quantity = 1,
      }
    end
  end
  return json.encode(offers)
end

local function lowest_of(row, facts)
  if facts.is_on_sale == 0 then return nil end
  for _, entry in ipairs(db.many("lowest_prices_of_product", {
    product_id = facts.lead.product_id, channel_id = row.id, currency = row.currency, before = THIRTY_DAYS,
  })) do
    if entry.variant_id == facts.lead.id then return entry.amount end
  end
end

local function card_of(source, row, facts, choices, images, title, locale)
  local first, second = images[1] or {}, images[2] or {}
  return {
    channel_id = row.id, locale = locale, product_id = source.id, variant_id = facts.lead.id, kind = source.kind,
    handle = source.handle, title = title, brand = source.brand or "", choices = choices,
    tax_class = facts.lead.tax_class, list_amount = facts.base.amount, list_pieces = facts.base.pieces,
    offers = offers_of(facts), lowest_amount = lowest_of(row, facts),
    image_path = first.path or "", image_width = first.width or 0, image_height = first.height or 0,
    image_alt = first.alt or "", image_color = first.color or "", second_path = second.path or "",
  }
end

local function titles_of(source)
  local titles = {}
  for _, row in ipairs(db.many("listing_titles_in_locale", { product_id = source.id })) do titles[row.locale] = row.value end
  return titles
end

-- Cards and title keys in every language of the storefront. Returns whether a card changed.
local function write_cards(source, row, facts, choices, wanted)
  local images, titles = db.many("media_of_product", { product_id = source.id }), titles_of(source)
  local old_cards, old_titles = {}, {}
  for _, card in ipairs(db.many("listing_cards_of_product", { product_id = source.id })) do
    old_cards[card.channel_id .. ":" .. card.locale] = card
  end
  for _, entry in ipairs(db.many("listing_titles_of_product", { product_id = source.id })) do
    if entry.channel_id == row.id then old_titles[entry.locale .. ":" .. entry.category_id .. ":" .. entry.title_key] = entry end
  end
  local changed = false
  for _, locale in ipairs(row.locales) do
    local title = titles[locale] or source.title
    local card = card_of(source, row, facts, choices, images, title, locale)
    local old = old_cards[row.id .. ":" .. locale]
    if not old or differs(card, old) then
      db.insert("listing_card_put", card)
      changed = true
    end
    for _, target in pairs(wanted) do
      local key = locale .. ":" .. target.category_id .. ":" .. text.fold(title)
      if old_titles[key] then
        old_titles[key] = nil
      else
        db.insert("listing_title_put", {
          channel_id = row.id, locale = locale, category_id = target.category_id, title_key = text.fold(title), product_id = source.id,
        })
      end
    end
  end
  for _, entry in pairs(old_titles) do
    entry.product_id = source.id
    db.run("listing_title_delete", entry)
  end
  return changed
end

local function is_shown(source, row, facts, variants)
  return not source.deleted_at and source.state == "active" and source.is_listed == 1 and #variants > 0 and facts.low ~= nil
    and not db.value("product_hidden_in_channel", { product_id = source.id, channel_id = row.id })
end

local function clear(source, terms)
  local touched = write_rows(source, {}, terms, {})
  for _, entry in ipairs(db.many("listing_titles_of_product", { product_id = source.id })) do
    entry.product_id = source.id
    db.run("listing_title_delete", entry)
  end
  db.run("listing_cards_delete", { product_id = source.id })
  return touched
end

local function term_set(id)
  local set = {}
  for _, row in ipairs(db.many("listing_terms_of_product", { product_id = id })) do set[row.term_id] = true end
  return set
end

--- The terms of a product before a change; give them to refresh.product() after it.
---@param id integer
---@return table<integer, true>
function refresh.terms(id)
  return term_set(id)
end

-- Where a product is to be seen: each storefront with the facts about its prices and the rows that it should have.
local function places_of(source, variants, now)
  local places, is_available = {}, availability(source, variants)
  for _, row in ipairs(channel.list()) do
    local facts = price_facts(source, variants, row.price_list_id, now)
    if is_shown(source, row, facts, variants) then
      places[#places + 1] = { row = row, facts = facts, wanted = wanted_rows(source, row, facts, is_available) }
    end
  end
  return places
end

--- Brings the rows of one product up to date.
---@param tx merx.Tx
---@param id integer
---@param old_terms? table<integer, true> of refresh.terms() before the change, when terms changed
function refresh.product(tx, id, old_terms)
  local source = db.one("listing_source", { id = id })
  if not source then return end
  local variants = db.many("listing_variants", { product_id = id })
  local new_terms = term_set(id)
  old_terms = old_terms or new_terms
  local all_wanted, changed = {}, false
  for _, place in ipairs(places_of(source, variants, tx.now)) do
    for key, target in pairs(place.wanted) do all_wanted[key] = target end
    changed = write_cards(source, place.row, place.facts, #variants, place.wanted) or changed
  end
  local touched
  if next(all_wanted) then
    touched = write_rows(source, all_wanted, old_terms, new_terms)
    for _, target in pairs(changed and all_wanted or {}) do touched[target.category_id] = true end
  else
    touched = clear(source, old_terms)
  end
  for category_id in pairs(touched) do tx.touch("category:" .. category_id) end
  tx.touch("product:" .. id)
end

--- The groups that show what a product costs: what changes its prices changes their rows, too.
---@param id integer
---@return integer[] ids
function refresh.groups_of(id)
  local ids = {}
  for i, row in ipairs(db.many("product_parents_of_member", { target_id = id })) do ids[i] = row.product_id end
  return ids
end

local function rows_by(rows, ...)
  local names, found = { ... }, {}
  for _, row in ipairs(rows) do
    local parts = {}
    for i, name in ipairs(names) do parts[i] = tostring(row[name]) end
    found[table.concat(parts, ":")] = row
  end
  return found
end

-- The names of the columns in which two rows differ.
local function differing(a, b, passed_over)
  local names = {}
  for name, value in pairs(a) do
    if b[name] ~= value and not passed_over[name] then names[#names + 1] = name end
  end
  for name in pairs(b) do
    if a[name] == nil and not passed_over[name] then names[#names + 1] = name end
  end
  table.sort(names)
  return table.concat(names, ", ")
end

local function compare(what, wanted, found, passed_over, say)
  for key, row in pairs(wanted) do
    if not found[key] then
      say(("%s %s is missing"):format(what, key))
    else
      local names = differing(row, found[key], passed_over)
      if names ~= "" then say(("%s %s differs in %s"):format(what, key, names)) end
    end
  end
  for key in pairs(found) do
    if not wanted[key] then say(("%s %s should not be there"):format(what, key)) end
  end
end

local OWN <const> = { product_id = true }

--- Works out the rows of a product again and names what differs from those that are there. Changes nothing.
---@param id integer
---@param now integer
---@return string[] sentences none when all is as it should be
function refresh.differences(id, now)
  local sentences = {}
  local function say(sentence) sentences[#sentences + 1] = sentence end
  local source = db.one("listing_source", { id = id })
  local variants = db.many("listing_variants", { product_id = id })
  local wanted, cards, titles = {}, {}, {}
  local images, translated = db.many("media_of_product", { product_id = id }), titles_of(source)
  for _, place in ipairs(places_of(source, variants, now)) do
    for key, target in pairs(place.wanted) do wanted[key] = target end
    for _, locale in ipairs(place.row.locales) do
      local title = translated[locale] or source.title
      cards[place.row.id .. ":" .. locale] = card_of(source, place.row, place.facts, #variants, images, title, locale)
      for _, target in pairs(place.wanted) do
        titles[table.concat({ place.row.id, locale, target.category_id, text.fold(title) }, ":")] = {}
      end
    end
  end
  compare("listing", wanted, rows_by(db.many("listing_rows_of_product", { product_id = id }), "channel_id", "price_list_id", "category_id"), OWN, say)
  compare("card", cards, rows_by(db.many("listing_cards_of_product", { product_id = id }), "channel_id", "locale"), {}, say)
  local found = {}
  for key in pairs(rows_by(db.many("listing_titles_of_product", { product_id = id }), "channel_id", "locale", "category_id", "title_key")) do
    found[key] = {}
  end
  compare("title", titles, found, OWN, say)
  table.sort(sentences)
  return sentences
end

--- Brings all rows up to date, some products at a time.
---@param tx merx.Tx
---@param after integer id of the last product done
---@param limit integer
---@return integer? last id to go on with, nil when all are done
function refresh.all(tx, after, limit)
  local rows = db.many("listing_products_after", { id = after, limit = limit })
  for _, row in ipairs(rows) do refresh.product(tx, row.id) end
  return #rows == limit and rows[#rows].id or nil
end

return refresh
