--- What the contracts of pages promise: a part that answers always, with data and never with markup of a shopper's making.
local conformance = require("kernel.conformance")

local expect = conformance.expect

local MARKUP <const> = "<script>alert(1)</script>"

local function told(err)
  return type(err) == "table" and tostring(err.message) or tostring(err)
end

local function ask(subject, input)
  local answer, err = subject.handler.call(input, subject.handler.settings)
  expect(err == nil, "it failed: %s; if it needs something to work on, put that into tests/samples/%s.json", told(err), subject.entry.id)
  return answer
end

conformance.define("section", {
  { name = "it answers on a page that says nothing", run = function(subject)
    expect(type(ask(subject, {})) == "table", "a section answers with a table")
  end },
  { name = "it answers whatever an editor wrote", run = function(subject)
    local settings = {}
    for name in pairs(subject.entry.settings) do settings[name] = MARKUP end
    expect(type(ask(subject, { settings = settings })) == "table", "a section answers with a table")
  end },
})

conformance.define("view_patch", {
  { name = "nothing to add to is fine", run = function(subject) ask(subject, { items = {} }) end },
  { name = "things of any kind", run = function(subject)
    local items = {}
    for i = 1, 24 do
      items[i] = {
        id = i, variant_id = i, handle = "thing-" .. i, title = MARKUP, vendor = i % 2 == 0 and "Maker" or nil, kind = "simple",
        price = i * 100, list_price = i * 120, available = i % 3 ~= 0,
      }
    end
    for _, patch in ipairs(ask(subject, { view = "product_card", locale = "en", items = items }) or {}) do
      expect(math.type(patch.id) == "integer" and patch.id >= 1 and patch.id <= 24, "a patch names the id of what was asked about")
    end
  end },
})

local ANSWERS <const> = { "json", "text", "redirect", "markdown", "html" }

-- What a browser sends to the route, with `word` wherever a visitor may write something.
local function request_of(entry, word)
  local params = {}
  for name in entry.path:gmatch(":([%w_]+)") do params[name] = word end
  return {
    method = entry.method, path = entry.path, params = params, query = { q = word, page = word }, locale = "en", currency = "EUR",
    channel = "default", form = entry.method == "POST" and { q = word } or nil, now = 1767225600000,
  }
end

-- Nothing is an answer, too: there is no such page.
local function expect_answer(subject, input)
  local answer = ask(subject, input)
  if answer == nil then return {} end
  expect(type(answer) == "table", "a route answers with a table, or nil where there is nothing")
  for _, name in ipairs(ANSWERS) do
    if answer[name] ~= nil then return answer end
  end
  expect(false, "a route answers with one of %s", table.concat(ANSWERS, ", "))
end

conformance.define("route", {
  { name = "it answers who says nothing", run = function(subject)
    local input = request_of(subject.entry, "1")
    input.params, input.query, input.form = {}, {}, input.form and {}
    expect_answer(subject, input)
  end },
  { name = "what a visitor writes comes back escaped or not at all", run = function(subject)
    local answer = expect_answer(subject, request_of(subject.entry, MARKUP))
    for _, name in ipairs({ "html", "markdown" }) do
      local page = answer[name]
      expect(not (type(page) == "string" and page:find(MARKUP, 1, true)), "%s shows markup that a visitor wrote", name)
    end
  end },
})

return true
