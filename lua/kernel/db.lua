--- Named queries of sql/queries/*.sql on the connection of this thread. A typing error in SQL stops
--- the start: the first thread to load prepares them all, the others when first used.
local failure = require("kernel.failure")
local fs = require("native.fs")
local native = require("native.db")
local thread = require("native.thread")

local db = {}

---@class merx.Query
---@field name string
---@field mode "one"|"many"|"value"|"run"
---@field sql string
---@field source string file and line, for errors

local SEMICOLON <const>, RETURN <const> = (";\r"):byte(1, 2)

local queries = {} ---@type table<string, merx.Query>
local statements = {}
local built = {}

-- The methods of statements, looked up once instead of at every call.
local stmt_one, stmt_all, stmt_value, stmt_run

local function prepare(sql, source)
  local conn = native.main()
  if not conn then
    error("there is no shop in " .. (thread.data or "this folder") .. " yet: begin one with merx serve or merx import", 0)
  end
  local statement, err = conn:prepare(sql)
  if not statement then
    error(source .. ": " .. err.message .. "\n" .. sql, 0)
  end
  return statement
end

setmetatable(statements, {
  __index = function(self, name)
    local query = queries[name] or error("there is no query named '" .. tostring(name) .. "'", 3)
    local statement = prepare(query.sql, query.source)
    if not stmt_one then stmt_one, stmt_all, stmt_value, stmt_run = statement.one, statement.all, statement.value, statement.run end
    rawset(self, name, statement)
    return statement
  end,
})

local function raise(name, err)
  local _, wrapped = failure.wrap(err, "db")
  wrapped.message = name .. ": " .. wrapped.message
  error(wrapped, 3)
end

-- The text without what is blank at its end, and without one semicolon there.
local function trim_end(text)
  local last = #text
  while last > 0 and text:find("^%s", last) do last = last - 1 end
  if text:byte(last) == SEMICOLON then last = last - 1 end
  while last > 0 and text:find("^%s", last) do last = last - 1 end
  return text:sub(1, last)
end

--- Splits a file of named queries.
---@param text string
---@param source string
---@return merx.Query[]
function db.parse(text, source)
  local list, current, number, at = {}, nil, 0, 1
  while at <= #text do
    local stop = text:find("\n", at, true) or #text + 1 -- every thread reads all queries: no patterns
    local line = text:sub(at, text:byte(stop - 1) == RETURN and stop - 2 or stop - 1)
    number, at = number + 1, stop + 1
    local is_comment = line:find("--", 1, true) and line:find("^%s*%-%-")
    local name, mode
    if is_comment then name, mode = line:match("^%-%-%s*:name%s+([%w_]+)%s+:(%a+)%s*$") end
    if name then
      assert(mode == "one" or mode == "many" or mode == "value" or mode == "run",
        source .. ":" .. number .. ": a query is :one, :many, :value or :run")
      current = { name = name, mode = mode, lines = {}, source = source .. ":" .. number }
      list[#list + 1] = current
    elseif is_comment and line:find("^%-%-%s*:name") then
      error(source .. ":" .. number .. ": write `-- :name the_name :one|:many|:value|:run`", 0)
    elseif current and not is_comment then
      current.lines[#current.lines + 1] = line
    end
  end
  for _, query in ipairs(list) do
    query.sql = trim_end(table.concat(query.lines, "\n")):match("^%s*(.*)$")
    query.lines = nil
  end
  return list
end

--- Reads all named queries of a folder; `check` prepares each at once.
---@param folder string
---@param check? boolean
function db.load(folder, check)
  for _, file in ipairs(assert(fs.list(folder))) do
    if file:find("%.sql$") then
      for _, query in ipairs(db.parse(assert(fs.read(folder .. "/" .. file)), file)) do
        local other = queries[query.name]
        assert(not other, query.source .. ": the name " .. query.name .. " is taken" .. (other and " by " .. other.source or ""))
        queries[query.name] = query
      end
    end
  end
  if check then
    for name in pairs(queries) do
      local _ = statements[name]
    end
  end
end

--- Forgets prepared statements, when the thread gets another connection (tests, tools).
function db.reset()
  for name in pairs(statements) do statements[name] = nil end
  for sql in pairs(built) do built[sql] = nil end
end

--- All queries, for `merx doctor` and the test of query plans.
---@return table<string, merx.Query>
function db.queries()
  return queries
end

--- The row, or nil when there is none.
---@param name string
---@param params? table<string, any> by the names in the SQL, without colon
---@return table?
function db.one(name, params)
  local statement = statements[name]
  local row, err = stmt_one(statement, params)
  if err then raise(name, err) end
  return row
end

--- All rows, in the order that the query states.
---@param name string
---@param params? table<string, any>
---@return table[]
function db.many(name, params)
  local statement = statements[name]
  local rows, err = stmt_all(statement, params)
  if err then raise(name, err) end
  return rows
end

--- The first column of the first row, or nil.
---@param name string
---@param params? table<string, any>
---@return any
function db.value(name, params)
  local statement = statements[name]
  local value, err = stmt_value(statement, params)
  if err then raise(name, err) end
  return value
end

--- Changes rows. A broken constraint is the one expected failure: nil and an error `db.conflict`.
---@param name string
---@param params? table<string, any>
---@return integer? changes
---@return integer|merx.Error last_id of an INSERT
function db.run(name, params)
  local statement = statements[name]
  local changes, id = stmt_run(statement, params)
  if changes then return changes, id end
  if id.code == "conflict" then return failure.wrap(id, "db") end
  raise(name, id)
end

--- Inserts a row that must fit: a broken constraint is a bug of the caller and raises.
---@param name string
---@param params table<string, any>
---@return integer id
function db.insert(name, params)
  local statement = statements[name]
  local changes, id = stmt_run(statement, params)
  if not changes then raise(name, id) end
  return id
end

local built_mt = { __index = {} }

function built_mt.__index:one(params)
  local row, err = self.statement:one(params)
  if err then raise(self.sql, err) end
  return row
end

function built_mt.__index:many(params)
  local rows, err = self.statement:all(params)
  if err then raise(self.sql, err) end
  return rows
end

--- The rows as one array for each column; NULL is false in them.
function built_mt.__index:arrays(params)
  local first, second, third = self.statement:arrays(params)
  if not first then raise(self.sql, second) end
  return first, second, third
end

--- A statement built from fixed fragments, for lists with optional filters (store.lua only).
---@param sql string
---@return { one: function, many: function, arrays: function }
function db.built(sql)
  local found = built[sql]
  if not found then
    found = setmetatable({ sql = sql, statement = prepare(sql, "built query") }, built_mt)
    built[sql] = found
  end
  return found
end

return db
