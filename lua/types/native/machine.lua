---@meta native.machine
--- What stands below the program: limits, disk, clock, kernel. For tools; not quick.

---@class native.machine
local machine = {}

---@class native.MachineFacts
---@field kernel string
---@field files_soft integer open files of a process
---@field files_hard integer
---@field backlog integer longest queue of connections; -1: unknown
---@field cpus integer
---@field memory_bytes integer
---@field memory_limit integer of the control group; -1: none
---@field is_clock_known boolean whether somebody keeps the clock right can be told
---@field is_clock_kept boolean
---@field clock_error_us integer
---@field encoding string of the environment's locale
---@field file_system string below the folder
---@field disk_bytes integer
---@field disk_free_bytes integer
---@field disk_free_files integer -1: without a limit
---@field is_read_only boolean

---@param folder string
---@return native.MachineFacts? facts
---@return native.Error? err
function machine.look(folder) end

--- Of the link itself, if it is one.
---@param path string
---@return { mode: integer, owner: integer, is_own: boolean }? access
---@return native.Error? err
function machine.access(path) end

--- How long small writes take until they are on disk, in microseconds.
---@param folder string
---@return integer? median
---@return integer|native.Error longest
function machine.time_sync(folder) end

--- Whether a person sits at a descriptor: 0 input, 1 output, 2 errors.
---@param fd integer
---@return boolean
function machine.is_terminal(fd) end

return machine
