-- The guide for those who come from WooCommerce names only what is there, and its examples are right.
require("boot")
local command = require("kernel.command")
local contracts = require("kernel.contracts")
local events = require("kernel.events")
local fs = require("native.fs")
local json = require("kernel.json")
local manifest = require("kernel.plugins.manifest")
local native_db = require("native.db")
local prelude = require("kernel.plugins.publish.prelude")
local setting_types = require("kernel.plugins.setting_types")
local test = require("support.test")
local thread = require("native.thread")
local views = require("kernel.plugins.views")

local GUIDE <const> = thread.share .. "/docs/guides/from-woocommerce.md"

local calls = {}
for _, module in ipairs(prelude.NAMES) do
  for _, declared in ipairs(prelude.read(module)) do calls[declared.name] = true end
end

-- What a word before a name promises.
local KNOWN <const> = {
  point = function(name) return contracts.of(name) end,
  event = function(name) return events.definitions()[name] end,
  command = function(name) return command.list()[name] end,
  guard = function(name) return command.guarded()[name] end,
  call = function(name) return calls[name] end,
  type = function(name) return setting_types.find(name) end,
  view = function(name) return views.list()[name] end,
  capability = function(name) return manifest.shape().fields.capabilities.fields[name] end,
}

local rows = {}
for line in assert(fs.read(GUIDE)):gmatch("[^\n]+") do
  local hook, here, example = line:match("^| (.-) | (.-) | (.-) |$")
  if hook and hook:find("`") then rows[#rows + 1] = { hook = hook, here = here, example = example:match("^`(.*)`$") } end
end

test.case("it maps at least sixty hooks, none of them twice", function()
  local seen, count = {}, 0
  for _, row in ipairs(rows) do
    test.equal(seen[row.hook], nil, row.hook)
    seen[row.hook], count = true, count + (row.hook:find("`woocommerce_") and 1 or 0)
  end
  test.truthy(count >= 60, tostring(count))
end)

test.case("each row says where it goes, with an example, or that it goes nowhere", function()
  for line in assert(fs.read(GUIDE)):gmatch("[^\n]+") do
    if line:find("^|") then test.equal(select(2, line:gsub("|", "")), 4, line) end
  end
  for _, row in ipairs(rows) do
    local is_nowhere = row.here:find("nothing", 1, true) ~= nil
    test.truthy(is_nowhere or row.here:find("`") or row.here:find("theme", 1, true), row.hook .. " leads nowhere and does not say so")
    test.truthy(is_nowhere or row.example, row.hook .. " needs an example")
  end
end)

test.case("every point, event, command, call, type, view, guard and capability that it names is there", function()
  local count = 0
  for _, row in ipairs(rows) do
    for word, name in row.here:gmatch("(%l+) `([^`]+)`") do
      if KNOWN[word] then
        test.truthy(KNOWN[word](name), ("%s: there is no %s %s"):format(row.hook, word, name))
        count = count + 1
      end
    end
  end
  test.truthy(count > 100, tostring(count))
end)

-- A manifest with the example among its contributions.
local function check_entry(hook, example)
  local contributes, err = json.decode("{" .. example .. "}")
  if not contributes then error(hook .. ": " .. err.message .. ": " .. example) end
  local id, api = "acme.guide", {}
  for place, entries in pairs(contributes) do
    local contract = contracts.by_place()[place] or error(hook .. ": there is no place " .. place)
    api[contract.point] = contract.version
    for _, entry in ipairs(entries) do id = entry.path and entry.path:match("^/apps/([^/]+)") or id end
  end
  local found, problem = manifest.parse(json.encode({
    manifest = 1, id = id, version = "1.0.0", name = "Guide", license = "MIT", engine = ">=0.1 <1", api = api, contributes = contributes,
  }), id, thread.version)
  test.truthy(found, hook .. ": " .. tostring(problem))
end

local operations = {}
for _, contract in pairs(contracts.by_place()) do
  for name, operation in pairs(contract.ops or {}) do operations[name] = operation end
end

-- Lua that compiles, whose operations have the fields of their contracts.
local function check_lua(hook, example)
  local chunk, err = load("local input, settings, line, item, event, request, raw, body, who, text, lines, id, token, html = ...; " .. example, hook)
  test.truthy(chunk, hook .. ": " .. tostring(err))
  for written in example:gmatch('%b{}') do
    written = written:match("^{ (%b{}) }$") or written
    local name, fields = written:match('^{ op = "([%w_]+)"(.*) }$')
    local operation = not name or operations[name] or error(hook .. ": there is no operation " .. name)
    local given = {}
    for field in (name and fields:gsub("%b{}", "0") or ""):gmatch(", ([%w_]+) =") do
      test.truthy(operation.fields[field], ("%s: %s has no field %s"):format(hook, name, field))
      given[field] = true
    end
    for field, spec in pairs(name and operation.fields or {}) do
      test.truthy(not spec.required or given[field], ("%s: %s needs %s"):format(hook, name, field))
    end
  end
  for call in example:gmatch("shop%.[%w_.]+") do
    local is_there = calls[call] or call:find("^shop%.settings%.")
    test.truthy(is_there, hook .. ": there is no " .. call)
  end
  for name in example:gmatch('shop%.command%("([%w_.]+)"') do
    test.truthy(command.list()[name] or name:find("^acme%."), hook .. ": there is no command " .. name)
  end
end

test.case("every example is right", function()
  for _, row in ipairs(rows) do
    if not row.example then goto next end
    if row.example:find('^"') then check_entry(row.hook, row.example) else check_lua(row.hook, row.example) end
    ::next::
  end
end)

-- Arguments of commands in examples, against their schemas.
test.case("commands in examples are given what they take", function()
  for _, row in ipairs(rows) do
    local name, given = (row.example or ""):match('shop%.command%("([%w_.]+)", (%b{})')
    local definition = name and command.list()[name]
    if definition then
      for field in given:gmatch("([%w_]+) =") do
        test.truthy(definition.args.fields[field], ("%s: %s takes no %s"):format(row.hook, name, field))
      end
      for field, spec in pairs(definition.args.fields) do
        test.truthy(not spec.required or given:find("%f[%w_]" .. field .. " ="), ("%s: %s needs %s"):format(row.hook, name, field))
      end
    end
  end
end)

test.case("queries in examples read what the views have", function()
  local conn, count = assert(native_db.open({ mode = "memory" })), 0
  assert(native_db.migrate(conn, thread.share .. "/sql/migrations"))
  for _, row in ipairs(rows) do
    local sql = (row.example or ""):match('"(SELECT [^"]*pub_[^"]*)"')
    if sql then
      local statement, err = conn:prepare(sql)
      test.truthy(statement, row.hook .. ": " .. (err and err.message or ""))
      count = count + 1
    end
  end
  test.truthy(count >= 3)
  conn:close()
end)
