--- What a page was made of. Store functions say what they read; commands say what they touched; a
--- cached thing is used only while nothing it was made of was touched and no boundary has passed.
local native = require("native.cache")

local cache = {}

--- The running request depends on `tag`, as "product:42".
---@type fun(tag: string)
cache.read = native.read

--- The running request holds until `ms` at most (UTC): a sale begins, a page is published.
---@type fun(ms: integer)
cache.valid_until = native["until"]

--- Which requests may be answered from the cache of whole pages (workers, at boot).
---@type fun(rules: { query: string[], private_cookies: string[], key_cookies: string[] }): true?, table?
cache.configure = native.configure

--- A function that loads something once and keeps it in this thread until its tag is touched, and what is kept for a table
--- no longer than that.
---@generic T
---@param tag string|fun(key: any): string
---@param load fun(key: any, ...): T
---@return fun(key: any, ...): T
function cache.memo(tag, load)
  local entries = setmetatable({}, { __mode = "k" })
  return function(key, ...)
    local name = type(tag) == "string" and tag or tag(key)
    native.read(name)
    local entry = entries[key]
    if entry and native.holds(name, entry.label) then return entry.value end
    local label = native.label(name) -- before loading: what is committed meanwhile makes it stale
    local value = load(key, ...)
    entries[key] = { label = label, value = value }
    return value
  end
end

-- Keys that were asked for lately: `limit` of them, and up to twice as many. True when it is one.
local function memory_of(limit)
  local young, old, count = {}, {}, 0
  return function(key)
    if young[key] or old[key] then return true end
    if count >= limit then
      old, young, count = young, {}, 0
    end
    young[key], count = true, count + 1
    return false
  end
end

--- A function that makes something once and keeps it in this thread while everything that was read on
--- the way holds. It keeps `limit` things, and up to twice as many; nil is not kept.
---@generic T
---@param limit integer
---@param make fun(...): T
---@param remembered? integer keep only what is asked for a second time, while so many other things are: what is asked
--- for once costs the collector less when it is forgotten at once
---@return fun(key: any, now: integer, ...): T, boolean now: milliseconds UTC; the rest is for `make`; second: it is kept
function cache.keep(limit, make, remembered)
  local young, old, count = {}, {}, 0
  local is_known = remembered and memory_of(remembered)
  local function put(key, entry)
    if count >= limit then
      old, young, count = young, {}, 0
    end
    young[key], count = entry, count + 1
  end
  return function(key, now, ...)
    local entry = young[key]
    if entry then
      if native.renew(entry.deps, now) then return entry.value, true end
    elseif old[key] and native.renew(old[key].deps, now) then
      entry = old[key]
      put(key, entry)
      return entry.value, true
    end
    if is_known and not is_known(key) then return make(...), false end
    local deps, value = cache.note(make, ...)
    if value ~= nil then put(key, { value = value, deps = deps }) end
    return value, value ~= nil
  end
end

--- Prints what is kept under `key` into `out`, if it still holds: the running request then depends on
--- all that it was made of.
---@param out userdata native.buf
---@param key string
---@return boolean found
function cache.fetch(out, key)
  return native.get(key, out) ~= nil
end

--- The bytes that are kept under `key`, if they still hold; as cache.fetch().
---@param key string
---@return string?
function cache.find(key)
  return native.get(key)
end

--- Runs make(…) and keeps the bytes that it returns under the key that it returns: all that they depend on
--- besides what is read on the way. Without a key nothing is kept.
---@param make fun(...): string?, userdata|string|nil
---@param ... any for `make`
function cache.render(make, ...)
  native.open()
  local ok, key, bytes = pcall(make, ...)
  if not ok then
    native.close()
    error(key, 0)
  end
  native.close(key, bytes)
end

--- Runs make(…) and notes what is read on the way.
---@param make fun(...): any
---@param ... any for `make`
---@return userdata deps for cache.holds()
---@return any of `make`
function cache.note(make, ...)
  native.open()
  local ok, value = pcall(make, ...)
  local deps = native.finish()
  if not ok then error(value, 0) end
  return deps, value
end

--- Whether nothing of `deps` was touched and no boundary has passed; the running request then depends on
--- them, too.
---@type fun(deps: userdata, now: integer): boolean
cache.holds = native.renew

return cache
