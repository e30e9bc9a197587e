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

--- For what differs by address, on pages that neither have a store of their own for it nor are seen once.
stores.of_addresses = stores.new(64)

--- The store for a part that reads globals of its page alone, and its key there; nil when it reads one that
--- neither has a store nor is plain text.
---@param page table `stores` of it: by name of the global or its field, a store, how to find it (false: there is none), or
--- the name of a value that never changes; `address_store`: for what differs by address
---@param own string[] names of globals
---@param key string all else that it depends on
---@param is_of_address boolean
---@return merx.Store?
---@return string? key
function stores.find(page, own, key, is_of_address)
  local given, store = page.stores, nil
  for i = 1, #own do
    local name = own[i]
    local found, value = given[name], nil
    if type(found) == "function" then
      found = found()
      given[name] = found
    end
    if found == false then
      return nil
    elseif found == nil then
      value = page.own[name]
    end
    if type(found) == "table" then
      if store and store ~= found then return nil end
      store = found
    elseif type(value) == "string" then
      key = ("%s\0%s:%d:%s"):format(key, name, #value, value)
    elseif value ~= nil then
      return nil
    else
      key = key .. "\0" .. name .. (found and "=" .. found or "-")
    end
  end
  return store or is_of_address and page.address_store or of_thread, key
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
