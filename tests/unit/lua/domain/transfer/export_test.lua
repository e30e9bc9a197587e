local shop = require("support.shop")
shop.open()

local fs = require("native.fs")
local test = require("support.test")
local thread = require("native.thread")
local transfer = require("domain.transfer")

local function no_image() return nil, "none" end

local function export()
  local lines = {}
  transfer.export(shop.context(), 2, function(line) lines[#lines + 1] = line end)
  return table.concat(lines)
end

-- Ids are given anew by each shop; everything else must come back.
local function without_ids(csv)
  return (csv:gsub("\n%d+,", "\n#,"):gsub("id:%d+", "id:#"))
end

test.case("what is exported and imported again is exported the same", function()
  local plan = transfer.read(assert(fs.read(thread.share .. "/sql/seeds/sample/products.csv")), { digits = 2, open_image = no_image })
  test.equal(transfer.apply(plan).failed, 0)
  local first = export()
  assert(#first > 50000, #first)
  shop.open()
  local again = transfer.read(first, { digits = 2, open_image = no_image })
  for _, note in ipairs(again.report.errors) do error(transfer.format_note(note)) end
  test.equal(transfer.apply(again).failed, 0)
  local second = export()
  test.equal(#without_ids(second), #without_ids(first))
  test.equal(without_ids(second) == without_ids(first), true)
end)
