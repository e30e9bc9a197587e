--- Prices that change by the clock: pages show them at once, because a rule decides by the time; what is
--- derived, the order of lists and the history of prices, is brought up to date here.
local channel = require("domain.channel")
local command = require("kernel.command")
local db = require("kernel.db")
local history = require("domain.catalog.history")
local jobs = require("kernel.jobs")
local refresh = require("domain.listings.refresh")
local schema = require("kernel.schema")

local NAME <const> = "listings.follow_prices"

command.define({
  name = NAME,
  doc = "Notes the prices that began or ended by the clock since the last time.",
  args = schema.object({}),
  handler = function(tx)
    local last = db.one("schedule_find", { name = NAME })
    local rows = db.many("listing_price_windows", { after = last and last.last_at or 0, ["until"] = tx.now })
    local done = {}
    for _, row in ipairs(rows) do
      for _, storefront in ipairs(channel.list()) do history.note(row.variant_id, storefront, row.at, "schedule") end
      done[row.product_id] = true
      for _, group_id in ipairs(refresh.groups_of(row.product_id)) do done[group_id] = true end
    end
    for product_id in pairs(done) do refresh.product(tx, product_id) end
    db.run("schedule_put", { name = NAME, at = tx.now })
    return { products = #rows }
  end,
})

jobs.define({
  name = NAME,
  doc = "Follows sales that begin and end by the clock.",
  every = 30 * 1000,
  handler = function() assert(command.run(NAME, {})) end,
})

return true
