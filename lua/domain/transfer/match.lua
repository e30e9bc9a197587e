--- Which product of the shop each document of a plan means, and in which order documents are written so that article
--- numbers can move between them: who gives one up comes before who takes it, and those who exchange theirs in a circle
--- are written together. So the shop is never without a number, wherever an import is interrupted.
local db = require("kernel.db")
local report = require("domain.transfer.report")
local write = require("domain.transfer.write")

local match = {
  MOST_TOGETHER = 100, -- products in one command: the writer is everybody's
}

-- The sender's ids come first: what they name is nobody else's, whatever number it has today. Returns the entry of each
-- product that will be written.
local function find_products(entries)
  local entry_of = {}
  local function claim(i, id)
    if id and not entry_of[id] then
      entry_of[id], entries[i].input.product_id = i, id
    end
  end
  for i, entry in ipairs(entries) do
    entry.input.product_id = false
    claim(i, write.find_by_ref(entry.input))
  end
  for i, entry in ipairs(entries) do
    if not entry.input.product_id then claim(i, write.find_by_number(entry.input)) end
  end
  return entry_of
end

-- The rows of a file that carry the article numbers of what an entry sells.
local function sold_rows(entry)
  return entry.document.kind == "variable" and entry.document.variations or { entry.document }
end

-- For each entry the others whose numbers it takes. A number of a product that is not in the file is a mistake.
local function find_givers(self, entry_of)
  local givers = {}
  for i, entry in ipairs(self.products) do
    givers[i] = {}
    for _, document in ipairs(sold_rows(entry)) do
      local key = write.sku_key(document.sku)
      local owner = key and db.one("product_with_sku", { sku_key = key })
      local giver = owner and entry_of[owner.id]
      if giver and giver ~= i then
        table.insert(givers[i], giver)
      elseif owner and not giver then
        report.error(self.report, document.line, "SKU", ("the SKU %s belongs to \"%s\" in the shop; give one of them another"):format(
          document.sku, owner.title))
      end
    end
  end
  return givers
end

-- Entries in groups, givers before takers: the strongly connected components of the graph, as Tarjan finds them.
local function group(givers)
  local place, low, is_waiting, waiting, groups, visited = {}, {}, {}, {}, {}, 0
  local function visit(i)
    visited = visited + 1
    place[i], low[i], is_waiting[i], waiting[#waiting + 1] = visited, visited, true, i
    for _, giver in ipairs(givers[i]) do
      if not place[giver] then visit(giver) end
      if is_waiting[giver] then low[i] = math.min(low[i], low[giver]) end
    end
    if low[i] < place[i] then return end -- the first of its circle will take it along
    local members = {}
    repeat
      local member = table.remove(waiting)
      is_waiting[member] = false
      members[#members + 1] = member
    until member == i
    table.sort(members)
    groups[#groups + 1] = members
  end
  for i = 1, #givers do
    if not place[i] then visit(i) end
  end
  return groups
end

--- Compares a plan with the shop: gives each input its `product_id`, the plan its `groups` of entries that are written
--- together, in the order in which they are written, and notes as mistakes what cannot be written.
---@param self merx.TransferPlan
function match.plan(self)
  local entry_of = find_products(self.products)
  self.groups = {}
  for n, members in ipairs(group(find_givers(self, entry_of))) do
    local entries = {}
    for i, member in ipairs(members) do entries[i] = self.products[member] end
    self.groups[n] = entries
    if #entries > match.MOST_TOGETHER then
      report.error(self.report, entries[1].line, "SKU", ("%d products exchange their SKUs in a circle, at most %d can at once; "):format(
        #entries, match.MOST_TOGETHER) .. "give one of them a new SKU, import, and then import this file")
    end
  end
  report.sort(self.report)
end

return match
