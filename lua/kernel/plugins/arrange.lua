--- What the merchant says about plugins that cannot know of each other: who is asked first, and who alone. Like every change of the plugins
--- it is planned, looked at, and put in force as a new generation.
local company = require("kernel.plugins.company")
local failure = require("kernel.failure")
local generation = require("kernel.plugins.generation")
local pins = require("kernel.plugins.pins")
local points = require("kernel.points")
local slots = require("kernel.plugins.slots")

local arrange = {}

local function refuse(message, ...)
  return failure.new("plugin.invalid", message:format(...))
end

local function pins_of_now()
  local now = generation.current()
  return now and now.pins or {}
end

local function bindings_of_now()
  local now = generation.current()
  return now and now.bindings or {}
end

local function plan(verb, note, changes)
  return {
    action = "arrange", verb = verb, note = verb .. " " .. note, plugins = generation.with("", nil), pins = changes.pins,
    bindings = changes.bindings, seen = generation.seen(), asks = {}, grows = {},
  }
end

-- ---- names -----------------------------------------------------------------------------------------------------------

local named = points.named

-- The different values of a field.
local function each(handlers, field)
  local seen, out = {}, {}
  for _, handler in ipairs(handlers) do
    if not seen[handler[field]] then out[#out + 1] = handler[field] end
    seen[handler[field]] = true
  end
  table.sort(out)
  return table.concat(out, ", ")
end

-- Why there is nothing of a name.
local function absence(handlers, name)
  local id = name:match("^[^/]+") or name
  local others = named(handlers, id)
  if id ~= name and #others > 0 then return ("%s has no handler %s; it has: %s"):format(id, name:sub(#id + 2), each(others, "id")) end
  for _, source in ipairs(generation.sources()) do
    if source.id == id then return id .. " has no handlers that could be read" end
  end
  return ("there is no plugin %s; merx plugin list names all"):format(id)
end

local function check_names(handlers, first, second)
  for _, name in ipairs({ first, second }) do
    if #named(handlers, name) == 0 then return failure.new("plugin.missing", absence(handlers, name)) end
  end
  local here, there = named(handlers, first), named(handlers, second)
  for _, one in ipairs(here) do
    for _, other in ipairs(there) do
      if one.point == other.point and one.id ~= other.id then return true end
    end
  end
  if first == second then return refuse("%s cannot come before itself", first) end
  return refuse("they are never asked together: %s at %s, %s at %s", first, each(here, "point"), second, each(there, "point"))
end

-- ---- circles ---------------------------------------------------------------------------------------------------------

local function is_step_of(handlers, pin, first, second)
  for _, one in ipairs(named(handlers, pin[1])) do
    for _, other in ipairs(named(handlers, pin[2])) do
      if one.id == first and other.id == second then return true end
    end
  end
  return false
end

local function pin_of_step(handlers, list, first, second)
  for _, pin in ipairs(list) do
    if is_step_of(handlers, pin, first, second) then return pin end
  end
end

-- What mends a circle, besides doing without the new pin: each other step is a pin to give up, or a plugin's word, which a
-- pin can turn round.
local function mends_of(handlers, old, new, circle)
  local mends, seen = {}, {}
  for i, first in ipairs(circle) do
    local second = circle[i % #circle + 1]
    local pin = pin_of_step(handlers, old, first, second)
    local mend = pin and "merx plugin unpin " .. pins.words(pin)
      or not is_step_of(handlers, new, first, second) and ("merx plugin pin %s before %s"):format(second, first)
    if mend and not seen[mend] then
      mends[#mends + 1], seen[mend] = mend, true
    end
  end
  return table.concat(mends, ", or ")
end

-- The handlers of what is in force, and of the two that a pin is about, whether they are or not.
local function concerned(handlers, fit, pin)
  local is_fit, list = {}, {}
  for _, candidate in ipairs(fit) do is_fit[candidate.id] = true end
  for _, handler in ipairs(handlers) do
    if is_fit[handler.plugin] or pins.is_about(pin, handler.plugin) then list[#list + 1] = handler end
  end
  return list
end

local function check_circles(handlers, old, list, new)
  local by_point = {}
  for _, handler in ipairs(handlers) do
    by_point[handler.point] = by_point[handler.point] or {}
    table.insert(by_point[handler.point], handler)
  end
  for _, at_point in pairs(by_point) do
    local sorted, _, circle = points.sort(at_point, list)
    if not sorted then
      local steps = {}
      for i, first in ipairs(circle) do steps[i] = ("%s before %s"):format(first, circle[i % #circle + 1]) end
      local mends = mends_of(at_point, old, new, circle)
      return refuse("then these would go in a circle: %s; %s", table.concat(steps, ", "),
        mends ~= "" and "first run " .. mends or "pin single handlers, not whole plugins")
    end
  end
  return true
end

-- ---- plans -----------------------------------------------------------------------------------------------------------

--- What asking one before the other would change. A pin that said the opposite is replaced.
---@param first string plugin or handler
---@param second string
---@return merx.InstallPlan?
---@return merx.Error?
function arrange.plan_pin(first, second)
  local old = pins_of_now()
  local handlers = company.handlers(company.installed())
  local ok, err = check_names(handlers, first, second)
  if not ok then return nil, err end
  local new = { first, second }
  local kept, was_there = pins.without(old, first, second)
  if was_there then return failure.new("plugin.conflict", pins.words(new) .. " is pinned already") end
  kept = pins.without(kept, second, first)
  local list = table.move(kept, 1, #kept, 1, {})
  list[#list + 1] = new
  ok, err = check_circles(concerned(handlers, (company.judge(nil, { pins = old })), new), kept, list, new)
  if not ok then return nil, err end
  return plan("pin", pins.words(new), { pins = list })
end

local function nothing_pinned(list, what)
  local there = {}
  for i, pin in ipairs(list) do there[i] = pins.words(pin) end
  return failure.new("plugin.missing", ("%s is not pinned; %s"):format(what, #there > 0 and "these are: " .. table.concat(there, ", ")
    or "nothing is"))
end

--- What giving a pin up would change, or, without `second`, all pins that are about a plugin or handler.
---@param first string
---@param second? string
---@return merx.InstallPlan?
---@return merx.Error?
function arrange.plan_unpin(first, second)
  local old = pins_of_now()
  local what = second and pins.words({ first, second }) or first
  local rest = second and pins.without(old, first, second) or select(2, pins.split(old, first))
  if #rest == #old then return nothing_pinned(old, what) end
  local before, after = select(2, company.judge(nil, { pins = old })), select(2, company.judge(nil, { pins = rest }))
  for id, problem in pairs(after) do
    if not before[id] then return refuse("then %s could not be had any more: %s", id, problem) end
  end
  return plan("unpin", what, { pins = rest })
end

-- The handler of a slot that is meant by the name of a plugin or of itself.
local function one_named(slot, name)
  local fit, problems = company.judge(nil, { pins = pins_of_now() })
  local handlers = slots.at(company.handlers(fit), slot)
  local meant = named(handlers, name)
  if #meant == 1 then return meant[1], handlers end
  if #meant > 1 then return refuse("%s has several: name one of %s", name, each(meant, "id")) end
  local id = name:match("^[^/]+") or name
  if problems[id] then return failure.new("plugin.missing", ("%s is skipped: %s"):format(id, problems[id])) end
  local all = company.handlers(company.installed())
  if #named(all, name) == 0 then return failure.new("plugin.missing", absence(all, name)) end
  if #slots.at(named(all, name), slot) == 0 then return refuse("%s is no %s", name, slot) end
  return failure.new("plugin.missing", ("%s is disabled: merx plugin enable %s"):format(id, id))
end

--- What having one handler alone asked at a slot would change.
---@param slot string the point
---@param name string plugin or handler
---@return merx.InstallPlan?
---@return merx.Error?
function arrange.plan_bind(slot, name)
  local is_slot = false
  for _, known in ipairs(slots.names()) do is_slot = is_slot or known == slot end
  if not is_slot then return refuse("there is no slot %s; there are: %s", slot, table.concat(slots.names(), ", ")) end
  local handler, handlers = one_named(slot, name)
  if not handler then return nil, handlers end
  local bindings = {}
  for other, id in pairs(bindings_of_now()) do bindings[other] = id end
  if bindings[slot] == handler.id then return failure.new("plugin.conflict", ("%s is bound to %s already"):format(slot, handler.id)) end
  bindings[slot] = handler.id
  return plan("bind", slot .. " " .. handler.id, { bindings = bindings })
end

--- What is bound.
---@return { slot: string, handler: string }[] by slot
function arrange.bindings()
  local out = {}
  for slot, id in pairs(bindings_of_now()) do out[#out + 1] = { slot = slot, handler = id } end
  table.sort(out, function(a, b) return a.slot < b.slot end)
  return out
end

--- The pins that are in force, each with the names in it of which nothing is asked.
---@return { first: string, second: string, absent: string[] }[]
function arrange.pins()
  local out = {}
  local list = pins_of_now()
  if #list == 0 then return out end
  local handlers = company.handlers((company.judge(nil, { pins = list })))
  for i, pin in ipairs(list) do
    out[i] = { first = pin[1], second = pin[2], absent = {} }
    for _, name in ipairs(pin) do
      if #named(handlers, name) == 0 then table.insert(out[i].absent, name) end
    end
  end
  return out
end

return arrange
