-- Carts that merx.table-rate prices, and what they must cost.
local carts = require("support.carts")
local thread = require("native.thread")

carts.check(thread.share .. "/plugins/merx.table-rate/tests/carts", { "merx.table-rate" })
