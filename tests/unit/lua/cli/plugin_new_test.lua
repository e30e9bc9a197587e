-- What `merx plugin new` makes works at once, for every kind: its tests pass and `merx plugin check` finds nothing.
require("boot")
local check = require("cli.plugin.check")
local contracts = require("kernel.contracts")
local fs = require("native.fs")
local json = require("native.json")
local new = require("cli.plugin.new")
local prove = require("cli.plugin.test")
local test = require("support.test")

local function findings(report)
  local lines = {}
  for i, finding in ipairs(report:sorted()) do lines[i] = ("%s:%d: %s"):format(finding.file, finding.line, finding.message) end
  return table.concat(lines, "\n")
end

local function failures(root, filter)
  local lines = {}
  local passed = prove.prove(root, { filter = filter }, function(file, results)
    for _, case in ipairs(results.cases) do
      if not case.ok then lines[#lines + 1] = ("%s: %s: %s"):format(file.path, case.name, case.message) end
    end
  end)
  return table.concat(lines, "\n"), passed
end

for _, kind in ipairs(new.kinds()) do
  test.case(kind .. " works at once", function()
    local root = test.folder() .. "/zoe.bulk-thing"
    assert(new.make(kind, "zoe.bulk-thing", root))
    test.equal(findings(check.report(root)), "")
    local lines, passed = failures(root)
    test.equal(lines, "")
    test.truthy(passed > 3, "only " .. passed .. " cases ran")
    test.truthy(fs.exists(root .. "/.luarc.json") and fs.exists(root .. "/LICENSE"))
    test.equal(assert(json.decode(assert(fs.read(root .. "/plugin.json")))).name, "Bulk thing")
  end)
end

test.case("there is a kind for every extension point", function()
  local kinds, parts = {}, { promotion_condition = "promotion", promotion_action = "promotion" }
  for _, kind in ipairs(new.kinds()) do kinds[kind] = true end
  for _, contract in pairs(contracts.by_place()) do
    local kind = parts[contract.point] or contract.point
    test.truthy(kinds[kind], "merx plugin new has no " .. kind)
  end
end)

test.case("what cannot be made is refused with what to write", function()
  local folder = test.folder()
  test.contains(select(2, new.make("price_rul", "zoe.x", folder .. "/zoe.x")).message, "there is no kind price_rul; there are: ")
  test.contains(select(2, new.make("price_rule", "Zoe", folder .. "/Zoe")).message, "PUBLISHER.NAME")
  assert(fs.mkdir(folder .. "/zoe.y"))
  test.contains(select(2, new.make("price_rule", "zoe.y", folder .. "/zoe.y")).message, "is there already")
end)

local function made(kind)
  local root = test.folder() .. "/zoe.thing"
  assert(new.make(kind, "zoe.thing", root))
  return root
end

local function replace(root, path, from, to)
  local bytes = assert(fs.read(root .. "/" .. path))
  local at = assert(bytes:find(from, 1, true), from .. " is not in " .. path)
  assert(fs.write(root .. "/" .. path, bytes:sub(1, at - 1) .. to .. bytes:sub(at + #from)))
end

-- Plugins that break what their contract promises, and the case that must find it.
local broken = {
  { "price_rule", "money.percent_off(line.unit, cfg.percent)", "-1", "price_rule many: 500 lines, within the budget" },
  { "price_rule", "return ops\nend", "for _ = 1, 5000000 do end return ops\nend", "price_rule many: an empty cart" },
  { "price_rule", "local ops = {}", "local ops = {} M.count = (M.count or 0) + 1 cfg = { from = 2, percent = M.count }", "price_rule many: the same question has the same answer" },
  { "price_rule", "local ops = {}", "local ops = {} local first = input.lines[1].id", "price_rule many: an empty cart" },
  { "delivery_method", "local country = input.destination and input.destination.country", "local country = input.destination.country:upper()", "delivery_method parcel: a place that nobody has told yet" },
  { "command", "type(text) ~= \"string\" or text", "text", "command note: arguments that are not there" },
  { "event", "if not address then return end", "while true do end", "event placed: twice is as good as once" },
  { "service", "math.type(input.amount) ~= \"integer\"", "false", "service convert: a question that makes no sense" },
  { "section", "return {", "return \"<b>\" .. tostring {", "section greeting: it answers on a page that says nothing" },
}

for i, case in ipairs(broken) do
  test.case(("the contracts find what is broken in %s (%d)"):format(case[1], i), function()
    local root = made(case[1])
    replace(root, "src/sample.lua", case[2], case[3])
    test.contains(failures(root, case[4]), case[4])
  end)
end

test.case("a golden cart that costs something else is told, and --update writes down what it costs", function()
  local root = made("price_rule")
  replace(root, "plugin.json", '"default": 5', '"default": 6')
  test.contains(failures(root, "golden"), "golden cart two_lines")
  prove.prove(root, { update = true, filter = "golden" }, function() end)
  test.equal(failures(root, "golden"), "")
  test.contains(assert(fs.read(root .. "/tests/golden/two_lines.json")), '"unit": 1221')
end)

test.case("a spec learns of a request that nobody expected, and of one that never came", function()
  local root = made("job")
  replace(root, "tests/sample_test.lua", 't.http.expect({ url = URL, reply = { body = "fine" } })', "")
  test.contains(failures(root, "it asks"), "the plugin sent GET https://example.com/status, and the test expected no request")
  root = made("job")
  replace(root, "src/sample.lua", "shop.http.get(address)", "{ status = 200 }")
  test.contains(failures(root, "it asks"), "the plugin never sent GET https://example.com/status")
end)

test.case("a spec reads the mails that were sent, as their readers do", function()
  local root = made("job")
  replace(root, "plugin.json", '"http": [ { "setting": "endpoint", "methods": ["GET"] } ]', '"mail": true')
  assert(fs.write(root .. "/src/sample.lua", [[
local M = {}
function M.ask()
  assert(shop.mail.send({ to = "ada@example.com", subject = "Grüße an Ada, die heute besonders viel zu lesen bekommt, und zwar alles", text = "Ein Brief.\n", html = "<p>Ein Brief.</p>" }))
end
return M]]))
  assert(fs.write(root .. "/tests/sample_test.lua", [[
local t = require("merx.testing")
t.case("a letter", function()
  t.run_job("ask")
  t.equal(#t.mails, 1)
  t.equal(t.mails[1].to, "ada@example.com")
  t.equal(t.mails[1].subject, "Grüße an Ada, die heute besonders viel zu lesen bekommt, und zwar alles")
  t.equal({ t.mails[1].text, t.mails[1].html }, { "Ein Brief.\n", "<p>Ein Brief.</p>" })
end)]]))
  local lines, passed = failures(root, "a letter")
  test.equal(lines, "")
  test.equal(passed, 1)
end)

test.case("a spec finds the files that were kept, in memory, and none of the case before", function()
  local root = made("job")
  replace(root, "plugin.json", '"http": [ { "setting": "endpoint", "methods": ["GET"] } ]', '"storage": 5')
  assert(fs.write(root .. "/src/sample.lua", [[
local M = {}
function M.ask()
  assert(#shop.storage.list() == 0)
  assert(shop.storage.put("a.txt", "12345"))
  assert(select(2, shop.storage.put("b.txt", "1")).code == "storage.full")
  assert(shop.storage.list()[1].size == 5 and shop.storage.get("a.txt") == "12345")
end
return M]]))
  assert(fs.write(root .. "/tests/sample_test.lua", [[
local t = require("merx.testing")
for i = 1, 2 do t.case("files " .. i, function() t.run_job("ask") end) end]]))
  local lines, passed = failures(root, "files ")
  test.equal({ lines, passed }, { "", 2 })
end)

test.case("a folder is found however it is written", function()
  local folder = require("cli.plugin.folder")
  local here = os.getenv("PWD")
  test.equal(folder.resolve("/a/./b/../c/"), "/a/c")
  test.equal(folder.resolve("./x"), here .. "/x")
  test.equal(folder.resolve("."), here)
  test.equal(select(2, folder.open("/nowhere/at/all")).message, "there is no folder /nowhere/at/all")
  test.contains(select(2, folder.open(test.folder())).message, "holds no plugin.json")
end)
