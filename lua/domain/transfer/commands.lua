--- What changes the catalogue.
local channel = require("domain.channel")
local command = require("kernel.command")
local db = require("kernel.db")
local events = require("kernel.events")
local failure = require("kernel.failure")
local listings = require("domain.listings")
local match = require("domain.transfer.match")
local schema = require("kernel.schema")
local search = require("domain.search")
local terms = require("domain.transfer.terms")
local write = require("domain.transfer.write")

events.define("product.changed", {
  doc = "A product, its variants, prices or stock levels were written.",
  body = { id = "integer: id of the product", is_new = "boolean: it was not there before" },
})

-- Derived rows of a product and of the groups that it is a member of.
local function derive(tx, id, old_terms)
  listings.refresh(tx, id, old_terms)
  search.refresh(tx, id)
  for _, group_id in ipairs(listings.groups_of(id)) do listings.refresh(tx, group_id) end
end

-- The importer judged every field with its line and column; here only the frame is looked at.
local PRODUCT <const> = schema.object({
  title = schema.text({ required = true, max = 500 }),
  kind = schema.enum({ "simple", "variable", "grouped", "external", required = true }),
  variants = schema.list(schema.any({ required = true }), { required = true, min = 1, max = 2000 }),
}, { open = true, required = true })

local function put(tx, inputs)
  local old_terms = {}
  for i, input in ipairs(inputs) do
    local id = write.find(input)
    old_terms[i] = id and listings.terms(id) or {}
  end
  local results, err, input = write.products(tx, inputs, channel.list())
  if not results then
    return failure.new("catalog.sku_taken", "a SKU of \"" .. input.title .. "\" belongs to another product (" .. err.message .. ")")
  end
  for i, result in ipairs(results) do
    derive(tx, result.id, old_terms[i])
    tx.emit("product.changed", "product:" .. result.id, { id = result.id, is_new = result.is_new })
  end
  return results
end

command.define({
  name = "catalog.put_product",
  doc = "Makes or changes a product, whole, from a document.",
  args = schema.object({ product = PRODUCT }),
  handler = function(tx, args)
    local results, err = put(tx, { args.product })
    if not results then return nil, err end
    return results[1]
  end,
})

command.define({
  name = "catalog.put_products",
  doc = "Makes or changes products that exchange article numbers, all or none.",
  args = schema.object({ products = schema.list(PRODUCT, { required = true, min = 1, max = match.MOST_TOGETHER }) }),
  handler = function(tx, args)
    local results, err = put(tx, args.products)
    if not results then return nil, err end
    return { products = results }
  end,
})

command.define({
  name = "catalog.relate",
  doc = "Says which products belong to, follow or go with a product.",
  args = schema.object({
    id = schema.id({ required = true }),
    relations = schema.map(schema.list(schema.id({ required = true }), { max = 500, required = true }), { required = true }),
  }),
  handler = function(tx, args)
    write.relations(args.id, args.relations)
    derive(tx, args.id)
    return { id = args.id }
  end,
})

command.define({
  name = "catalog.set_category_image",
  doc = "Gives a category its picture.",
  args = schema.object({ handle = schema.text({ required = true }), file = schema.any({ required = true }) }),
  handler = function(tx, args)
    local id = db.value("category_handle_owner", { handle = args.handle })
    if not id then return failure.new("category.missing", "there is no category " .. args.handle) end
    db.run("category_image_set", { id = id, media_id = terms.media(tx, args.file), at = tx.now })
    tx.touch("categories")
    tx.touch("category:" .. id)
    return { id = id }
  end,
})

command.define({
  name = "listings.rebuild",
  doc = "Works out the lists and the search index of some products anew.",
  args = schema.object({ after = schema.integer({ default = 0 }), limit = schema.integer({ default = 100, min = 1, max = 1000 }) }),
  handler = function(tx, args)
    local rows = db.many("listing_products_after", { id = args.after, limit = args.limit })
    for _, row in ipairs(rows) do derive(tx, row.id) end
    return { done = #rows, last = #rows == args.limit and rows[#rows].id or 0 }
  end,
})

return true
