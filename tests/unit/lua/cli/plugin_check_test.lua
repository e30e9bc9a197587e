-- `merx plugin check`: every mistake is told with its file and line, and what to write instead.
require("boot")
local check = require("cli.plugin.check")
local fs = require("native.fs")
local new = require("cli.plugin.new")
local syntax = require("cli.plugin.check.syntax")
local test = require("support.test")
local thread = require("native.thread")

local function make(kind)
  local root = test.folder() .. "/zoe.thing"
  assert(new.make(kind, "zoe.thing", root))
  return root
end

-- The text of a file with a part of it replaced.
local function replace(root, path, from, to)
  local bytes = assert(fs.read(root .. "/" .. path))
  local first, last = bytes:find(from, 1, true)
  assert(first, from .. " is not in " .. path)
  assert(fs.write(root .. "/" .. path, bytes:sub(1, first - 1) .. to .. bytes:sub(last + 1)))
end

local function findings(root)
  local lines = {}
  for i, finding in ipairs(check.report(root):sorted()) do
    lines[i] = ("%s:%d: %s: %s"):format(finding.file, finding.line, finding.level, finding.message)
  end
  return table.concat(lines, "\n")
end

-- { kind, file, text there, text instead, what must be told }
local mistakes = {
  -- the manifest
  { "price_rule", "plugin.json", '"license": "MIT",', '"license" "MIT",', "plugin.json:2: error: it is not JSON" },
  { "price_rule", "plugin.json", '"license": "MIT",', "", "plugin.json:1: error: license is missing" },
  { "price_rule", "plugin.json", '"title": "title",', '"titel": "title",', "plugin.json:7: error: contributes.price_rules.1.titel is not known here" },
  { "price_rule", "plugin.json", "sample:many", "sample.many", "plugin.json:7: error: contributes.price_rules.1.handler must be like module:function" },
  { "price_rule", "plugin.json", "zoe.thing", "zoe.other", "the id is zoe.other but the folder is called zoe.thing" },
  { "price_rule", "plugin.json", "lines[].qty", "lines[].count", "plugin.json:8: error: price_rules.many: nobody can see lines[].count at price_rule; did you mean lines[]." },
  { "price_rule", "plugin.json", '"price_rule": 1', '"price_rule": 9', "it was written for version 9 of price_rule; this engine has 1: upgrade Merx" },
  { "price_rule", "plugin.json", ">=0.1 <1", ">=7", "it asks for an engine >=7" },
  { "event", "plugin.json", '"type": "url",', '"type": "secret", "default": "x",', "settings.endpoint is a secret, which has no default" },
  { "event", "plugin.json", '"on": "order.placed"', '"on": "order.plced"', "there is no event order.plced; merx hooks lists them" },
  { "job", "plugin.json", "every 1h", "each hour", 'write "every 15m"' },
  -- what else is installed
  { "price_rule", "plugin.json", '"contributes"', '"requires": { "zoe.base": ">=1" }, "contributes"', "it needs zoe.base >=1: install and enable that first" },
  { "price_rule", "plugin.json", '"input"', '"before": ["merx.catalog-prices"], "after": ["merx.catalog-prices"], "input"', "each want to come before the other" },
  -- handlers
  { "price_rule", "plugin.json", "sample:many", "sample:meny", "plugin.json:7: error: there is no handler 'sample:meny': its module has no such function" },
  { "price_rule", "plugin.json", "sample:many", "rules:many", "plugin.json:7: error: there is no handler 'rules:many': its module is neither in src/ nor in lib/" },
  { "price_rule", "src/sample.lua", "local M = {}", "local M = {}\nM.size = #nil_value.x", "src/sample.lua:3: error: there is no nil_value here" },
  { "price_rule", "src/sample.lua", "local M = {}", "local M = {}\nM.size = #M.x", "src/sample.lua:3: error: attempt to get length" },
  -- sources
  { "price_rule", "src/sample.lua", "local ops = {}", "local ops = {", "src/sample.lua:" },
  { "price_rule", "src/sample.lua", "local ops = {}", "ops = {}", "src/sample.lua:6: error: ops is set as a global: write `local ops`" },
  { "price_rule", "src/sample.lua", "local ops = {}", "local ops = {} print(ops)", "src/sample.lua:6: error: there is no print here; use shop.log()" },
  { "price_rule", "src/sample.lua", "ipairs(", "iparis(", "there is no iparis here; did you mean ipairs?" },
  { "price_rule", "src/sample.lua", "money.percent_off", "money.percentoff", "src/sample.lua:10: error: there is no money.percentoff; did you mean money.percent_off?" },
  { "price_rule", "src/sample.lua", "local ops = {}", "local ops = {} local at = os.time()", "there is no os here; name `now` as an input" },
  { "price_rule", "src/sample.lua", "local ops = {}", "local ops = {} shop.http.get('https://example.com')",
    "src/sample.lua:6: error: shop.http.get may be called in handlers of these kinds: effect; those of this file are: pure" },
  { "price_rule", "plugin.json", '"lines[].qty",', '"lines[].qty", "lines[].weight",', "plugin.json:8: warning: no source reads lines[].weight: leave it out of `input`" },
  { "price_rule", "src/sample.lua", "line.qty >=", "line.weight >=", 'src/sample.lua:1: warning: it reads weight, which no `input` names: add "lines[].weight"' },
  -- what was asked for
  { "job", "plugin.json", '"capabilities": { "http": [ { "setting": "endpoint", "methods": ["GET"] } ] },', "", 'requests need a capability: add "capabilities": { "http": [' },
  { "job", "src/sample.lua", "shop.http.get(address)", 'shop.http.get("https://api.example.com/x" .. address)', 'src/sample.lua:8: error: plugin.json names no host api.example.com' },
  { "job", "src/sample.lua", "if not address", 'shop.mail.send({}) if not address', 'mail needs a capability: add "capabilities": { "mail": true }' },
  { "job", "src/sample.lua", "if not address", 'shop.command("order.place", {}) if not address', 'add "capabilities": { "commands": ["order.place"] }' },
  { "job", "src/sample.lua", "if not address", 'shop.command("zoe.thing.tidy", {}) if not address', "plugin.json has no entry tidy under contributes.commands" },
  { "job", "src/sample.lua", "if not address", 'shop.service("acme.fx/rate", {}) if not address', 'add "capabilities": { "services": ["acme.fx/rate"] }' },
  { "job", "src/sample.lua", "if not address", 'shop.secret("key") if not address', 'there is no secret key: add "settings": { "key": { "type": "secret" } }' },
  { "job", "src/sample.lua", "shop.settings.endpoint", "shop.settings.adress", "src/sample.lua:6: error: plugin.json has no setting adress" },
  { "job", "src/sample.lua", "shop.http.get(address)", "{ status = 200 }", "warning: no source uses capabilities.http" },
  { "command", "src/sample.lua", "INTO p_zoe_thing_notes", "INTO p_acme_other_notes", "p_acme_other_notes is neither a table of this plugin (those begin with p_zoe_thing_) nor a view" },
  { "command", "src/sample.lua", "INTO p_zoe_thing_notes", "INTO orders", "src/sample.lua:13: error: orders is neither a table" },
  { "command", "src/sample.lua", "INTO p_zoe_thing_notes", "INTO p_zoe_thing_note", "src/sample.lua:13: error: no migration makes the table p_zoe_thing_note; did you mean p_zoe_thing_notes?" },
  { "command", "src/sample.lua", '"zoe.thing.noted"', '"order.noted"', 'the name of a plugin\'s event begins with zoe.thing: write "zoe.thing.noted"' },
  { "job", "plugin.json", '"capabilities": { ', '"capabilities": { "checkout_js": true, ', 'plugin.json:5: error: capabilities.checkout_js is not offered by this version: remove it' },
  { "job", "src/sample.lua", "if not address", 'shop.storage.put("last", "x") if not address', 'files need a capability: add "capabilities": { "storage": 1000000 }, in bytes' },
  { "job", "plugin.json", '"capabilities": { ', '"capabilities": { "storage": 10, ', "warning: no source uses capabilities.storage" },
  { "price_rule", "src/sample.lua", "local ops = {}", "local ops = {} shop.storage.list()", "shop.storage.list may be called in handlers of these kinds: effect; those of this file are: pure" },
  { "command", "plugin.json", '"capabilities": { "tables": true },', "", 'add "capabilities": { "tables": true }' },
  -- texts
  { "price_rule", "locales/en.json", '"title": "Quantity price", ', "", "plugin.json:7: error: no language has a text for title" },
  { "price_rule", "locales/en.json", '"reason": ', '"why": ', "src/sample.lua:11: warning: no language has a text for reason" },
  { "price_rule", "plugin.json", '["en"]', '["en", "de"]', "plugin.json:12: error: there is no locales/de.json" },
  { "price_rule", "locales/en.json", "{ ", "", "locales/en.json:1: error: it is not JSON" },
  -- migrations
  { "command", "migrations/0001_notes.sql", "CREATE TABLE", "DROP TABLE x; CREATE TABLE", "migrations/0001_notes.sql:2: error: migrations only add, and DROP does more" },
  { "command", "migrations/0001_notes.sql", "p_zoe_thing_notes", "notes", "migrations" },
  { "command", "migrations/0001_notes.sql", "NOT NULL,", "NOT NULL REFERENCES orders (id),", "migrations/0001_notes.sql:4: error: it refers to orders, which is no table" },
  { "command", "migrations/0001_notes.sql", "STRICT;", "STRICT;\nCREATE TABEL x;", "migrations/0001_notes.sql:7: error: near \"TABEL\"" },
}

for i, case in ipairs(mistakes) do
  local kind, path, from, to, wanted = table.unpack(case)
  test.case(("mistake %d, %s: %s"):format(i, path, wanted:sub(1, 60)), function()
    local root = make(kind)
    replace(root, path, from, to)
    test.contains(findings(root), wanted)
  end)
end

test.case("another language lacks a text, and one is not listed", function()
  local root = make("price_rule")
  assert(fs.write(root .. "/locales/de.json", '{ "title": "Mengenpreis" }'))
  local told = findings(root)
  test.contains(told, "locales/de.json:1: warning: it lacks reason, which another language has")
  test.contains(told, 'locales/de.json is not listed: add "de" to contributes.locales')
end)

test.case("what merchants look for is missed", function()
  local root = make("price_rule")
  fs.remove(root .. "/LICENSE")
  fs.remove(root .. "/tests")
  test.contains(findings(root), "LICENSE:1: warning")
  test.contains(findings(root), "there is no tests/*_test.lua")
end)

test.group("sources", function()
  local function globals(code)
    assert(load(code))
    local names = {}
    for i, global in ipairs(syntax.read(code).globals) do names[i] = (global.is_set and "=" or "") .. global.name .. ":" .. global.line end
    return table.concat(names, " ")
  end

  local sources = {
    { "local a <const>, b = 1, 2 return a + b", "" },
    { "local x = x", "x:1" },
    { "for i = 1, n do local j = i end return i", "n:1 i:1" },
    { "repeat local ok = f() until ok", "f:1" },
    { "local function f(a, ...) return f(a, ...) end\nreturn f", "" },
    { "local f = function(self) return self.x end", "" },
    { "local M = {}\nfunction M:go(a)\n  return self, a, b\nend", "b:3" },
    { "a, b.c = 1, 2", "=a:1 b:1" },
    { "function f() end", "=f:1" },
    { "goto done\n::done::\nreturn [[x\ny]], z", "z:4" },
    { "-- a\n--[[ b\nc ]] return d", "d:3" },
    { "local s = 'it\\'s' .. \"a\" return #s, -1e-3, 0xff, 3 // 2 ~= 1, not s", "" },
    { "return { a = 1, [b] = 2, c; d }", "b:1 c:1 d:1" },
    { "if a then elseif b then else c() end while d do break end", "a:1 b:1 c:1 d:1" },
    { "local t = {} t.x.y['z'](1)('s'){ k = v }", "v:1" },
    { "return function(a) local b = a return function() return a, b, c end end", "c:1" },
  }
  for _, case in ipairs(sources) do
    test.case((case[1]:gsub("\n", " ")), function() test.equal(globals(case[1]), case[2]) end)
  end

  test.case("a local that stands for a member of a global, or for a text, is followed", function()
    local use = syntax.read('local http, URL <const> = shop.http, "https://a.example/"\nreturn http.get(URL .. "x", { headers = {} })')
    test.equal(use.calls[1].path, { "shop", "http", "get" })
    test.equal(use.calls[1].args[1], { kind = "text", text = "https://a.example/", is_part = true })
  end)

  local function each_source(path, visit)
    if fs.stat(path).kind == "dir" then
      for _, name in ipairs(assert(fs.list(path))) do each_source(path .. "/" .. name, visit) end
    elseif path:find("%.lua$") then
      visit(path)
    end
  end

  test.case("every source of the shop itself is understood", function()
    local count = 0
    local function read(path)
      local ok, problem = pcall(syntax.read, assert(fs.read(path)))
      if not ok then test.fail(path .. ": " .. tostring(problem)) end
      count = count + 1
    end
    each_source(thread.share .. "/lua", read)
    each_source(thread.share .. "/plugins", read)
    test.truthy(count > 200)
  end)
end)
