--- A copy of the tables that a plugin has in this shop, with their rows: what its next migrations are tried on before they
--- touch the shop's own.
local db = require("kernel.db")
local native = require("native.db")
local tables = require("kernel.plugins.tables")

local table_copy = {}

local MOST_ROWS <const> = 50000 -- of one table: beyond that it would take longer than anybody waits

local function quoted(name)
  return '"' .. name:gsub('"', '""') .. '"'
end

-- How a row of a table is written into its copy. What is worked out from other columns is worked out there again.
local function row_writer(conn, name)
  local names, values = {}, {}
  for _, column in ipairs(assert(conn:prepare("SELECT name FROM pragma_table_xinfo(:name) WHERE hidden = 0")):all({ name = name })) do
    names[#names + 1], values[#values + 1] = quoted(column.name), ("quote(%s)"):format(quoted(column.name))
  end
  local head = ("INSERT INTO %s (%s) VALUES ("):format(quoted(name), table.concat(names, ", ")):gsub("'", "''")
  return ("SELECT '%s' || %s || ')' FROM %s"):format(head, table.concat(values, " || ', ' || "), quoted(name))
end

local function is_small(conn, names, most)
  for _, name in ipairs(names) do
    local count = ("SELECT count(*) FROM (SELECT 1 FROM %s LIMIT %d)"):format(quoted(name), most + 1)
    if assert(conn:prepare(count)):value() > most then return false end
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
