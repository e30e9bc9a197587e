--- Where printed parts of pages stay that are not for the cache of all workers: with the product that they
--- show, as long as that is kept; and in this thread, when they have gaps. A store is bounded.
local cache = require("kernel.cache")

local stores = {}

---@class merx.Store two halves: the older one is forgotten when the younger is full
---@field limit integer parts in each half
---@field count integer
---@field young table<string, { deps: userdata, part: string|string[] }>
---@field old table<string, { deps: userdata, part: string|string[] }>
---@field inside? { count: integer, by_name: table<string, merx.Store> }

---@param limit integer parts that it holds, and up to twice as many
---@return merx.Store
function stores.new(limit)
  return { limit = limit, count = 0, young = {}, old = {} }
end

local of_thread = stores.new(64)

--- The store for a part that reads globals of its page alone; nil when one of them has none.
---@param page table `stores` of it: by name of the global or its field, a store, how to find it, or the name of a
--- value that never changes
---@param own string[] names of globals
---@return merx.Store?
function stores.of(page, own)
  local store = of_thread
  for i = 1, #own do
    local name = own[i]
    local found = page.stores[name]
    if type(found) == "function" then
      found = found()
      page.stores[name] = found
    end
    if found == nil then
      if page.own[name] ~= nil then return nil end
    elseif type(found) == "table" then
      if store ~= of_thread and store ~= found then return nil end
      store = found
    end
  end
  return store
end

--- The key of such a part in its store.
---@param page table
---@param own string[]
---@param key string all else that it depends on
---@return string
function stores.key(page, own, key)
  for i = 1, #own do
    local found = page.stores[own[i]]
    key = key .. "\0" .. own[i] .. (type(found) == "string" and "=" .. found or found and "+" or "-")
  end
  return key
end

local MOST_INSIDE <const> = 8

--- A store inside of a store, for what differs by `name`.
---@param store merx.Store
---@param name string
---@return merx.Store
function stores.inside(store, name)
  local list = store.inside
  local found = list and list.by_name[name]
  if found then return found end
  if not list or list.count >= MOST_INSIDE then
    list = { count = 0, by_name = {} }
    store.inside = list
  end
  found = stores.new(store.limit)
  list.by_name[name], list.count = found, list.count + 1
  return found
end

local function put(store, key, entry)
  if store.count >= store.limit then store.old, store.young, store.count = store.young, {}, 0 end
  store.young[key], store.count = entry, store.count + 1
end

---@param store merx.Store
---@param key string
---@param now integer
---@return string|string[]|nil part
function stores.get(store, key, now)
  local entry = store.young[key]
  if entry then return cache.holds(entry.deps, now) and entry.part or nil end
  entry = store.old[key]
  if not entry or not cache.holds(entry.deps, now) then return nil end
  put(store, key, entry)
  return entry.part
end

---@param store merx.Store
---@param key string
---@param deps userdata of cache.note()
---@param part string|string[]
function stores.put(store, key, deps, part)
  put(store, key, { deps = deps, part = part })
end

return stores
