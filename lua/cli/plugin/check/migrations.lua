--- The migrations of a plugin: numbered, under its name, and only adding. What cannot be undone by going back to the version
--- before is refused.
local folder = require("cli.plugin.folder")
local fs = require("native.fs")
local native = require("native.db")
local tables = require("kernel.plugins.tables")

local migrations = {}

local FORBIDDEN <const> = {
  DROP = "leave it, and stop using it", RENAME = "add another beside it", DELETE = "do that in a command", UPDATE = "do that in a command",
  ATTACH = "there is one database", PRAGMA = "the engine sets these",
}

-- Comments and texts as spaces, so that words and lines stay where they are.
local function bare(sql)
  sql = sql:gsub("%-%-[^\n]*", function(text) return (" "):rep(#text) end)
  sql = sql:gsub("/%*.-%*/", function(text) return (text:gsub("[^\n]", " ")) end)
  return (sql:gsub("'[^']*'", function(text) return (text:gsub("[^\n]", " ")) end))
end

-- Its lines without comments and texts, with their numbers.
local function each_line(sql)
  local number, next_line = 0, (bare(sql) .. "\n"):gmatch("(.-)\n")
  return function()
    number = number + 1
    local line = next_line()
    return line and number, line
  end
end

local function check_words(report, path, sql)
  local is_fine = true
  for number, line in each_line(sql) do
    for word in line:gmatch("%a+") do
      local instead = FORBIDDEN[word:upper()]
      local is_clause = line:upper():find("ON%s+" .. word:upper()) -- ON DELETE CASCADE
      if instead and not is_clause then
        report:error(path, number, "migrations only add, and %s does more: %s", word:upper(), instead)
        is_fine = false
      end
    end
  end
  return is_fine
end

-- Rows that refer to somebody else's could never be written: nobody may look there for them.
local function check_references(report, path, sql, prefix)
  local is_fine = true
  for number, line in each_line(sql) do
    for name in line:lower():gmatch("%f[%w_]references%s+[\"`%[]?([%w_]+)") do
      if name:sub(1, #prefix) ~= prefix then
        report:error(path, number, "it refers to %s, which is no table of this plugin, so no row could ever be written: keep the number alone", name)
        is_fine = false
      end
    end
  end
  return is_fine
end

-- Makes the tables in an empty database, with the rights that the plugin will have.
local function try(report, root, prefix)
  local conn = assert(native.open({ mode = "memory" }))
  local owner = native.owner({ prefix = prefix, views = {}, grant = "migrate" })
  local done, err = native.migrate(conn, root .. "/migrations", owner)
  if done then return end
  local file, line, message = err.message:match("^migration ([%w_-]+%.sql):(%d+): (.+)$")
  report:error(file and "migrations/" .. file or "migrations", tonumber(line) or 1, "%s", message or err.message)
end

--- The tables that the migrations make.
---@param root string
---@return table<string, boolean>
function migrations.tables(root)
  local made = {}
  folder.each(root, "migrations", function(_, whole)
    for words in bare(assert(fs.read(whole))):gmatch("[Cc][Rr][Ee][Aa][Tt][Ee]%s+[Tt][Aa][Bb][Ll][Ee]%s+([^(]+)") do
      made[words:match("([%w_]+)%s*$") or ""] = true
    end
  end)
  return made
end

---@param report table
---@param root string
---@param read merx.Manifest
function migrations.check(report, root, read)
  local has_some, is_fine, prefix = false, true, tables.prefix_of(read.id)
  folder.each(root, "migrations", function(path, whole)
    has_some = true
    if not path:find("^migrations/%d+_[%w_-]+%.sql$") then
      report:error(path, 1, "a migration is called like 0001_points.sql")
      is_fine = false
    else
      local sql = assert(fs.read(whole))
      is_fine = check_words(report, path, sql) and check_references(report, path, sql, prefix) and is_fine
    end
  end)
  if has_some and not read.capabilities.tables then
    report:error("plugin.json", 1, 'there are migrations, and no tables were asked for: add "capabilities": { "tables": true }')
  elseif has_some and is_fine then
    try(report, root, prefix)
  end
end

return migrations
