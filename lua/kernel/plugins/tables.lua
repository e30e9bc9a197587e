--- The tables of plugins: made by the plugin's own migrations, which may only add, under the plugin's name. The writer brings
--- them up to date when plugins are loaded; other threads see whether it could.
local fs = require("native.fs")
local native = require("native.db")
local thread = require("native.thread")

local tables = {}

local FOLDER <const> = "/migrations"

-- A part of an id as it stands in the names of tables. One of several words says first how many follow, and no word of an
-- id begins with a digit where a part does: so whoever reads from the left always knows where it ends.
local function part_of(words)
  local spelt, dashes = words:gsub("%-", "_")
  return dashes == 0 and spelt or ("%d_%s"):format(dashes + 1, spelt)
end

--- The prefix of a plugin's tables: "p_acme_book_" for "acme.book", "p_acme_2_book_club_" for "acme.book-club". Of no two
--- plugins is one the beginning of the other.
---@param id string "publisher.name"
---@return string
function tables.prefix_of(id)
  local publisher, name = id:match("^([^.]+)%.(.+)$")
  return ("p_%s_%s_"):format(part_of(publisher), part_of(name))
end

--- What the names of a plugin's tables lie between, for queries.
---@param id string
---@return { from: string, to: string }
function tables.range_of(id)
  local prefix = tables.prefix_of(id)
  return { from = prefix, to = prefix:sub(1, -2) .. "`" } -- "`" comes right behind "_"
end

--- The table in which the engine writes down which migrations of a plugin were made.
---@param id string
---@return string
function tables.record_of(id)
  return tables.prefix_of(id) .. "schema_migrations"
end

local function newest_of(root)
  local newest = 0
  for _, name in ipairs(fs.list(root .. FOLDER) or {}) do
    newest = math.max(newest, math.tointeger(tonumber(name:match("^(%d+)_.+%.sql$"))) or 0)
  end
  return newest
end

local function applied_of(conn, id)
  local statement = conn:prepare("SELECT max(number) FROM " .. tables.record_of(id))
  return statement and statement:value() or 0
end

--- Whether the writer has made the tables of all that is to be loaded. One whose migrations fail is never ready.
---@param sources { id: string, root: string, is_off: boolean }[]
---@return boolean
function tables.are_ready(sources)
  local conn = native.main()
  for _, source in ipairs(sources) do
    local newest = not source.is_off and newest_of(source.root) or 0
    if newest > 0 and applied_of(conn, source.id) < newest then return false end
  end
  return true
end

local function may_write(conn)
  return thread.role == "writer" or thread.role == "test" or thread.role == "tool" and not thread.remote and not conn:in_transaction()
end

--- Makes what the migrations of a version add to the tables that are there. Those of a later version stay as they are.
---@param conn native.Connection
---@param id string
---@param root string folder of the version
---@return true? ok
---@return native.DbError? err
function tables.migrate(conn, id, root)
  if applied_of(conn, id) >= newest_of(root) then return true end
  local done, err = native.migrate(conn, root .. FOLDER, native.owner({ prefix = tables.prefix_of(id), views = {}, grant = "migrate" }))
  return done and true, err
end

--- Brings the tables of a plugin up to date, or looks whether they are.
---@param plugin merx.Plugin
---@return string? problem
function tables.prepare(plugin)
  local conn, newest = native.main(), newest_of(plugin.root)
  if newest == 0 or not conn then return nil end
  if not plugin.granted.tables then
    return 'it has migrations, but no tables were granted to it: add "capabilities": { "tables": true } to its plugin.json'
  end
  if applied_of(conn, plugin.id) >= newest then return nil end
  if not may_write(conn) then return "its migrations are not made yet, or they failed: the log of the server tells" end
  local done, err = tables.migrate(conn, plugin.id, plugin.root)
  if not done then return "its migrations failed, nothing of the failed one was kept: " .. err.message end
end

return tables
