--- What a page was made of. Store functions say what they read; commands say what they touched; a
--- cached thing is used only while nothing it was made of was touched and no boundary has passed.
local buf = require("native.buf")
local native = require("native.cache")

local cache = {}

--- The running request depends on `tag`, as "product:42".
---@type fun(tag: string)
cache.read = native.read

--- The running request holds until `ms` at most (UTC): a sale begins, a page is published.
---@type fun(ms: integer)
cache.valid_until = native["until"]

--- A function that loads something once and keeps it in this thread until its tag is touched.
---@generic T
---@param tag string|fun(key: string): string
---@param load fun(key: string, ...): T
---@return fun(key: string, ...): T
function cache.memo(tag, load)
  local entries = {}
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

--- The bytes that `render` writes, from the cache when they still hold.
---@param key string all that the bytes depend on besides what is read
---@param render fun(out: userdata) writes into a native.buf
---@return string
function cache.section(key, render)
  local found = native.get(key)
  if found then return found end
  local out = buf.new()
  native.open()
  local ok, err = pcall(render, out)
  if not ok then
    native.close()
    error(err, 0)
  end
  local bytes = out:string()
  native.close(key, bytes)
  return bytes
end

return cache
