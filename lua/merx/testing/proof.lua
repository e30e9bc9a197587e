--- What is asked of every plugin besides its own specs: its golden carts, and what the contracts of its entries promise.
local contracts = require("kernel.contracts")
local conformance = require("kernel.conformance")
local fs = require("native.fs")
local golden = require("merx.testing.golden")
local shop = require("merx.testing.shop")
local subject = require("merx.testing.subject")
local test = require("support.test")
local thread = require("native.thread")

local proof = {}

-- The rooms' own files of cases, found by folder.
local function load_suites()
  for _, room in ipairs(assert(fs.list(thread.share .. "/lua/domain"))) do
    if fs.exists(("%s/lua/domain/%s/conformance.lua"):format(thread.share, room)) then require("domain." .. room .. ".conformance") end
  end
  require("kernel.plugins.conformance")
  require("web.conformance")
end

local function each_entry(manifest, visit)
  local places = {}
  for place in pairs(contracts.by_place()) do places[#places + 1] = place end
  table.sort(places)
  for _, place in ipairs(places) do
    for _, entry in ipairs(manifest.contributes[place] or {}) do visit(contracts.by_place()[place], entry) end
  end
end

local function declare_entry(root, contract, entry)
  for _, case in ipairs(conformance.of(contract.point)) do
    test.case(("%s %s: %s"):format(contract.point, entry.id, case.name), function()
      local ok, problem = pcall(case.run, subject.open(root, contract, entry))
      if not ok then
        subject.forget()
        test.fail(tostring(problem)) -- where in the suite it was found helps nobody
      end
    end)
  end
end

--- Declares all cases of the plugin at `root`.
---@param root string
---@param options { update: boolean }
function proof.declare(root, options)
  test.case("it loads", function() shop.open(root) end)
  golden.declare(root, options.update)
  local ok, plugin = pcall(shop.open, root)
  if not ok then return end -- the first case says why
  load_suites()
  each_entry(plugin.manifest, function(contract, entry) declare_entry(root, contract, entry) end)
end

return proof
