-- What is made of the contracts for others to read: the committed files are what would be made now, and true.
require("boot")
local contracts = require("kernel.contracts")
local events = require("kernel.events")
local fields = require("kernel.plugins.publish.fields")
local fs = require("native.fs")
local hooks = require("cli.hooks")
local host = require("kernel.plugins.host")
local native = require("native.plugin")
local prelude = require("kernel.plugins.publish.prelude")
local publish = require("kernel.plugins.publish")
local reference = require("cli.plugin.reference")
local test = require("support.test")
local thread = require("native.thread")

test.case("the committed reference, schema and stubs are what would be made now", function()
  local stale = publish.stale(thread.share)
  if #stale > 0 then
    error("these files are not what the contracts, commands, events and preludes say now; run `merx plugin reference` and commit them:\n  "
      .. table.concat(stale, "\n  "), 0)
  end
end)

test.case("files are written where they are wanted, once, and those too many go", function()
  local folder = test.folder()
  test.equal(publish.stale(folder)[1], "docs/reference/README.md")
  local written = assert(publish.write(folder))
  test.truthy(#written > 10)
  test.equal(publish.stale(folder), {})
  assert(fs.write(folder .. "/docs/reference/old.md", "old"))
  assert(fs.write(folder .. "/docs/reference/points.md", "changed"))
  test.equal(publish.stale(folder), { "docs/reference/old.md", "docs/reference/points.md" })
  test.equal(reference.run({ folder, "--check" }), 1)
  test.equal(publish.write(folder), { "docs/reference/old.md", "docs/reference/points.md" })
  test.equal(reference.run({ folder, "--check" }), 0)
end)

test.case("every stub is Lua", function()
  for path, text in pairs(publish.files()) do
    if path:find("%.lua$") then assert(load(text, path, "t", {})) end
  end
end)

test.case("every host call has a function in the preludes, and each of those says what it takes", function()
  local reached = {}
  for _, module in ipairs(prelude.NAMES) do
    for _, declared in ipairs(prelude.read(module)) do
      if declared.call then reached[declared.call] = true end
      if not declared.is_table and declared.name ~= "" then test.truthy(prelude.sentence(declared.doc) ~= "", declared.name .. " has no comment") end
      for _, param in ipairs(declared.params or {}) do
        test.truthy(table.concat(declared.doc, "\n"):find("@param " .. param .. "[? ]"), declared.name .. " does not say what " .. param .. " is")
      end
    end
  end
  for _, call in ipairs(fields.sorted(host.list())) do test.truthy(reached[call], "nothing calls the host call " .. call) end
end)

test.case("what needs a capability says which, and that capability exists", function()
  local known = require("kernel.plugins.manifest").shape().fields.capabilities.fields
  for name, definition in pairs(host.list()) do
    test.equal(definition.capability ~= nil, definition.needs ~= nil, name)
    for capability in (definition.capability or ""):gmatch("[%l_]+") do test.truthy(known[capability], name .. " needs " .. capability) end
  end
end)

-- The names in the table that a stub describes, as plugin code finds them.
local LOOK <const> = [[
local M = {}
function M.look(input)
  local at = _G
  for part in input.name:gmatch("[^.]+") do at = at[part] end
  return { kind = type(at) }
end
return M]]

test.case("what a stub declares is there for plugin code", function()
  local state = assert(native.open({
    id = "test.look", modules = { look = LOOK }, prelude = { "kernel/sandbox/money.lua", "kernel/sandbox/std.lua", "kernel/sandbox/shop.lua" },
    host = function() return true, "set" end,
  }))
  for _, module in ipairs(prelude.NAMES) do
    for _, declared in ipairs(prelude.read(module)) do
      if declared.name ~= "" then
        local ok, answer = state:call("effect", "look:look", nil, { name = declared.name })
        test.truthy(ok, declared.name)
        test.equal(answer.kind, (declared.params or table.concat(declared.doc):find("@type fun")) and "function" or "table", declared.name)
      end
    end
  end
end)

test.case("the stub of Lua's functions has those that plugin code finds, no more and no less", function()
  local stub, found = {}, {}
  local text = assert(fs.read(thread.share .. "/lua/types/sandbox.lua"))
  for name in text:gmatch("\nfunction ([%w_]+)%(") do stub[#stub + 1] = name end
  for name in text:gmatch("\n([%w_]+) = ") do stub[#stub + 1] = name end
  table.sort(stub)
  for _, name in ipairs(prelude.lua_names()) do
    if not name:find(".", 1, true) then found[#found + 1] = name end
  end
  test.equal(stub, found)
end)

-- Lua files below a folder of the program.
local function each_source(folder, visit)
  for _, name in ipairs(assert(fs.list(folder))) do
    local path = folder .. "/" .. name
    if name:find("%.lua$") then
      visit(path, assert(fs.read(path)))
    elseif fs.stat(path).kind == "dir" then
      each_source(path, visit)
    end
  end
end

test.case("stubs, templates and bundled plugins name only types that the stubs have", function()
  local declared, count, files = {}, 0, publish.files()
  for path, text in pairs(files) do
    for name in (path:find("%.lua$") and text or ""):gmatch("%-%-%-@%l+ ([%w_.]+)") do declared[name] = true end
  end
  local function look(path, text)
    for _, pattern in ipairs({ "merx%.%l%l%.[%w_.]*[%w_]", "%f[%w]shop%.%u%w+" }) do
      for name in text:gmatch(pattern) do
        test.truthy(declared[name], path .. " names " .. name)
        count = count + 1
      end
    end
  end
  for path, text in pairs(files) do
    if path:find("^lua/types/") then look(path, text) end
  end
  each_source(thread.share .. "/lua/merx/templates", look)
  each_source(thread.share .. "/plugins", look)
  test.truthy(count >= 100)
end)

test.case("merx hooks lists all that messages send people there for", function()
  local found = hooks.collect()
  local sizes = { points = 10, guards = 1, events = 10, commands = 50, jobs = 5, calls = 15, views = 5 }
  for kind, least in pairs(sizes) do
    test.truthy(#found[kind] >= least, kind)
    for _, entry in ipairs(found[kind]) do test.truthy(entry.name and entry.doc, kind .. "." .. tostring(entry.name) .. " has no doc") end
  end
end)

-- Facts that the rooms of the domain put into the outbox, by their source.
local function emitted()
  local found = {}
  each_source(thread.share .. "/lua/domain", function(path, text)
    for event, body in text:gmatch('tx%.emit%("([%w._]+)",[^\n]-(%b{})') do
      found[#found + 1] = { event = event, body = body, path = path }
    end
  end)
  return found
end

test.case("every event says what its body tells", function()
  for name, definition in pairs(events.definitions()) do test.truthy(definition.body, name .. " says nothing of its body") end
  local list = emitted()
  test.truthy(#list >= 7)
  for _, fact in ipairs(list) do
    local names = {}
    for name in fact.body:gmatch("([%w_]+) = ") do names[#names + 1] = name end
    table.sort(names)
    test.equal(names, fields.sorted(events.definitions()[fact.event].body), fact.path .. ": " .. fact.event)
  end
end)

test.case("paths become a tree with the types of its leaves", function()
  test.equal(fields.tree({ ["lines[].qty"] = "integer: pieces", ["lines[].tags[]"] = "string[]", ["lines[].tags"] = "string[]: handles", now = "integer?" }), {
    lines = { is_list = true, fields = { qty = { type = "integer", doc = "pieces" }, tags = { type = "string[]", doc = "" } } },
    now = { type = "integer?", doc = "" },
  })
end)

test.case("every contract that has functions says what they are told", function()
  for _, contract in pairs(contracts.by_place()) do
    test.equal(fields.sorted(contracts.functions(contract.point)), fields.sorted(contract.functions or {}), contract.point)
  end
end)
