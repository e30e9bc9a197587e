---@meta native.archive
--- One file that holds many, for backups and packages; tools only.

---@class native.archive
local archive = {}

---@class native.ArchiveWriter
local ArchiveWriter = {}

--- It appears at `path` when it is finished; what was not finished is gone.
---@param path string
---@return native.ArchiveWriter? writer
---@return native.Error? err
function archive.create(path) end

--- Unpacks everything below `folder`, which must be empty or missing.
---@param path string
---@param folder string
---@return true? ok
---@return native.Error? err
function archive.extract(path, folder) end

---@param name string
---@param bytes string
---@return true? ok
---@return native.Error? err
function ArchiveWriter:add_bytes(name, bytes) end

---@param name string
---@param path string
---@return true? ok
---@return native.Error? err
function ArchiveWriter:add_file(name, path) end

--- Every file below a folder; a missing folder adds nothing.
---@param name string
---@param folder string
---@return true? ok
---@return native.Error? err
function ArchiveWriter:add_tree(name, folder) end

function ArchiveWriter:close() end

---@return true? ok
---@return native.Error? err
function ArchiveWriter:finish() end

return archive
