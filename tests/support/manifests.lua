--- Manifests for tests: one that is right, and every way in which one can be wrong.
local json = require("kernel.json")

local manifests = {}

--- A manifest that is right, changed by `change`.
---@param change? fun(manifest: table, entry: table)
---@return string
function manifests.text(change)
  local found = {
    manifest = 1, id = "acme.tiers", version = "1.2.0", name = "Tiers", license = "MIT", engine = ">=0.1 <1", api = { price_rule = 1 },
    settings = {}, contributes = { price_rules = { { id = "qty", handler = "rules:qty", input = { "lines[].qty" } } } },
  }
  if change then change(found, found.contributes.price_rules[1]) end
  return json.encode(found)
end

--- What is wrong, a part of what is said then, and what makes it so. `is_beyond_schema`: only the engine can tell, as the
--- published schema cannot say it.
manifests.WRONG = {
  { "there is no such key", "speed is not known here", function(m) m.speed = 1 end },
  { "an id without a publisher", "id must be like acme.member-price", function(m) m.id = "tiers" end },
  { "a folder of another name", "the folder is called acme.tiers", function(m) m.id = "acme.steps" end, is_beyond_schema = true },
  { "a version that is no version", "version must be like 1.0.0", function(m) m.version = "1.2" end },
  { "JavaScript in the checkout", "capabilities.checkout_js is not offered by this version: remove it", function(m) m.capabilities = { checkout_js = true } end },
  { "permissions", "capabilities.permissions is not offered by this version: remove it", function(m) m.capabilities = { permissions = { "acme.tiers.see" } } end },
  { "no license", "license is missing", function(m) m.license = nil end },
  { "a newer engine", "it asks for an engine >=9", function(m) m.engine = ">=9" end, is_beyond_schema = true },
  { "an engine that is no range", "write the engine as a range", function(m) m.engine = "0.1" end },
  { "a contract that is not named", '"api": { "price_rule": 1 }', function(m) m.api = { fee_rule = 1 } end },
  { "a contract that does not exist", "no extension point", function(m) m.api.price_hook = 1 end },
  { "a newer contract", "upgrade Merx", function(m) m.api.price_rule = 2 end },
  { "a place that does not exist", "contributes.hooks is not known here", function(m) m.contributes.hooks = { { id = "a" } } end },
  { "a handler without a function", "must be like module:function", function(_, entry) entry.handler = "rules" end },
  { "a handler outside of the folder", "must be like module:function", function(_, entry) entry.handler = "../rules:qty" end },
  { "an entry id with spaces", "must be like quantity-tiers", function(_, entry) entry.id = "my tier" end },
  { "two entries of one id", "two entries called qty", function(m, entry) m.contributes.price_rules[2] = entry end, is_beyond_schema = true },
  { "an input that nobody can see", "did you mean lines[].qty?", function(_, entry) entry.input = { "lines[].quantity" } end },
  { "an input where nothing can be chosen", "input has no effect at event, whose handlers are given at, body, event, key, seq: remove it", function(m)
    m.api.event, m.contributes.events = 1, { { id = "told", handler = "rules:told", on = "order.placed", input = { "body" } } }
  end },
  { "an input of a command", "input has no effect at command, whose handlers are given what they are asked with", function(m)
    m.api.command, m.contributes.commands = 1, { { id = "note", handler = "rules:note", input = { "text" } } }
  end },
  { "what a failure means where that is fixed", "jobs.tidy: on_error has no effect at job: remove it", function(m)
    m.api.job, m.contributes.jobs = 1, { { id = "tidy", handler = "rules:tidy", every = "every 1h", on_error = "block" } }
  end },
  { "a setting of no type", "which does not exist", function(m) m.settings = { a = { type = "float" } } end },
  { "an enum without values", "needs `values`", function(m) m.settings = { a = { type = "enum" } } end },
  { "a default that breaks its rules", "its default breaks its own rules",
    function(_, entry) entry.settings = { a = { type = "integer", min = 5, default = 1 } } end, is_beyond_schema = true },
  { "a secret with a default", "a secret, which has no default", function(m) m.settings = { key = { type = "secret", default = "x" } } end },
  { "a secret of an entry", 'price_rules.qty.settings.key is a secret: put it under the settings of the plugin as a whole, where shop.secret "key" finds it',
    function(_, entry) entry.settings = { key = { type = "secret" } } end, is_beyond_schema = true },
  { "a table without columns", "needs `columns`", function(m) m.settings = { rows = { type = "table" } } end },
  { "a table in a table", "of a type that a table cannot hold",
    function(m) m.settings = { rows = { type = "table", columns = { a = { type = "table" } } } } end },
  { "a column that says what nobody knows", "columns.a.speed is not known here",
    function(m) m.settings = { rows = { type = "table", columns = { a = { type = "string", speed = 1 } } } } end },
  { "a column whose default is of another type", "columns.a: its default breaks its own rules",
    function(m) m.settings = { rows = { type = "table", columns = { a = { type = "integer", default = "x" } } } } end },
  { "a setting that depends on none", "depends on the setting other", function(m) m.settings = { a = { type = "string", when = { other = true } } } end, is_beyond_schema = true },
  { "a requirement that is no id", "not the id of a plugin", function(m) m.requires = { base = ">=1" } end },
  { "a requirement without a range", "write a range", function(m) m.requires = { ["acme.base"] = "1.0" } end },
  { "a host with a path", "must be a host like", function(m) m.capabilities = { http = { { host = "https://example.com/a" } } } end },
  { "neither host nor setting", "needs exactly one of host / setting", function(m) m.capabilities = { http = { { plain = true } } } end },
  { "a host in a setting that is not there", "no setting endpoint", function(m) m.capabilities = { http = { { setting = "endpoint" } } } end, is_beyond_schema = true },
  { "an account of somebody else", "must begin with acme.tiers", function(m) m.capabilities = { accounts = { "stock" } } end, is_beyond_schema = true },
  { "a capability that does not exist", "capabilities.root is not known here", function(m) m.capabilities = { root = true } end },
}

return manifests
