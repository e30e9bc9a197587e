--- The contracts of the extension points of pages. They are declared in every thread, also in those that show none: all must
--- read a manifest the same way.
local contracts = require("kernel.contracts")

contracts.define({
  point = "section", place = "sections", kind = "view", on_error = "omit",
  doc = "Says what a section of a page shows: settings and ids of products, which the page makes cards of.",
  answer = "a table for the section's template",
})

return contracts
