require("boot")
local contracts = require("kernel.contracts")
local fs = require("native.fs")
local json = require("kernel.json")
local json_schema = require("kernel.plugins.publish.json_schema")
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

test.case("every bundled plugin keeps to the published schema", function()
  local names, documents = {}, {}
  for _, name in ipairs(assert(fs.list(thread.share .. "/plugins"))) do
    local bytes = fs.read(thread.share .. "/plugins/" .. name .. "/plugin.json")
    if bytes then names[#names + 1], documents[#documents + 1] = name, assert(json.decode(bytes)) end
  end
  for i, verdict in ipairs(judge(documents)) do test.equal(verdict, "ok", names[i]) end
end)

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
