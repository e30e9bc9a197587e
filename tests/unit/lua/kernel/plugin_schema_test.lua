require("boot")
local contracts = require("kernel.contracts")
local fs = require("native.fs")
local json = require("kernel.json")
local json_schema = require("kernel.plugins.publish.json_schema")
local manifest = require("kernel.plugins.manifest")
local manifests = require("support.manifests")
local regex = require("kernel.plugins.publish.regex")
local test = require("support.test")
local thread = require("native.thread")

-- What a validator that is not ours says of each document: "ok", or what is wrong.
local function judge(documents)
  local path = test.folder() .. "/documents.json"
  assert(fs.write(path, json.encode({ schema = json_schema.manifest(), documents = json.array(documents) })))
  local pipe <close> = assert(io.popen(("/usr/bin/python3 %q %q 2>&1"):format(thread.share .. "/tests/support/check_json_schema.py", path)))
  local verdicts = {}
  for line in pipe:lines() do verdicts[#verdicts + 1] = line end
  if #verdicts ~= #documents then
    error("the validator did not work; it is Debian's python3-jsonschema:\n" .. table.concat(verdicts, "\n"))
  end
  return verdicts
end

-- Manifests that are right: of the bundled plugins, and of what `merx plugin new` begins with.
local function right_manifests()
  local texts = {}
  for _, folder in ipairs({ thread.share .. "/plugins/", thread.share .. "/lua/merx/templates/" }) do
    for _, name in ipairs(assert(fs.list(folder))) do texts[#texts + 1] = fs.read(folder .. name .. "/plugin.json") end
  end
  return texts
end

test.case("every bundled plugin and every template keeps to the published schema", function()
  local documents = {}
  for i, bytes in ipairs(right_manifests()) do documents[i] = assert(json.decode(bytes)) end
  test.truthy(#documents > 20)
  for i, verdict in ipairs(judge(documents)) do test.equal(verdict, "ok", json.encode(documents[i])) end
end)

-- All tables of a document.
local function tables_of(document, found)
  found[#found + 1] = document
  for _, inner in pairs(document) do
    if type(inner) == "table" then tables_of(inner, found) end
  end
  return found
end

-- Nothing empty: an empty list and an empty map are the same to the engine, and not to a schema.
local STRANGE <const> = { true, 5, -1, 1.5, "x", "", "A b", "x:y", "acme.x", ">=1", "https://example.com", { "a" }, { a = 1 } }

-- Takes something away, puts something strange in its place, or adds what nobody knows.
local function spoil(document, any)
  local tables = tables_of(document, {})
  local at = tables[any.integer(1, #tables)]
  local keys = {}
  for key in pairs(at) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  local key = keys[any.integer(1, math.max(1, #keys))]
  local how = any.integer(1, 4)
  if how == 1 and type(key) == "string" then
    at[key] = nil
  elseif how == 2 and not json.is_array(at) then
    at["zz"] = 1
  elseif key ~= nil then
    at[key] = STRANGE[any.integer(1, #STRANGE)]
  end
  return document
end

test.property("what the engine takes, the published schema takes", function(any)
  local texts, documents = right_manifests(), {}
  for i = 1, 150 do documents[i] = spoil(assert(json.decode(texts[any.integer(1, #texts)])), any) end
  local taken = 0
  for i, verdict in ipairs(judge(documents)) do
    local bytes = json.encode(documents[i])
    if manifest.parse(bytes, nil, thread.version) then
      test.equal(verdict, "ok", bytes)
      taken = taken + 1
    end
  end
  test.truthy(taken < 150)
end, 3)

test.case("the published schema refuses every wrong manifest that a schema can tell", function()
  local documents = { json.decode(manifests.text()) }
  for _, case in ipairs(manifests.WRONG) do documents[#documents + 1] = json.decode(manifests.text(case[3])) end
  local verdicts = judge(documents)
  test.equal(table.remove(verdicts, 1), "ok")
  for i, case in ipairs(manifests.WRONG) do
    test.equal(verdicts[i] == "ok", case.is_beyond_schema == true, case[1] .. ": " .. verdicts[i])
  end
end)

-- A declaration of each type, right and with a default of the wrong type.
test.case("the default of a setting is of the setting's type", function()
  local right = {
    boolean = true, integer = 3, percent = 5, money = 100, duration = 60, color = "#aabbcc", country = "DE", currency = "EUR", decimal = "1.25",
    email = "a@example.com", list = { "a" }, map = { a = "b" }, string = "a", tag = "new", text = "a\nb", url = "https://example.com/",
  }
  local documents, names = {}, {}
  for kind, value in pairs(right) do
    for _, default in ipairs({ value, value == true and "yes" or false }) do
      names[#names + 1] = kind
      documents[#documents + 1] = json.decode(manifests.text(function(m) m.settings = { a = { type = kind, default = default } } end))
    end
  end
  for i, verdict in ipairs(judge(documents)) do test.equal(verdict == "ok", i % 2 == 1, names[i] .. ": " .. verdict) end
end)

test.case("nothing in a manifest is without a description, and no object takes unknown names", function()
  local function walk(node, path)
    if type(node) ~= "table" then return end
    if node.properties and node.type == "object" then
      test.equal(type(node.additionalProperties) == "boolean" and node.additionalProperties, false, path)
      for name, property in pairs(node.properties) do
        test.truthy(property.description, path .. "." .. name .. " has no description")
      end
    end
    for name, inner in pairs(node) do walk(inner, path .. "." .. tostring(name)) end
  end
  walk(json_schema.manifest(), "manifest")
end)

test.case("every point is in the schema, with the paths that its handlers may see", function()
  local places = json_schema.manifest().properties.contributes.properties
  for place, contract in pairs(contracts.by_place()) do
    local shown = places[place].items.properties.input.items.enum
    test.equal(shown ~= nil, contract.input ~= nil, place)
    for _, path in ipairs(shown or {}) do test.truthy(contract.input[path], path) end
  end
end)

test.group("regex.from_pattern", function()
  local CASES <const> = {
    { "^%l[%l%d-]*%.%l[%l%d-]*$", "^[a-z][a-z0-9\\-]*\\.[a-z][a-z0-9\\-]*$" },
    { "^[^%s/]+$", "^[^\\t-\\r /]+$" },
    { "^%-?%d+%.?%d*$", "^-?[0-9]+\\.?[0-9]*$" },
    { "^https://", "^https:\\/\\/" },
    { "a.-b", "a[\\s\\S]*?b" },
    { "[A-F0-9]", "[A-F0-9]" },
    { "%S$", "[^\\t-\\r ]$" },
    { "[]^-]", "[\\]\\^\\-]" },
    { "$x^", "\\$x\\^" },
  }
  for _, case in ipairs(CASES) do
    test.case(case[1], function() test.equal(regex.from_pattern(case[1]), case[2]) end)
  end
  test.case("what has no counterpart is refused", function()
    for _, pattern in ipairs({ "%b()", "%f[%a]", "(a)", "%1", "[%S]", "[a" }) do
      test.equal(pcall(regex.from_pattern, pattern), false, pattern)
    end
  end)
end)
