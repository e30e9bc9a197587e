local fs = require("native.fs")
local shop = require("support.shop")
shop.open()
local json = require("native.json")
local test = require("support.test")
local theme = require("web.theme")

local function texts_of(tree)
  local folder = test.folder()
  assert(fs.mkdir(folder .. "/locales"))
  assert(fs.write(folder .. "/locales/en.json", json.encode(tree)))
  return theme.load_texts(folder).en
end

test.group("the texts of a theme", function()
  test.case("keys of groups are joined, and plural forms stay together", function()
    test.equal(texts_of({ cart = { title = "Cart", count = { one = "1 item", other = "{{ count }} items" } }, hello = "Hello" }), {
      ["cart.title"] = "Cart", ["cart.count"] = { one = "1 item", other = "{{ count }} items" }, hello = "Hello",
    })
  end)

  test.case("texts that are called as plural forms make no plural of their group, whichever comes first", function()
    for i = 1, 40 do -- tables have no order: in most of these a form comes first
      local group = { other = "Another way", one = "One way", two = "Two ways", few = "Few ways", many = "Many ways", ["text_" .. i] = "A text" }
      local expected = {}
      for name, value in pairs(group) do expected["payment." .. name] = value end
      test.equal(texts_of({ payment = group }), expected)
    end
  end)

  test.case("forms of forms are a group", function()
    test.equal(texts_of({ way = { other = { one = "a", other = "b" } } }), { ["way.other"] = { one = "a", other = "b" } })
  end)
end)
