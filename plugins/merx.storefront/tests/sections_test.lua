local t = require("merx.testing")

local function shown(settings)
  return t.ask("featured-products", { settings = settings })
end

t.case("without a word the newest four", function()
  t.equal(shown(nil).products, { sort = "created_desc", limit = 4 })
end)

t.case("a page's editor chooses for each section", function()
  t.equal(shown({ choice = "sale", limit = 8 }).products, { sort = "featured", is_on_sale = true, limit = 8 })
  t.equal(shown({ choice = "featured" }).title_key, "home.featured")
end)

t.case("a choice that is none is the newest", function()
  t.equal(shown({ choice = "loudest" }).title_key, "home.newest")
end)

t.case("the merchant sets what holds everywhere", function()
  t.set("featured-products", { choice = "sale", limit = 12 })
  t.equal(shown({}).products, { sort = "featured", is_on_sale = true, limit = 12 })
end)
