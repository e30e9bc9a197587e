local fs = require("native.fs")
local assets = require("web.assets")
local test = require("support.test")

local TOKENS <const> = [[
/* The first file
   of all. */
@layer reset, base;

:root {
  --space: 1rem;
}
]]

local CARD <const> = [[
@media (width > 40rem) {
  .card,
  .card:hover { color: red }

  .card {
    margin: 0 /* none; } */ auto;

    --text: "a  b";
  }
}]]

local SHRUNK <const> = "@layer reset, base;:root{--space: 1rem;}@media (width > 40rem){.card,\n.card:hover { color: red }"
  .. ".card{margin: 0  auto;--text: \"a  b\";}}"

test.group("web.assets", function()
  test.case("styles are one file, the first one first, without comments and indentation", function()
    local folder = test.folder()
    assert(fs.mkdir(folder .. "/css"))
    assert(fs.write(folder .. "/css/tokens.css", (TOKENS:gsub(";\n", "; \t\n"))))
    assert(fs.write(folder .. "/css/card.css", CARD))
    assert(fs.write(folder .. "/logo.svg", "<svg/>"))
    local loaded = assets.load(folder, "/a/", { css = "all.css", js = "all.js" })
    test.equal(loaded.by_name["all.css"].body, SHRUNK)
    test.equal(loaded.by_name["all.css"].url:match("^/a/all%.%x+%.css$") ~= nil, true)
    test.equal(loaded.by_name["logo.svg"].body, "<svg/>")
    test.equal(loaded.by_url[loaded.by_name["logo.svg"].url].type, "image/svg+xml")
  end)

  test.case("a comment without an end is left as it is", function()
    local folder = test.folder()
    assert(fs.mkdir(folder .. "/css"))
    assert(fs.write(folder .. "/css/a.css", "/**/a { }\n/*/ b"))
    test.equal(assets.load(folder, "/a/", { css = "c.css", js = "c.js" }).by_name["c.css"].body, "a { }/*/ b")
  end)
end)
