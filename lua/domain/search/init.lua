--- Full-text search: words of any script, accents folded, two-character Chinese words, article numbers.
--- Costs of ranking grow with what matches, so the number of matches is bounded before it begins.
local cache = require("kernel.cache")
local channel = require("domain.channel")
local crypto = require("kernel.crypto")
local db = require("kernel.db")
local text = require("kernel.text")

local search = {}

local RANKED_AT_MOST <const> = 2000
local WORDS_AT_MOST <const> = 8
local LONGEST <const> = 120

-- English words are found by their stem, too: "candles" finds "candle".
local function stems(words, locale)
  local language = locale:match("^%a+")
  local found = {}
  for word in words:gmatch("[%w\128-\255]+") do
    local stem = word:find("^%a+$") and text.stem(language, word)
    if stem and stem ~= word then found[#found + 1] = stem end
  end
  return table.concat(found, " ")
end

local function texts_of(source, locale)
  local words = { title = source.title, summary = source.summary, description = source.description }
  for _, row in ipairs(db.many("product_translations", { product_id = source.id, locale = locale })) do
    words[row.field] = row.value
  end
  return words
end

local function document_of(source, locale)
  local words, codes, more = texts_of(source, locale), {}, { source.brand or "" }
  for _, variant in ipairs(db.many("search_codes", { product_id = source.id })) do
    codes[#codes + 1] = variant.sku
    if variant.gtin ~= "" then codes[#codes + 1] = variant.gtin end
  end
  for _, query in ipairs({ "search_categories", "search_terms" }) do
    for _, row in ipairs(db.many(query, { product_id = source.id, locale = locale })) do
      more[#more + 1] = row.translated or row.title
    end
  end
  local title, rest = text.fold(words.title), text.fold(table.concat(more, " "))
  return {
    shown = words.title,
    title = title .. " " .. stems(title, locale),
    codes = table.concat(codes, " "),
    words = rest .. " " .. stems(rest, locale),
    body = text.strip_html((words.summary or "") .. " " .. (words.description or "")),
  }
end

local function digest_of(document)
  return text.hex(crypto.blake2b(table.concat({ document.title, document.codes, document.words, document.body }, "\0"))):sub(1, 32)
end

local function write(source, locale, is_forced)
  local document = document_of(source, locale)
  local digest = digest_of(document)
  local old = db.one("search_document_find", { product_id = source.id, locale = locale })
  if old and old.digest == digest and not is_forced then return end
  local id
  if old then
    id = old.id
    db.run("search_index_delete", { id = id })
    db.run("search_document_update", { id = id, title = document.shown, digest = digest })
  else
    id = db.insert("search_document_insert", { product_id = source.id, locale = locale, title = document.shown, digest = digest })
  end
  document.id = id
  db.insert("search_index_insert", document)
end

local function remove(id)
  for _, row in ipairs(db.many("search_documents_of", { product_id = id })) do
    db.run("search_index_delete", { id = row.id })
    db.run("search_document_delete", { id = row.id })
  end
end

-- The languages in which a product is found: none when it is not.
local function locales_of(source)
  local locales, done = {}, {}
  if not source or source.deleted_at or source.state ~= "active" or source.is_searchable == 0 then return locales end
  for _, row in ipairs(channel.list()) do
    for _, locale in ipairs(row.locales) do
      if not done[locale] then locales[#locales + 1] = locale end
      done[locale] = true
    end
  end
  return locales
end

--- Brings the index of one product up to date.
---@param tx merx.Tx
---@param id integer
---@param is_forced? boolean writes also what seems unchanged
function search.refresh(tx, id, is_forced)
  local source = db.one("search_source", { id = id })
  local locales = locales_of(source)
  if #locales == 0 then remove(id) end
  for _, locale in ipairs(locales) do write(source, locale, is_forced) end
  tx.touch("search")
end

local function quote(word)
  return '"' .. word:gsub('"', '""') .. '"'
end

-- Whether the index finds a document by the first words of its title.
local function is_indexed(id, document)
  local words = {}
  for word in document.title:gmatch("[%w\128-\255]+") do
    if #words < WORDS_AT_MOST and text.valid(word) then words[#words + 1] = quote(word) end
  end
  return #words == 0 or db.value("search_document_matches", { id = id, match = table.concat(words, " AND ") }) ~= nil
end

--- Works out the documents of a product again and names what differs from those that are there. Changes nothing.
---@param id integer
---@return string[] sentences none when all is as it should be
function search.differences(id)
  local sentences, found = {}, {}
  local source = db.one("search_source", { id = id })
  for _, row in ipairs(db.many("search_documents_of", { product_id = id })) do found[row.locale] = row.id end
  for _, locale in ipairs(locales_of(source)) do
    local document = document_of(source, locale)
    local old = db.one("search_document_find", { product_id = id, locale = locale })
    if not old then
      sentences[#sentences + 1] = ("its document in %s is missing"):format(locale)
    elseif old.digest ~= digest_of(document) then
      sentences[#sentences + 1] = ("its document in %s is not made of its texts"):format(locale)
    elseif not is_indexed(old.id, document) then
      sentences[#sentences + 1] = ("the words of its title in %s do not find it"):format(locale)
    end
    found[locale] = nil
  end
  for locale in pairs(found) do sentences[#sentences + 1] = ("its document in %s should not be there"):format(locale) end
  table.sort(sentences)
  return sentences
end

--- Entries of the index that belong to nothing, a few at a time.
---@param after integer id of the last one
---@param limit integer
---@return { id: integer }[]
function search.strays(after, limit)
  return db.many("search_index_strays", { after = after, limit = limit })
end

--- Removes entries of the index that belong to nothing.
---@param tx merx.Tx
---@param ids integer[]
function search.remove_strays(tx, ids)
  for _, id in ipairs(ids) do db.run("search_index_delete", { id = id }) end
  tx.touch("search")
end

--- What a person typed, as an expression of the index: every word must be there, each by itself, by
--- its stem, or, for the last one, as the beginning of a word.
---@param typed string
---@param locale string
---@return string? match nil when there is no word in it
function search.expression(typed, locale)
  local language = locale:match("^%a+")
  local parts, words = {}, {}
  for word in text.fold(typed):sub(1, LONGEST):gmatch("[%w\128-\255]+[%w\128-\255_-]*") do
    if #words < WORDS_AT_MOST and text.valid(word) then words[#words + 1] = word end
  end
  for i, word in ipairs(words) do
    local ways = { quote(word) }
    local stem = word:find("^%a+$") and text.stem(language, word)
    if stem and stem ~= word then ways[#ways + 1] = quote(stem) end
    if i == #words and #word >= 2 then ways[#ways + 1] = quote(word) .. "*" end
    parts[i] = #ways == 1 and ways[1] or "(" .. table.concat(ways, " OR ") .. ")"
  end
  return parts[1] and table.concat(parts, " AND ")
end

--- Products that match what a person typed, the best first.
---@param ctx merx.Context
---@param typed string
---@param options { limit: integer, offset?: integer }
---@return integer[] ids of products
---@return integer count at most 2,000
function search.find(ctx, typed, options)
  cache.read("search")
  local sku = db.value("search_sku", { sku_key = text.fold(typed):match("^%s*(.-)%s*$") })
  local match = search.expression(typed, ctx.locale)
  if not match then return sku and { sku } or {}, sku and 1 or 0 end
  local params = {
    match = match, locale = ctx.locale, channel_id = ctx.channel.id, price_list_id = ctx.channel.price_list_id,
    limit = options.limit, offset = options.offset or 0,
  }
  local count = db.value("search_count", { match = match, locale = ctx.locale, limit = RANKED_AT_MOST + 1 })
  local rows = db.many(count > RANKED_AT_MOST and "search_match_plain" or "search_match_ranked", params)
  local ids, has_sku = {}, false
  if sku and params.offset == 0 then ids[1] = sku end
  for _, row in ipairs(rows) do
    if row.product_id ~= sku then ids[#ids + 1] = row.product_id else has_sku = true end
  end
  if sku and not has_sku then count = count + 1 end
  return ids, math.min(count, RANKED_AT_MOST)
end

return search
