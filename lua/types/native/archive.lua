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

---@class native.ArchiveMember
---@field name string
---@field size integer
---@field digest string SHA-256 of the content, hex

---@class native.ArchiveLimits
---@field exact? boolean take nothing but what create() would have written, byte for byte
---@field file_bytes? integer of one file
---@field total_bytes? integer of all together
---@field files? integer

---@param path string
---@param folder string empty or missing
---@param limits? native.ArchiveLimits
---@return native.ArchiveMember[]? members as they were unpacked
---@return native.Error? err
function archive.extract(path, folder, limits) end

--- Reads everything, changes nothing.
---@param path string
---@param limits? native.ArchiveLimits
---@return native.ArchiveMember[]? members
---@return native.Error? err
function archive.list(path, limits) end

---@param path string
---@param name string of one member
---@return string? bytes
---@return native.Error? err
function archive.read(path, name) end

--- What was added so far.
---@return native.ArchiveMember[]
function ArchiveWriter:members() end

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
