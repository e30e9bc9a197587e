-- Carts that merx.percent-off prices, and what they must cost.
local carts = require("support.carts")
local thread = require("native.thread")

carts.check(thread.share .. "/plugins/merx.percent-off/tests/carts", { "merx.percent-off" })
