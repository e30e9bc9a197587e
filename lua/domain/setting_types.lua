--- Types of settings that name things of a shop. A value is what the back office and the command line write: a handle or a
--- code, so that it survives an export; it is not looked up here, as the thing may come later.
local schema = require("kernel.schema")
local setting_types = require("kernel.plugins.setting_types")

local function handle(doc)
  return {
    doc = doc,
    spec = function(declared) return schema.text({ max = 255, pattern = "^[^%s/]+$", message = "schema.handle", default = declared.default }) end,
  }
end

setting_types.define("tag", handle("the handle of a tag"))
setting_types.define("product", handle("the handle of a product"))
setting_types.define("category", handle("the handle of a category"))
setting_types.define("customer_group", handle("the handle of a customer group"))
setting_types.define("image", {
  doc = "the path of a picture below /media", spec = function(declared)
    return schema.text({ max = 500, pattern = "^[%w][%w/._-]*$", message = "schema.path", default = declared.default })
  end,
})
setting_types.define("country", {
  doc = "two letters, as DE", spec = function(declared)
    return schema.text({ max = 2, pattern = "^%u%u$", message = "schema.country", default = declared.default })
  end,
})
setting_types.define("currency", {
  doc = "three letters, as EUR", spec = function(declared)
    return schema.text({ max = 3, pattern = "^%u%u%u$", message = "schema.currency", default = declared.default })
  end,
})

return setting_types
