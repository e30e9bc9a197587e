--- What the contracts of pages promise: a part that answers always, with data and never with markup of a shopper's making.
local conformance = require("kernel.conformance")
local contracts = require("kernel.contracts")

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

if contracts.of("view_patch") then
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
      for _, patch in ipairs(ask(subject, { items = items }) or {}) do
        expect(math.type(patch.id) == "integer" and patch.id >= 1 and patch.id <= 24, "a patch names the id of what was asked about")
      end
    end },
  })
end

return true
