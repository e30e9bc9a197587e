-- Carts that merx.tiers prices, and what they must cost.
local carts = require("support.carts")
local thread = require("native.thread")

carts.check(thread.share .. "/plugins/merx.tiers/tests/carts", { "merx.tiers" })
