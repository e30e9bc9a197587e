--- Catalogue files in and out. A file is judged whole before anything is written: with one mistake in
--- it nothing is imported; without, every product is one command, and running it again changes nothing.
local command = require("kernel.command")
local db = require("kernel.db")
require("domain.transfer.commands")
local export = require("domain.transfer.export")
local plan = require("domain.transfer.plan")
local report = require("domain.transfer.report")
local write = require("domain.transfer.write")

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

--- Compares a plan with the shop: an article number that another product has, one that the file does not hold, is a
--- mistake that would else come up half-way.
---@param self merx.TransferPlan
function transfer.check(self)
  local ids, is_written = {}, {}
  for i, entry in ipairs(self.products) do
    ids[i] = write.find(entry.input)
    if ids[i] then is_written[ids[i]] = true end
  end
  for i, entry in ipairs(self.products) do
    local sold = entry.document.kind == "variable" and entry.document.variations or { entry.document }
    for _, document in ipairs(sold) do
      local key = write.sku_key(document.sku)
      local owner = key and db.one("product_with_sku", { sku_key = key })
      if owner and owner.id ~= ids[i] and not is_written[owner.id] then
        report.error(self.report, document.line, "SKU", ("the SKU %s belongs to \"%s\" in the shop; give one of them another"):format(
          document.sku, owner.title))
      end
    end
  end
end

--- Writes a plan that has no errors.
---@param self merx.TransferPlan
---@param progress? fun(done: integer, total: integer)
---@return { created: integer, updated: integer, failed: integer }
function transfer.apply(self, progress)
  assert(#self.report.errors == 0, "a plan with errors is not applied")
  local counts, written = { created = 0, updated = 0, failed = 0 }, {}
  for i, entry in ipairs(self.products) do
    local result, err = command.run("catalog.put_product", { product = entry.input }, { actor = "import" })
    if result then
      entry.id = result.id
      written[#written + 1] = entry
      counts[result.is_new and "created" or "updated"] = counts[result.is_new and "created" or "updated"] + 1
    else
      counts.failed = counts.failed + 1
      report.error(self.report, entry.line, nil, err.message)
    end
    if progress then progress(i, #self.products) end
  end
  local index = index_of(written)
  for _, entry in ipairs(written) do relate(entry, index, self.report) end
  return counts
end

return transfer
