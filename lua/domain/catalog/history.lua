--- What was publicly asked for each variant, and when: the lowest of 30 days is shown beside a
--- reduction, so a day that is not written down is lost for ever.
local db = require("kernel.db")
local prices = require("domain.catalog.prices")

local history = {}

--- Notes what is publicly asked from `at` on, when it differs from what was asked before.
---@param variant_id integer
---@param channel merx.Channel
---@param at integer
---@param cause "edit"|"import"|"schedule"
function history.note(variant_id, channel, at, cause)
  local rows = db.many("prices_of_variant", { variant_id = variant_id, price_list_id = channel.price_list_id })
  local price = prices.choose(rows, at)
  local amount = price and -(-price.amount // price.pieces)
  local open = db.one("price_history_open", { variant_id = variant_id, channel_id = channel.id, currency = channel.currency })
  if open and open.amount == amount then return end
  if open then db.run("price_history_close", { id = open.id, at = at }) end
  if amount then
    db.insert("price_history_insert", {
      variant_id = variant_id, channel_id = channel.id, currency = channel.currency, amount = amount, at = at,
      cause = open and cause or "first",
    })
  end
end

return history
