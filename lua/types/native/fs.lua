---@meta native.fs
--- Whole files and folders, for boot, tools, themes and tests; never while serving a request.

---@class native.fs
local fs = {}

---@param path string
---@return string? bytes
---@return native.Error? err
function fs.read(path) end

--- Leaves the old content or the new, never half.
---@param path string
---@param bytes string
---@param mode? integer 0644
---@return true? ok
---@return native.Error? err
function fs.write(path, bytes, mode) end

---@param path string
---@return string[]? names sorted
---@return native.Error? err
function fs.list(path) end

---@param path string
---@return { kind: "file"|"dir"|"other", size: integer, modified: integer }? info
---@return native.Error? err
function fs.stat(path) end

---@param path string
---@return boolean
function fs.exists(path) end

--- Whether a path, with all symbolic links followed, still lies below a folder.
---@param root string
---@param path string
---@return boolean
function fs.is_below(root, path) end

--- Makes the folder and those above it.
---@param path string
---@param mode? integer 0755
---@return true? ok
---@return native.Error? err
function fs.mkdir(path, mode) end

--- On one disk; it is there after a power cut, too.
---@param from string
---@param to string
---@return true? ok
---@return native.Error? err
function fs.rename(from, to) end

--- Removes a file, or a folder and all below it. Nothing there is fine.
---@param path string
---@return true? ok
---@return native.Error? err
function fs.remove(path) end

return fs
