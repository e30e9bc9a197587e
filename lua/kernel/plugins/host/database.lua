--- Host calls for SQL: a plugin's own tables and the published views that it was granted. The connection's guard judges
--- every statement by its owner; here each plugin gets that owner, and its statements are kept.
local cache = require("native.cache")
local command = require("kernel.command")
local failure = require("kernel.failure")
local host = require("kernel.plugins.host")
local native = require("native.db")
local tables = require("kernel.plugins.tables")

local READ <const> = { view = true, command = true, effect = true }
local MOST_ROWS <const> = 10000

-- Statements of one plugin, by what they may do and their text. Another connection makes them anew.
local function statements_of(plugin, grant)
  local conn = native.main()
  local kept = plugin.statements
  if not kept or kept.conn ~= conn then
    kept = { conn = conn }
    plugin.statements = kept
  end
  if not kept[grant] then
    kept[grant] = { owner = native.owner({ prefix = tables.prefix_of(plugin.id), views = plugin.granted.read or {}, grant = grant }), by_text = {} }
  end
  return conn, kept[grant]
end

local function prepare(plugin, grant, sql)
  local conn, kept = statements_of(plugin, grant)
  local found = kept.by_text[sql]
  if found then return found end
  local statement, err = conn:prepare(sql, kept.owner)
  if not statement then return nil, err end
  kept.by_text[sql] = statement
  return statement
end

local function fail(err)
  return failure.new("db." .. err.code, err.message)
end

local function grant_of(kind)
  return kind == "command" and "command" or "view"
end

-- What the connection's guard does not let a plugin do: said as every other refusal is, and not as a mistake in its SQL.
local function refuses(plugin, kind, sql)
  local _, err = prepare(plugin, grant_of(kind), tostring(sql))
  local what = err and err.message:match("^not allowed here: (.+)$")
  if not what then return nil end
  return ("%s is not allowed in a %s handler of %s: it %s its own tables, %s…, and reads the views under capabilities.read"):format(
    what, kind, plugin.id, kind == "command" and "changes" or "reads", tables.prefix_of(plugin.id))
end

local function query(method)
  return function(plugin, kind, sql, params)
    local statement, err = prepare(plugin, grant_of(kind), tostring(sql))
    if not statement then return fail(err) end
    cache.read("plugin:" .. plugin.id) -- what is shown of its tables is stale when one of its commands changes them
    local found, problem = statement[method](statement, params)
    if problem then return fail(problem) end
    if method == "all" and #found > MOST_ROWS then
      return failure.new("db.too_many", ("the query gave %d rows, at most %d are handed over: use LIMIT"):format(#found, MOST_ROWS))
    end
    return found
  end
end

local function needs_tables(plugin)
  if not plugin.granted.tables and not plugin.granted.read then return '"capabilities": { "tables": true }, or "read" with the views' end
end

host.define("db.many", { kinds = READ, capability = "tables, read", needs = needs_tables, refuses = refuses, call = query("all") })
host.define("db.one", { kinds = READ, capability = "tables, read", needs = needs_tables, refuses = refuses, call = query("one") })
host.define("db.value", { kinds = READ, capability = "tables, read", needs = needs_tables, refuses = refuses, call = query("value") })

host.define("db.run", {
  kinds = { command = true }, capability = "tables",
  needs = function(plugin)
    if not plugin.granted.tables then return '"capabilities": { "tables": true }' end
  end,
  refuses = refuses,
  call = function(plugin, _, sql, params)
    local statement, err = prepare(plugin, "command", tostring(sql))
    if not statement then return fail(err) end
    local changes, id = statement:run(params)
    if not changes then return fail(id) end
    command.tx().touch("plugin:" .. plugin.id)
    return changes, id
  end,
})

return true
