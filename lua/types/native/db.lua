---@meta native.db
--- SQLite. Rows are tables by column name, NULL is absent. Named queries are kernel.db's.

---@class native.db
local db = {}

---@class native.DbError: native.Error
---@field code "busy"|"conflict"|"invalid"|"limit"|"missing"|"system"
---@field detail? string SQLite's text, for a conflict

---@alias native.Params table<string, integer|number|string|boolean|native.Blob> by name without colon

---@class native.Blob: userdata
---@class native.Owner: userdata

---@class native.Connection: userdata
local Connection = {}

---@class native.Statement: userdata
---@field sql string
---@field columns string[]
---@field params string[]
local Statement = {}

--- The connection of this thread, nil when there is none yet.
---@return native.Connection?
function db.main() end

---@param conn native.Connection?
function db.set_main(conn) end

---@param options { path?: string, mode?: "read"|"write"|"memory", relaxed?: boolean, allow_old_deps?: boolean, schema_newest?: integer }
---@return native.Connection? conn
---@return native.DbError? err
function db.open(options) end

--- Whose SQL a statement is: it sees its own tables and the views named here.
---@param options { prefix: string, views?: string[], grant?: "view"|"command"|"migrate" }
---@return native.Owner
function db.owner(options) end

--- A value that is bound as BLOB.
---@param bytes string
---@return native.Blob
function db.blob(bytes) end

---@param conn native.Connection
---@param dir string folder of NNNN_name.sql
---@param owner? native.Owner
---@return { applied: string[] }? report
---@return native.DbError? err
function db.migrate(conn, dir, owner) end

---@param conn native.Connection
---@param path string must not exist
---@return true? ok
---@return native.DbError? err
function db.backup(conn, path) end

---@return string version of SQLite
function db.version() end

---@param sql string
---@param owner? native.Owner
---@return native.Statement? stmt
---@return native.DbError? err
function Connection:prepare(sql, owner) end

--- Runs SQL that returns no rows.
---@param sql string
---@return true? ok
---@return native.DbError? err
function Connection:exec(sql) end

---@param immediate? boolean true unless the connection only reads
---@return true? ok
---@return native.DbError? err
function Connection:begin(immediate) end

---@return true? ok
---@return native.DbError? err
function Connection:commit() end

---@return true? ok
---@return native.DbError? err
function Connection:rollback() end

---@param name string
---@return true? ok
---@return native.DbError? err
function Connection:savepoint(name) end

---@param name string
---@return true? ok
---@return native.DbError? err
function Connection:release(name) end

---@param name string
---@return true? ok
---@return native.DbError? err
function Connection:rollback_to(name) end

---@return boolean
function Connection:in_transaction() end

---@return integer rows changed by the last statement
function Connection:changes() end

---@return integer
function Connection:last_id() end

--- Ends the read transaction of the run slice, for tools and tests.
function Connection:end_slice() end

---@return integer open statements, cached ones included
function Connection:statements() end

---@return string
function Connection:path() end

--- Fine to repeat.
function Connection:close() end

--- The first row, nil without one.
---@param params? native.Params what it does not name is NULL
---@return table<string, any>? row
---@return native.DbError? err
function Statement:one(params) end

---@param params? native.Params
---@return table<string, any>[]? rows
---@return native.DbError? err
function Statement:all(params) end

--- All rows as one array for each column; NULL is false in them. Cheaper than a table for each row.
---@param params? native.Params
---@return any[]? column the first one, the others follow
---@return any[]|native.DbError? err
function Statement:arrays(params) end

--- The first column of the first row.
---@param params? native.Params
---@return any value
---@return native.DbError? err
function Statement:value(params) end

---@param params? native.Params
---@return integer? changes
---@return integer|native.DbError last_id
function Statement:run(params) end

--- Fine to repeat.
function Statement:close() end

return db
