local shop = require("support.shop")
shop.open()
local manifest = require("kernel.plugins.manifest")
require("kernel.plugins.commands")
require("kernel.plugins.deliveries")
local manifests = require("support.manifests")
require("domain.draft.contracts")
local test = require("support.test")

local function parse(change)
  return manifest.parse(manifests.text(change), "acme.tiers", "0.1.0")
end

test.case("a manifest that keeps to the rules is read", function()
  local found = assert(parse(function(m)
    m.requires, m.conflicts, m.provides = { ["acme.base"] = ">=1 <2" }, { "acme.old" }, { "acme.pricing" }
    m.capabilities = { http = { { setting = "endpoint", methods = { "POST" } } }, accounts = { "acme.tiers.uses" }, secrets = true }
    m.settings = { endpoint = { type = "url", default = "https://api.example.com" }, key = { type = "secret" } }
  end))
  test.equal(found.id, "acme.tiers")
  test.equal(found.contributes.price_rules[1].before, {})
end)

for _, case in ipairs(manifests.WRONG) do
  test.case("refused: " .. case[1], function()
    local found, problem = parse(case[3])
    test.equal(found, nil)
    test.truthy(problem:find(case[2], 1, true), problem)
  end)
end

test.case("what is not JSON is called so", function()
  local _, problem = manifest.parse("{ manifest: 1 }", "acme.tiers", "0.1.0")
  test.truthy(problem:find("not JSON", 1, true), problem)
end)
