--- Catalogue files in and out. A file is judged whole before anything is written: with one mistake in
--- it nothing is imported; without, every product is one command, those who exchange article numbers are one together,
--- and running it again changes nothing.
local command = require("kernel.command")
require("domain.transfer.commands")
local export = require("domain.transfer.export")
local match = require("domain.transfer.match")
local plan = require("domain.transfer.plan")
local report = require("domain.transfer.report")

local transfer = { read = plan.read, format_note = report.format, export = export.run }

-- Ids of products by every name that a reference may use.
local function index_of(written)
  local index = {}
  for _, entry in ipairs(written) do
    local document = entry.document
    if document.source_id then index["id:" .. document.source_id] = entry.id end
    if document.sku then index[plan.ref_key(document.sku)] = entry.id end
    for _, variation in ipairs(document.variations) do
      if variation.sku then index[plan.ref_key(variation.sku)] = entry.id end
    end
  end
  return index
end

local function relate(entry, index, notes)
  local relations, any = {}, false
  for kind, refs in pairs(entry.relations) do
    for _, ref in ipairs(refs) do
      local target = index[plan.ref_key(ref)]
      if target then
        relations[kind] = relations[kind] or {}
        table.insert(relations[kind], target)
        any = true
      else
        report.note(notes, entry.line, nil, "there is no product " .. ref .. " in this file; the relation is left out")
      end
    end
  end
  if any then assert(command.run("catalog.relate", { id = entry.id, relations = relations }, { actor = "import" })) end
end

--- Compares a plan with the shop: which product each document means, and what would else come up half-way is a mistake,
--- as an article number that a product outside the file has.
---@param self merx.TransferPlan
function transfer.check(self)
  match.plan(self)
end

-- Writes some entries of a plan in one command.
local function put(self, entries, counts)
  local results, err
  if #entries == 1 then
    results, err = command.run("catalog.put_product", { product = entries[1].input }, { actor = "import" })
    results = { results }
  else
    local inputs = {}
    for i, entry in ipairs(entries) do inputs[i] = entry.input end
    results, err = command.run("catalog.put_products", { products = inputs }, { actor = "import" })
    results = results and results.products or {}
  end
  for i, entry in ipairs(entries) do
    local result = results[i]
    local what = result and (result.is_new and "created" or "updated") or "failed"
    counts[what] = counts[what] + 1
    if result then entry.id = result.id else report.error(self.report, entry.line, nil, err.message) end
  end
end

--- Writes a plan that has no errors.
---@param self merx.TransferPlan
---@param progress? fun(done: integer, total: integer)
---@return { created: integer, updated: integer, failed: integer }
function transfer.apply(self, progress)
  if not self.groups then match.plan(self) end
  assert(#self.report.errors == 0, "a plan with errors is not applied")
  local counts, written, done = { created = 0, updated = 0, failed = 0 }, {}, 0
  for _, entries in ipairs(self.groups) do
    put(self, entries, counts)
    done = done + #entries
    if progress then progress(done, #self.products) end
  end
  for _, entry in ipairs(self.products) do
    if entry.id then written[#written + 1] = entry end
  end
  local index = index_of(written)
  for _, entry in ipairs(written) do relate(entry, index, self.report) end
  return counts
end

return transfer
