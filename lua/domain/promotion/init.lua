--- What is taken off, when, and what follows for other reductions.
local combine = require("domain.promotion.combine")
local rules = require("domain.promotion.rules")
require("domain.promotion.commands")

local promotion = {}

promotion.apply = combine.apply
promotion.list = rules.list
promotion.resolve = rules.resolve
promotion.code_key = rules.code_key

return promotion
