---@meta native.archive
--- One file that holds many, for backups and packages.

---@class native.archive
local archive = {}

---@class native.ArchiveWriter: userdata
local ArchiveWriter = {}

--- The file appears at `path` when finished.
---@param path string
---@return native.ArchiveWriter? writer
---@return native.Error? err
function archive.create(path) end

---@param path string
---@param folder string empty or missing
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

--- Adds every file below `folder`; a missing one adds nothing.
---@param name string
---@param folder string
---@return true? ok
---@return native.Error? err
function ArchiveWriter:add_tree(name, folder) end

--- On disk and in place.
---@return true? ok
---@return native.Error? err
function ArchiveWriter:finish() end

--- Gives up what is not finished. Fine to repeat.
function ArchiveWriter:close() end

return archive
