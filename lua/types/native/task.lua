---@meta native.task
--- What waits. A task reads as if it blocked.

---@class native.task
local task = {}

--- Sends a command to the writer and waits until it is on disk.
---@param name string
---@param args any data
---@param meta? { key?: string, actor?: string, generation?: integer }
---@return any result
---@return table? err
function task.command(name, args, meta) end

---@param ms integer
function task.sleep(ms) end

--- Does work on the pool; at once where there is no task.
---@param kind "read_file"
---@param path string
---@return string? bytes
---@return native.Error? err
function task.offload(kind, path) end

--- Queues a task of its own, which begins when the running slice ends.
---@param fn fun(...)
---@param ... any
---@return integer id
function task.spawn(fn, ...) end

---@return integer? id of the running task
function task.current() end

--- Pins the running task to a plugin generation, which its commands carry.
---@param generation integer
function task.pin(generation) end

---@return integer generation that the running task is pinned to, 0 when there is none
function task.pinned() end

--- Adds to what a plugin did in all threads. Nothing without a server.
---@param id string
---@param generation integer
---@param calls integer
---@param errors integer
function task.note_plugin(id, generation, calls, errors) end

--- What plugins did in a generation in all threads, since the server began.
---@param generation integer
---@return table<string, { calls: integer, errors: integer }>
function task.plugin_counts(generation) end

--- Every thread takes up changed plugins, after the running command is on disk. Nothing without a server.
function task.reload() end

--- `tick` runs soon in the jobs thread.
function task.wake_jobs() end

return task
