local shop = require("support.shop")
shop.open()
local json = require("kernel.json")
local manifest = require("kernel.plugins.manifest")
require("domain.draft.contracts")
local test = require("support.test")

-- A manifest that is right, changed by `change`.
local function text_of(change)
  local found = {
    manifest = 1, id = "acme.tiers", version = "1.2.0", name = "Tiers", license = "MIT", engine = ">=0.1 <1", api = { price_rule = 1 },
    settings = {}, contributes = { price_rules = { { id = "qty", handler = "rules:qty", input = { "lines[].qty" } } } },
  }
  if change then change(found, found.contributes.price_rules[1]) end
  return json.encode(found)
end

local function parse(change)
  return manifest.parse(text_of(change), "acme.tiers", "0.1.0")
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

local WRONG <const> = {
  { "there is no such key", "speed is not known here", function(m) m.speed = 1 end },
  { "an id without a publisher", "id must be like acme.member-price", function(m) m.id = "tiers" end },
  { "a folder of another name", "the folder is called acme.tiers", function(m) m.id = "acme.steps" end },
  { "a version that is no version", "version must be like 1.0.0", function(m) m.version = "1.2" end },
  { "no license", "license is missing", function(m) m.license = nil end },
  { "a newer engine", "it asks for an engine >=9", function(m) m.engine = ">=9" end },
  { "an engine that is no range", "write the engine as a range", function(m) m.engine = "0.1" end },
  { "a contract that is not named", '"api": { "price_rule": 1 }', function(m) m.api = { fee_rule = 1 } end },
  { "a contract that does not exist", "no extension point", function(m) m.api.price_hook = 1 end },
  { "a newer contract", "upgrade Merx", function(m) m.api.price_rule = 2 end },
  { "a place that does not exist", "contributes.hooks is not known here", function(m) m.contributes.hooks = { { id = "a" } } end },
  { "a handler without a function", "must be like module:function", function(_, entry) entry.handler = "rules" end },
  { "a handler outside of the folder", "must be like module:function", function(_, entry) entry.handler = "../rules:qty" end },
  { "an entry id with spaces", "must be like quantity-tiers", function(_, entry) entry.id = "my tier" end },
  { "two entries of one id", "two entries called qty", function(m, entry) m.contributes.price_rules[2] = entry end },
  { "an input that nobody can see", "did you mean lines[].qty?", function(_, entry) entry.input = { "lines[].quantity" } end },
  { "a setting of no type", "which does not exist", function(m) m.settings = { a = { type = "float" } } end },
  { "an enum without values", "needs `values`", function(m) m.settings = { a = { type = "enum" } } end },
  { "a default that breaks its rules", "its default breaks its own rules",
    function(_, entry) entry.settings = { a = { type = "integer", min = 5, default = 1 } } end },
  { "a secret with a default", "a secret, which has no default", function(m) m.settings = { key = { type = "secret", default = "x" } } end },
  { "a table without columns", "needs `columns`", function(m) m.settings = { rows = { type = "table" } } end },
  { "a table in a table", "of a type that a table cannot hold",
    function(m) m.settings = { rows = { type = "table", columns = { a = { type = "table" } } } } end },
  { "a setting that depends on none", "depends on the setting other", function(m) m.settings = { a = { type = "string", when = { other = true } } } end },
  { "a requirement that is no id", "not the id of a plugin", function(m) m.requires = { base = ">=1" } end },
  { "a requirement without a range", "write a range", function(m) m.requires = { ["acme.base"] = "1.0" } end },
  { "a host with a path", "must be a host like", function(m) m.capabilities = { http = { { host = "https://example.com/a" } } } end },
  { "neither host nor setting", "needs either a host or", function(m) m.capabilities = { http = { { plain = true } } } end },
  { "a host in a setting that is not there", "no setting endpoint", function(m) m.capabilities = { http = { { setting = "endpoint" } } } end },
  { "an account of somebody else", "must begin with acme.tiers", function(m) m.capabilities = { accounts = { "stock" } } end },
  { "a capability that does not exist", "capabilities.root is not known here", function(m) m.capabilities = { root = true } end },
}

for _, case in ipairs(WRONG) do
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
