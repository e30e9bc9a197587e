---@meta native.fsck
--- Whether a database is whole.

---@class native.fsck
local fsck = {}

---@param conn native.Connection
---@param depth? "quick"|"full"
---@return { problems: string, count: integer, pages: integer, free_pages: integer, page_size: integer, wal_bytes: integer, schema_version: integer }? report
---@return native.Error? err
function fsck.run(conn, depth) end

--- Whether a file may take the place of a database.
---@param path string
---@param newest? integer schema version at most, 0 any
---@return { schema_version: integer, bytes: integer }? info
---@return native.Error? err
function fsck.check(path, newest) end

return fsck
