--- Works out anew what is derived in the catalogue.
local command = require("kernel.command")
local db = require("kernel.db")
local listings = require("domain.listings")
local schema = require("kernel.schema")
local search = require("domain.search")

local IDS <const> = { required = true, max = 100 }

command.define({
  name = "fsck.rebuild",
  doc = "Works out lists, cards and the search index of some products anew.",
  args = schema.object({ products = schema.list(schema.id({ required = true }), IDS) }),
  handler = function(tx, args)
    for _, id in ipairs(args.products) do
      listings.refresh(tx, id)
      search.refresh(tx, id, true)
    end
    return { products = #args.products }
  end,
})

command.define({
  name = "fsck.sweep",
  doc = "Removes from the search index what belongs to no product.",
  args = schema.object({ documents = schema.list(schema.id({ required = true }), IDS) }),
  handler = function(tx, args)
    search.remove_strays(tx, args.documents)
    return { documents = #args.documents }
  end,
})

command.define({
  name = "backup.note",
  doc = "Notes that a backup was made, so that somebody can be told when the last one is old.",
  args = schema.object({}),
  handler = function(tx)
    db.run("schedule_put", { name = "merx.backup", at = tx.now })
    return { at = tx.now }
  end,
})

local COUNT <const> = { required = true, min = 0 }

command.define({
  name = "fsck.recount",
  doc = "Sets counts of lists to the number of their rows.",
  args = schema.object({ rows = schema.list(schema.object({
    channel_id = schema.integer(COUNT), price_list_id = schema.integer({ min = 0 }), category_id = schema.integer(COUNT),
    term_id = schema.integer({ min = 0 }), counted = schema.integer(COUNT), total = schema.integer(),
  }, { required = true }), IDS) }),
  handler = function(tx, args)
    for _, row in ipairs(args.rows) do
      db.insert(row.term_id and "listing_facet_set" or "listing_count_set", row)
      tx.touch("category:" .. row.category_id)
    end
    return { rows = #args.rows }
  end,
})

return true
