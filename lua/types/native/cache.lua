---@meta native.cache
--- What a page was made of. Scopes belong to the running task.

---@class native.cache
local cache = {}

--- What is being made depends on `tag`, as "product:42".
---@param tag string
function cache.read(tag) end

--- What is being made holds until then at most. Write it `cache["until"](ms)`.
---@param ms integer milliseconds UTC
cache["until"] = function(ms) end

--- Opens a scope inside the present one.
function cache.open() end

--- Ends the scope; with a key, stores what was made in it. The outer scope then depends on the same.
---@param key? string
---@param bytes? string|native.Buf
function cache.close(key, bytes) end

--- The stored bytes, if they still hold; the open scope then depends on what they were made of.
---@param key string
---@param buf? native.Buf prints into it instead, and returns it
---@return string|native.Buf|nil
function cache.get(key, buf) end

--- Ends the scope. What was read in it can be asked again with renew().
---@return userdata deps
function cache.finish() end

--- Whether nothing of it was touched and no boundary has passed; the open scope then depends on it, too.
---@param deps userdata of finish()
---@param now integer ms, UTC
---@return boolean
function cache.renew(deps, now) end

--- In commands: whatever depends on `tag` is stale after the commit.
---@param tag string
function cache.touch(tag) end

--- What to keep beside a value that is loaded now, to ask cache.holds with later.
---@param tag string
---@return integer label
function cache.label(tag) end

--- Whether a value with that label is still true.
---@param tag string
---@param label integer
---@return boolean
function cache.holds(tag, label) end

--- What was touched or loaded may have been rolled back: nothing kept with a label holds.
function cache.doubt() end

---@return integer sequence that the running slice sees
function cache.seq() end

--- Which requests the page cache may answer. A query parameter that is not listed bypasses it.
---@param rules { query?: string[], private_cookies?: string[], key_cookies?: string[] }
---@return true? ok
---@return native.Error? err
function cache.configure(rules) end

return cache
