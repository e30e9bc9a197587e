--- Golden carts as tests: every file of a folder is worked out with the bundled plugins and compared. `merx test --update`
--- writes what was found instead; read the difference before it is kept.
local fs = require("native.fs")
local golden = require("domain.quote.golden")
local json = require("kernel.json")
local plugins = require("kernel.plugins")
local points = require("kernel.points")
local shop = require("support.shop")
local test = require("support.test")
local thread = require("native.thread")

local carts = {}

local function all_handlers()
  local list = {}
  for _, handlers in pairs(points.all()) do table.move(handlers, 1, #handlers, #list + 1, list) end
  return list
end

local function tell(differences)
  local lines = {}
  for i, one in ipairs(differences) do
    lines[i] = ("%s: expected %s, got %s"):format(one.path, json.encode(one.expected), json.encode(one.found))
  end
  return table.concat(lines, "\n  ")
end

local function check(path, names)
  shop.open()
  shop.plugins({ { path = thread.share .. "/plugins", bundled = true, only = names } })
  for id in pairs(names) do
    local plugin = plugins.find(id) or test.fail("there is no plugin " .. id)
    test.truthy(plugin.enabled, id .. ": " .. tostring(plugin.problem))
  end
  local given = assert(json.decode(assert(fs.read(path))))
  local outcome = golden.run(given, all_handlers())
  if test.is_updating() then
    given.outcome = outcome
    assert(fs.write(path, json.encode(given, { pretty = true }) .. "\n"))
    return
  end
  test.truthy(given.outcome, path .. " has no outcome yet: run merx test --update, and read what it wrote")
  local differences = golden.compare(given.outcome, json.decode(json.encode(outcome)))
  if #differences > 0 then test.fail(path .. "\n  " .. tell(differences)) end
end

--- Declares a test for each file of `folder`.
---@param folder string
---@param ids string[] of the plugins that price these carts
function carts.check(folder, ids)
  local names = {}
  for _, id in ipairs(ids) do names[id] = true end
  for _, file in ipairs(assert(fs.list(folder))) do
    if file:find("%.json$") then
      test.case("golden cart " .. file, function() check(folder .. "/" .. file, names) end)
    end
  end
end

return carts
