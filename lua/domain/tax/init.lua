--- Which taxes apply: rates come from the bound provider, sums and rows from the engine.
local apply = require("domain.tax.apply")
local rows = require("domain.tax.rows")

local tax = {}

tax.apply = apply.apply
tax.compute = rows.compute
tax.rows_of = rows.of
tax.change_rate = rows.change_rate

return tax
