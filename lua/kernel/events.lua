--- Facts, told after the commit. A command puts them into the outbox (`tx.emit`); the jobs thread
--- delivers each to its subscribers, at least once, in order for each key.
local events = {}

---@class merx.Event
---@field seq integer
---@field event string
---@field key string
---@field body table
---@field at integer milliseconds UTC

---@class merx.Subscriber
---@field id string unique, as "merx.mail/order-placed"
---@field event string
---@field handler fun(event: merx.Event)
---@field plugin? string whose it is
---@field is_idle? fun(): boolean it hears nothing now, and never of what happened meanwhile

---@class merx.EventDefinition
---@field doc string one sentence
---@field body? table<string, string> what its body tells, each as "integer: id of the order"

local definitions = {} ---@type table<string, merx.EventDefinition>
local subscribers = {} ---@type merx.Subscriber[]

--- Declares an event, so that `merx hooks` can tell of it and a typing error is found.
---@param name string room and past participle, as "order.placed"
---@param spec merx.EventDefinition
function events.define(name, spec)
  assert(not definitions[name], "the event " .. name .. " is defined twice")
  definitions[name] = spec
end

--- Subscribes; `id` names the cursor, so it must stay the same for ever.
---@param name string
---@param id string
---@param handler fun(event: merx.Event) a raise means: deliver again later
function events.on(name, id, handler)
  assert(definitions[name], "there is no event " .. tostring(name))
  for _, other in ipairs(subscribers) do
    assert(other.id ~= id, "the subscriber " .. id .. " exists twice")
  end
  subscribers[#subscribers + 1] = { id = id, event = name, handler = handler }
end

---@return table<string, merx.EventDefinition>
function events.definitions()
  return definitions
end

local more

--- Sets who knows further subscribers, which come and go: those of plugins.
---@param list fun(): merx.Subscriber[]
function events.more_with(list)
  more = list
end

---@return merx.Subscriber[]
function events.subscribers()
  local others = more and more() or {}
  if #others == 0 then return subscribers end
  return table.move(others, 1, #others, #subscribers + 1, table.move(subscribers, 1, #subscribers, 1, {}))
end

return events
