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
