--- A copy of the tables that a plugin has in this shop, with their rows: what its next migrations are tried on before they
--- touch the shop's own.
local db = require("kernel.db")
local native = require("native.db")
local tables = require("kernel.plugins.tables")

local table_copy = {}

local MOST_ROWS <const> = 50000 -- of one table: beyond that it would take longer than anybody waits
local MOST_BYTES <const> = 64 * 1024 * 1024 -- of one table: they are in memory for a moment

local function quoted(name)
  return '"' .. name:gsub('"', '""') .. '"'
end

-- What is worked out from other columns is worked out in the copy again.
local function columns_of(conn, name)
  local names = {}
  for i, column in ipairs(assert(conn:prepare("SELECT name FROM pragma_table_xinfo(:name) WHERE hidden = 0")):all({ name = name })) do
    names[i] = quoted(column.name)
  end
  return names
end

-- How a row of a table is written into its copy.
local function row_writer(conn, name)
  local names, values = columns_of(conn, name), {}
  for i, column in ipairs(names) do values[i] = ("quote(%s)"):format(column) end
  local head = ("INSERT INTO %s (%s) VALUES ("):format(quoted(name), table.concat(names, ", ")):gsub("'", "''")
  return ("SELECT '%s' || %s || ')' FROM %s"):format(head, table.concat(values, " || ', ' || "), quoted(name))
end

local function is_small(conn, names, most)
  for _, name in ipairs(names) do
    local sizes = {}
    for i, column in ipairs(columns_of(conn, name)) do sizes[i] = ("coalesce(octet_length(%s), 0)"):format(column) end
    local sums = ("SELECT count(*) AS rows, coalesce(sum(%s), 0) AS bytes FROM (SELECT * FROM %s LIMIT %d)"):format(
      table.concat(sizes, " + "), quoted(name), most + 1)
    local found = assert(conn:prepare(sums)):one()
    if found.rows > most or found.bytes > MOST_BYTES then return false end
  end
  return true
end

local function copy_rows(conn, copy, name)
  for _, line in ipairs((assert(assert(conn:prepare(row_writer(conn, name))):arrays()))) do assert(copy:exec(line)) end
end

--- Opens a database in memory with the tables of a plugin; an empty one when it has none yet. When one of them is large,
--- all are without rows: some without the others that they refer to would prove nothing.
---@param id string
---@param most? integer rows of a table that is not large
---@return native.Connection copy the caller closes it
function table_copy.open(id, most)
  local conn, copy = native.main(), assert(native.open({ mode = "memory" }))
  if not conn then return copy end
  local later, names = {}, {}
  assert(copy:exec("PRAGMA foreign_keys = OFF"))
  copy:begin()
  for _, entry in ipairs(db.many("plugin_schema", tables.range_of(id))) do
    if entry.type == "table" then
      names[#names + 1] = entry.name
      assert(copy:exec(entry.sql))
    else
      later[#later + 1] = entry.sql
    end
  end
  local has_rows, of_engine = is_small(conn, names, most or MOST_ROWS), tables.record_of(id)
  for _, name in ipairs(names) do
    if has_rows or name == of_engine then copy_rows(conn, copy, name) end
  end
  for _, sql in ipairs(later) do assert(copy:exec(sql)) end
  assert(copy:commit())
  return copy
end

return table_copy
