---@meta native.fsck
--- Damage in databases, for merx fsck and merx restore; tools only.

---@class native.fsck
local fsck = {}

--- Whether a database may take the place of a shop's.
---@param path string
---@param newest? integer schema version
---@return { schema_version: integer, bytes: integer }? info
---@return native.Error? err
function fsck.check(path, newest) end

---@param conn native.Connection
---@param depth? "quick"|"full"
---@return { problems: string, count: integer, pages: integer, free_pages: integer, page_size: integer, wal_bytes: integer, schema_version: integer }? report
---@return native.Error? err
function fsck.run(conn, depth) end

return fsck
