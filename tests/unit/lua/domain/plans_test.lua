-- Every named query is looked at as SQLite will run it: none may walk a whole table, but those whose
-- table is small by nature.
local test = require("support.test")
local shop = require("support.shop")
local db = require("kernel.db")

-- Why each of these may walk its table.
local SMALL <const> = {
  categories_all = "some hundred categories, kept in memory",
  category_insert = "some hundred categories, when one is made",
  channels_all = "a handful of storefronts",
  jobs_all = "merx jobs, the first five hundred by index",
  listing_counts_wrong = "merx fsck compares all of it",
  listing_facets_wrong = "merx fsck compares all of it",
  location_default = "a handful of places, the first one ends it",
  locations_all = "a handful of places",
  menu_links_all = "some dozen links, kept in memory",
  outbox_exceptions_all = "merx jobs, the first five hundred of what failed",
  outbox_next_retries = "what waits for another try, by a partial index",
  outbox_last_before = "the outbox is pruned; the newest old row ends it",
  payment_operations_waiting = "merx doctor: what providers have not answered, by a partial index",
  pages_listed = "some dozen pages",
  plugin_tables = "the names of some hundred tables, when one plugin is taken away for good",
  plugin_schema = "the same, once before each installation",
  promotions_enabled = "some dozen reductions, by a partial index",
  revisions_all = "five rows",
  staff_exist = "a handful of people, the first one ends it",
  staff_list = "a handful of people",
  settings_all = "some hundred settings, kept in memory",
}

-- The tables that a plan walks from end to end.
local function scans_of(conn, sql)
  local scans = {}
  for _, row in ipairs(assert(assert(conn:prepare("EXPLAIN QUERY PLAN " .. sql)):all({}))) do
    local is_table = row.detail:find("^SCAN %l") and not row.detail:find("VIRTUAL TABLE")
    if is_table then scans[#scans + 1] = row.detail end
  end
  return scans
end

test.group("plans", function()
  test.case("no named query walks a table that may grow", function()
    local conn = shop.open()
    local faults, count = {}, 0
    for name, query in pairs(db.queries()) do
      count = count + 1
      for _, scan in ipairs(scans_of(conn, query.sql)) do
        if not SMALL[name] then faults[#faults + 1] = ("%s %s: %s"):format(query.source, name, scan) end
      end
    end
    table.sort(faults)
    test.equal(table.concat(faults, "\n"), "")
    test.truthy(count > 200, "only " .. count .. " queries were found")
  end)

  test.case("the list of exceptions names only queries that need it", function()
    local conn = shop.open()
    for name in pairs(SMALL) do
      local query = test.truthy(db.queries()[name], "there is no query " .. name)
      test.truthy(#scans_of(conn, query.sql) > 0, name .. " walks nothing: take it off the list")
    end
  end)

  test.case("a walk is noticed", function()
    local conn = shop.open()
    test.equal(#scans_of(conn, "SELECT id FROM orders WHERE note = 'x'"), 1)
    test.equal(#scans_of(conn, "SELECT id FROM orders WHERE token = 'x'"), 0)
  end)
end)
