--- How it gets there: rates come from delivery methods, the choice is the shopper's.
local choose = require("domain.delivery.choose")

local delivery = {}

delivery.apply = choose.apply

return delivery
