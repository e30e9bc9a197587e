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

--- A call of a plugin failed: counted with those in all threads. Nothing without a server.
---@param id string
---@param generation integer
function task.note_failure(id, generation) end

--- What plugins did in a generation in all threads, since the server began.
---@param generation integer
---@return table<string, { calls: integer, errors: integer }>
function task.plugin_counts(generation) end

--- Tools: what the running server answers over merx.sock; "missing" when none runs.
---@param verb "metrics"|"plugins"|"status"
---@return string? text
---@return native.Error? err
function task.ask_server(verb) end

--- Every thread takes up changed files, after the running command is on disk. Nothing without a server.
function task.reload() end

--- Every thread takes up the generation of plugins that is in force then, after the running command is on disk. Nothing without a server.
function task.renew() end

--- `tick` runs soon in the jobs thread.
function task.wake_jobs() end

return task
