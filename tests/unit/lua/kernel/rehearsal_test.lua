-- What is tried before a plugin comes into force: its migrations on a copy of what it has in this shop.
local shop = require("support.shop")
local conn = shop.open()
local command = require("kernel.command")
local plugin_folder = require("support.plugin_folder")
local rehearsal = require("kernel.plugins.rehearsal")
local table_copy = require("kernel.plugins.table_copy")
local tables = require("kernel.plugins.tables")
local test = require("support.test")

local ID <const> = "acme.notes"
local SOURCE <const> = [[return { put = function(args)
  return { changes = shop.db.run("INSERT INTO p_acme_notes_notes (text) VALUES (:text)", args) }
end }]]
local FIRST <const> = "CREATE TABLE p_acme_notes_notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;\n"
local ONCE <const> = "-- No text twice.\nALTER TABLE p_acme_notes_notes ADD COLUMN mood TEXT;\n\n"
  .. "CREATE UNIQUE INDEX p_acme_notes_once\n  ON p_acme_notes_notes (text);\n"

local function described(migrations)
  local files = { ["src/notes.lua"] = SOURCE }
  for name, sql in pairs(migrations) do files["migrations/" .. name] = sql end
  return {
    manifest = plugin_folder.manifest(ID, {
      capabilities = { tables = true }, contributes = { commands = { { id = "put", handler = "notes:put" } } },
    }, { command = 1 }),
    files = files,
  }
end

-- A version that is not in force.
local function laid(migrations)
  return { id = ID, root = plugin_folder.lay({ described(migrations) }) .. "/" .. ID, bundled = false, granted = { tables = true } }
end

local function schema()
  return conn:prepare("SELECT name, sql FROM sqlite_schema WHERE tbl_name LIKE 'p_acme%' ORDER BY name"):all()
end

local function open(migrations)
  conn = shop.open()
  plugin_folder.load({ described(migrations or { ["0001_notes.sql"] = FIRST }) })
end

test.case("a migration that fails on the shop's own rows is refused with its line, and nothing was changed", function()
  open()
  for _, text in ipairs({ "one", "two", "one" }) do assert(command.run("acme.notes.put", { text = text })) end
  local before = schema()
  local done, err = rehearsal.run(laid({ ["0001_notes.sql"] = FIRST, ["0002_once.sql"] = ONCE }))
  test.equal(done, nil)
  test.contains(err.message, "acme.notes: its migrations fail in this shop")
  test.contains(err.message, "migration 0002_once.sql:4: UNIQUE constraint failed: p_acme_notes_notes.text")
  test.equal(schema(), before)
  test.equal(conn:prepare("SELECT count(*) FROM p_acme_notes_notes"):value(), 3)
end)

test.case("one that fits them is not", function()
  open()
  for _, text in ipairs({ "one", "two" }) do assert(command.run("acme.notes.put", { text = text })) end
  test.equal(assert(rehearsal.run(laid({ ["0001_notes.sql"] = FIRST, ["0002_once.sql"] = ONCE }))).migrations, 2)
end)

test.case("an earlier version goes with tables of a later one", function()
  open({ ["0001_notes.sql"] = FIRST, ["0002_once.sql"] = ONCE })
  assert(rehearsal.run(laid({ ["0001_notes.sql"] = FIRST })))
end)

test.case("a version without a migration that was made is told so", function()
  open({ ["0001_notes.sql"] = FIRST, ["0002_once.sql"] = ONCE })
  local done, err = rehearsal.run(laid({ ["0001_notes.sql"] = FIRST, ["0003_more.sql"] = "CREATE TABLE p_acme_notes_more (a TEXT) STRICT;" }))
  test.equal(done, nil)
  test.contains(err.message, "migration 0002 of a later version")
end)

test.case("the copy has every value as it is, and what is worked out from others", function()
  open({ ["0001_all.sql"] = [[
    CREATE TABLE p_acme_notes_kinds (id INTEGER PRIMARY KEY, words TEXT, bytes BLOB, share REAL, "two words" TEXT,
      size INTEGER GENERATED ALWAYS AS (length(words)) STORED) STRICT;
    CREATE TABLE p_acme_notes_it_s (kind INTEGER NOT NULL REFERENCES p_acme_notes_kinds (id), "it's" TEXT) STRICT;
    CREATE INDEX p_acme_notes_words ON p_acme_notes_kinds (words);
    INSERT INTO p_acme_notes_kinds (id, words, bytes, share, "two words") VALUES
      (1, 'it''s', x'00ff27', 0.1, NULL), (-9223372036854775808, 'ümlaut' || char(10), NULL, -1e300, '');
    INSERT INTO p_acme_notes_it_s VALUES (1, 'so');]] })
  local copy <close> = table_copy.open(ID)
  for _, sql in ipairs({ "SELECT *, hex(bytes) FROM p_acme_notes_kinds ORDER BY id", "SELECT * FROM p_acme_notes_it_s",
    "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' AND tbl_name LIKE 'p_acme_notes%' ORDER BY name",
    "SELECT number, name, checksum FROM p_acme_notes_schema_migrations" }) do
    test.equal(copy:prepare(sql):all(), conn:prepare(sql):all(), sql)
  end
end)

test.case("a plugin that has nothing here has an empty copy", function()
  open()
  local copy <close> = table_copy.open("acme.other")
  test.equal(copy:prepare("SELECT count(*) FROM sqlite_schema"):value(), 0)
end)

test.case("a table of few rows and many bytes is large, too", function()
  open()
  assert(conn:exec("INSERT INTO p_acme_notes_notes (text) VALUES (hex(zeroblob(16777216))), (hex(zeroblob(16777217)))"))
  local copy <close> = table_copy.open(ID)
  test.equal(copy:prepare("SELECT count(*) FROM p_acme_notes_notes"):value(), 0)
end)

test.case("of a large table the copy has no row, and still knows which migrations were made", function()
  open()
  for _, text in ipairs({ "one", "two", "three" }) do assert(command.run("acme.notes.put", { text = text })) end
  local copy <close> = table_copy.open(ID, 2)
  test.equal(copy:prepare("SELECT count(*) FROM p_acme_notes_notes"):value(), 0)
  test.truthy(tables.migrate(copy, ID, laid({ ["0001_notes.sql"] = FIRST, ["0002_once.sql"] = ONCE }).root))
end)
