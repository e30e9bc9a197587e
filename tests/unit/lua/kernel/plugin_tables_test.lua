local shop = require("support.shop")
local conn = shop.open()
local command = require("kernel.command")
local plugin_folder = require("support.plugin_folder")
local plugins = require("kernel.plugins")
local tables = require("kernel.plugins.tables")
local test = require("support.test")

local SOURCE <const> = [[
local M = {}
function M.put(args) return { changes = shop.db.run("INSERT INTO p_acme_notes_notes (text) VALUES (:text)", args) } end
function M.read(args)
  local rows, err = shop.db.many(args.sql)
  if not rows then return nil, err end
  return { rows = rows }
end
return M]]

local function load(migrations, capabilities)
  local files = { ["src/notes.lua"] = SOURCE }
  for name, sql in pairs(migrations) do files["migrations/" .. name] = sql end
  plugin_folder.load({ {
    manifest = plugin_folder.manifest("acme.notes", {
      capabilities = capabilities or { tables = true, read = { "pub_orders" } },
      contributes = { commands = { { id = "put", handler = "notes:put" }, { id = "read", handler = "notes:read" } } },
    }, { command = 1 }),
    files = files,
  } })
  return plugins.find("acme.notes")
end

local FIRST <const> = "CREATE TABLE p_acme_notes_notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;"

test.case("its tables are there before it is asked, and grow with it", function()
  test.equal(load({ ["0001_notes.sql"] = FIRST }).problem, nil)
  assert(command.run("acme.notes.put", { text = "one" }))
  local plugin = load({ ["0001_notes.sql"] = FIRST, ["0002_more.sql"] = "ALTER TABLE p_acme_notes_notes ADD COLUMN at INTEGER;" })
  test.equal(plugin.problem, nil)
  test.equal(conn:prepare("SELECT text, at FROM p_acme_notes_notes"):all(), { { text = "one" } })
end)

local REFUSED <const> = {
  { "another table", "CREATE TABLE notes (id INTEGER);" },
  { "another plugin's table", "CREATE TABLE p_acme_other_notes (id INTEGER);" },
  { "dropping", "DROP TABLE p_acme_notes_notes;" },
  { "a trigger", "CREATE TRIGGER p_acme_notes_t AFTER INSERT ON p_acme_notes_notes BEGIN DELETE FROM orders; END;" },
  { "a pragma", "PRAGMA foreign_keys = OFF;" },
  { "changing the shop", "UPDATE products SET title = 'x';" },
  { "attaching", "ATTACH '/tmp/x.db' AS other;" },
}

for i, case in ipairs(REFUSED) do
  test.case("a migration may not: " .. case[1], function()
    local before = conn:prepare("SELECT count(*) FROM sqlite_schema"):value()
    local plugin = load({ ["0001_notes.sql"] = FIRST, ["0002_more.sql"] = "ALTER TABLE p_acme_notes_notes ADD COLUMN at INTEGER;",
      [("%04d_bad.sql"):format(3)] = case[2] })
    test.truthy(plugin.problem and plugin.problem:find("its migrations failed", 1, true), tostring(i) .. " " .. tostring(plugin.problem))
    test.equal(plugin.enabled, false)
    test.equal(conn:prepare("SELECT count(*) FROM sqlite_schema"):value(), before)
  end)
end

test.case("without the capability it has no tables", function()
  test.truthy(load({ ["0001_notes.sql"] = FIRST }, {}).problem:find('"tables": true', 1, true))
end)

test.case("it reads what was published and granted, and nothing beside it", function()
  load({ ["0001_notes.sql"] = FIRST, ["0002_more.sql"] = "ALTER TABLE p_acme_notes_notes ADD COLUMN at INTEGER;" })
  test.equal(command.run("acme.notes.read", { sql = "SELECT number FROM pub_orders" }).rows, {})
  for _, sql in ipairs({ "SELECT number FROM orders", "SELECT email FROM pub_personal_customers", "SELECT token FROM pub_personal_order_contacts",
    "SELECT * FROM sqlite_schema", "SELECT value FROM settings", "WITH pub_orders AS (SELECT * FROM customers) SELECT * FROM pub_orders" }) do
    local _, err = command.run("acme.notes.read", { sql = sql })
    test.truthy(err, sql)
  end
end)

test.case("SQL that reaches for more is refused with its line, and stands in the journal", function()
  require("domain.audit")
  load({ ["0001_notes.sql"] = FIRST })
  local wanted = {
    ["SELECT number FROM orders"] = "reading orders", ["SELECT email FROM pub_personal_customers"] = "reading customers",
    ["DELETE FROM p_acme_other_notes"] = "p_acme_other_notes", ["PRAGMA foreign_keys = OFF"] = "PRAGMA",
  }
  assert(conn:exec("CREATE TABLE IF NOT EXISTS p_acme_other_notes (id INTEGER PRIMARY KEY)"))
  for sql, what in pairs(wanted) do
    local done, err = command.run("acme.notes.read", { sql = sql })
    test.equal(done, nil)
    test.contains(err.message, "acme.notes/read: acme.notes/src/notes.lua:4: ")
    test.contains(err.message, what)
    test.contains(err.message, "is not allowed in a command handler of acme.notes: it changes its own tables, p_acme_notes_…")
  end
  assert(command.run("acme.notes.read", { sql = "SELECT text FROM p_acme_notes_notes" })) -- with it what was refused is written
  local rows = require("kernel.db").many("audit_of_entity", { entity = "plugin", entity_id = "acme.notes", before = 1000, limit = 10 })
  test.equal({ #rows >= 1, rows[1].action }, { true, "plugin.refused" })
  test.contains(rows[1].payload, "is not allowed in a command handler")
end)

test.case("a view that is not published cannot be asked for", function()
  test.truthy(load({}, { read = { "orders" } }).problem:find("no published view orders", 1, true))
end)

test.group("the prefix of a plugin's tables", function()
  local function begins(long, short)
    return long:sub(1, #short) == short
  end

  test.case("reads like its id, and says how many words are one part of it", function()
    local expected = {
      ["acme.book"] = "p_acme_book_", ["acme.book-club"] = "p_acme_2_book_club_", ["acme-press.book"] = "p_2_acme_press_book_",
      ["acme-press.book-club-2"] = "p_2_acme_press_3_book_club_2_", ["acme.book2"] = "p_acme_book2_", ["a.b-"] = "p_a_2_b__",
    }
    for id, prefix in pairs(expected) do test.equal(tables.prefix_of(id), prefix) end
  end)

  -- Few letters and many dashes: what nearly meets comes often.
  test.property("is never the beginning of another's", function(any)
    local function part()
      local letters = { any.one_of({ "a", "b" }) }
      for i = 2, any.integer(1, 7) do letters[i] = any.one_of({ "a", "b", "-", "-", "1", "2" }) end
      return table.concat(letters)
    end
    local one, two = part() .. "." .. part(), part() .. "." .. part()
    if any.boolean() then two = one .. any.one_of({ "-", "a", "1", "-a", "-1", "--" }) end
    if any.boolean() then two = one:gsub("%.", "-"):gsub("%-(%l)", ".%1", 1) end
    if one == two or not two:find("^%l[%l%d-]*%.%l[%l%d-]*$") then return end
    local first, second = tables.prefix_of(one), tables.prefix_of(two)
    test.truthy(not begins(first, second) and not begins(second, first), ("%s of %s and %s of %s"):format(first, one, second, two))
  end)

  test.case("leaves room for the longest id", function()
    local id = "a" .. ("-"):rep(29) .. ".b" .. ("-"):rep(28)
    plugin_folder.load({ {
      manifest = plugin_folder.manifest(id, { capabilities = { tables = true }, contributes = {} }, {}),
      files = { ["migrations/0001_notes.sql"] = ("CREATE TABLE %snotes (id INTEGER PRIMARY KEY) STRICT;"):format(tables.prefix_of(id)) },
    } })
    test.equal({ #id, plugins.find(id).problem }, { 60 })
  end)
end)
