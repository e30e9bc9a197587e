--- Extension points: which handlers the plugins contribute to each, and in which order they are
--- asked. The order follows from before/after and names alone, never from load order.
---
--- When plugins change, what is under way goes on with the handlers that it began with: tasks are pinned to a generation,
--- commands carry it.
local cache = require("native.cache")
local clock = require("native.clock")
local task = require("native.task")

local points = {}

---@class merx.Handler
---@field point string
---@field plugin string id of the plugin
---@field version string
---@field id string "plugin/handler", unique
---@field input string[] paths of the projection
---@field settings table
---@field before string[]
---@field after string[]
---@field on_error? "block"
---@field call fun(input: table, settings: table): any, merx.Error? asks the plugin in its own state
---@field is_unbound? boolean true: another one has the slot; nil: its point is no slot
---@field accounts? table<string, boolean> kinds of accounts that it may touch; nil: any
---@field blame? fun(code: string, message: string) takes down that its answer was of no use

---@class merx.HandlerSet
---@field number integer
---@field by_point table<string, merx.Handler[]>
---@field by_id table<string, table<string, merx.Handler>>

local LONGEST_TASK <const> = 35 * 1000000000 -- ns

local current = { number = 0, by_point = {}, by_id = {} } ---@type merx.HandlerSet
local retired ---@type table<integer, merx.HandlerSet>? nil unless plugins were changed a moment ago
local retired_until, forced, revision = 0, nil, 0

-- The generation of whoever asks. What is made with it is stale when there is another; what began before that is made for
-- one reader, and for nobody who comes later.
local function of_now()
  cache.read("plugins")
  if not retired then return current end
  if clock.mono() > retired_until then
    retired = nil
    return current
  end
  local earlier = retired[forced or task.pinned()]
  if not earlier then return current end
  cache["until"](0)
  return earlier
end

--- Whoever keeps what handlers said, and did not ask them while it was noted what is read, depends on them by this.
function points.note()
  of_now()
end

-- Where in `handlers` those are that a name means: a handler, or all of a plugin.
local function places_of(handlers, name)
  local places = {}
  for i, handler in ipairs(handlers) do
    if handler.id == name or handler.plugin == name then places[#places + 1] = i end
  end
  return places
end

--- Those of `handlers` that a name means, as in before, after and pins: a handler, or all of a plugin.
---@param handlers merx.Handler[]
---@param name string
---@return merx.Handler[]
function points.named(handlers, name)
  local found = {}
  for n, i in ipairs(places_of(handlers, name)) do found[n] = handlers[i] end
  return found
end

local function goes_by_name(handlers, pins)
  if pins and #pins > 0 then return false end
  for _, handler in ipairs(handlers) do
    if handler.before and #handler.before > 0 or handler.after and #handler.after > 0 then return false end
  end
  return true
end

-- What the handlers say of each other, unless the merchant's pins say the opposite.
local function edges_of(handlers, pins)
  local follows = {}
  for i in ipairs(handlers) do follows[i] = {} end
  for i, handler in ipairs(handlers) do
    for _, name in ipairs(handler.before or {}) do
      for _, j in ipairs(places_of(handlers, name)) do
        if i ~= j then follows[j][i] = true end
      end
    end
    for _, name in ipairs(handler.after or {}) do
      for _, j in ipairs(places_of(handlers, name)) do
        if i ~= j then follows[i][j] = true end
      end
    end
  end
  for _, pin in ipairs(pins or {}) do
    for _, i in ipairs(places_of(handlers, pin[1])) do
      for _, j in ipairs(places_of(handlers, pin[2])) do
        if i ~= j then follows[j][i], follows[i][j] = true, nil end
      end
    end
  end
  return follows
end

-- Who comes before a handler and waits, too; the first by name.
local function waiting_before(follows, waiting, i)
  local found
  for j in pairs(follows[i]) do
    if waiting[j] and (not found or j < found) then found = j end
  end
  return found
end

-- A circle among those that wait: each wants to come before the next, and the last before the first. Going back from any of
-- them leads into one.
local function circle_of(handlers, follows, waiting)
  local at, way, place = nil, {}, {}
  for i in pairs(waiting) do at = math.min(at or i, i) end
  while not place[at] do
    way[#way + 1], place[at] = at, #way + 1
    at = waiting_before(follows, waiting, at)
  end
  local circle = {}
  for i = #way, place[at], -1 do circle[#circle + 1] = handlers[way[i]].id end
  return circle
end

local function name_cycle(circle)
  local names = table.move(circle, 1, #circle, 1, {})
  table.sort(names)
  return "these handlers each want to come before the other: " .. table.concat(names, ", ")
end

--- Sorts handlers by before/after, then by id.
---@param handlers merx.Handler[]
---@param pins? { [1]: string, [2]: string }[] the merchant's own, which win: the first before the second
---@return merx.Handler[]? sorted
---@return string? cycle names the handlers that cannot be ordered
---@return string[]? circle their ids, each wanting to come before the next
function points.sort(handlers, pins)
  local list = table.move(handlers, 1, #handlers, 1, {})
  table.sort(list, function(a, b) return a.id < b.id end)
  if goes_by_name(list, pins) then return list end
  local follows, waiting, sorted = edges_of(list, pins), {}, {}
  for i in ipairs(list) do waiting[i] = true end
  while #sorted < #list do
    local ready
    for i in ipairs(list) do
      local free = waiting[i]
      if free then
        for j in pairs(follows[i]) do free = free and not waiting[j] end
      end
      if free then
        ready = i
        break
      end
    end
    if not ready then
      local circle = circle_of(list, follows, waiting)
      return nil, name_cycle(circle), circle
    end
    waiting[ready] = nil
    sorted[#sorted + 1] = list[ready]
  end
  return sorted
end

-- Whoever keeps something of a list finds it again while the list is the same.
local function same_as(known, list)
  if not known or #known ~= #list then return list end
  for i, handler in ipairs(list) do
    if known[i] ~= handler then return list end
  end
  return known
end

--- Replaces all handlers, at boot and when the generation changes.
---@param handlers merx.Handler[]
---@param pins? { [1]: string, [2]: string }[]
---@param number? integer of the generation
---@return true? ok
---@return string? problem
function points.set(handlers, pins, number)
  local grouped = {}
  for _, handler in ipairs(handlers) do
    grouped[handler.point] = grouped[handler.point] or {}
    table.insert(grouped[handler.point], handler)
  end
  for point, list in pairs(grouped) do
    local sorted, cycle = points.sort(list, pins)
    if not sorted then return nil, point .. ": " .. cycle end
    grouped[point] = same_as(current.by_point[point], sorted)
  end
  revision = revision + 1
  if revision > 1 then
    retired = retired or {}
    retired[current.number], retired_until = current, clock.mono() + LONGEST_TASK
  end
  current = { number = number or revision, by_point = grouped, by_id = {} }
  if retired then retired[current.number] = nil end
  return true
end

--- The number of the generation that new work begins with.
---@return integer
function points.generation()
  return current.number
end

--- Has what follows outside of tasks go by a generation, if that is still known: the writer's command carries the one of
--- the task that sent it.
---@param number? integer
function points.follow(number)
  forced = number
end

--- Rises whenever handlers are replaced.
---@return integer
function points.revision()
  return revision
end

--- One handler of a point.
---@param point string
---@param id string "plugin/entry"
---@return merx.Handler?
function points.find(point, id)
  local generation = of_now()
  local known = generation.by_id[point]
  if not known then
    known = {}
    for _, handler in ipairs(generation.by_point[point] or {}) do known[handler.id] = handler end
    generation.by_id[point] = known
  end
  return known[id]
end

local none = {}

--- The handlers of a point, in order.
---@param point string
---@return merx.Handler[]
function points.handlers(point)
  return of_now().by_point[point] or none
end

---@return table<string, merx.Handler[]>
function points.all()
  return of_now().by_point
end

return points
