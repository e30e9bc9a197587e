--- Slots: extension points of which a shop asks one handler alone. The merchant binds it; nobody takes it by being installed.
local contracts = require("kernel.contracts")

local slots = {}

---@class merx.SlotHandler
---@field id string "plugin/handler"
---@field bundled boolean

--- The points that are slots, by name.
---@return string[]
function slots.names()
  local names = {}
  for _, contract in pairs(contracts.by_place()) do
    if contract.is_slot then names[#names + 1] = contract.point end
  end
  table.sort(names)
  return names
end

--- The handler that a slot has: the bound one, and none when that is not there. While nothing is bound it is one that comes
--- with Merx, so that no folder that somebody unpacked takes its place; then the first by name.
---@generic T: merx.SlotHandler
---@param handlers T[] of the slot
---@param bound? string
---@return T? handler
function slots.pick(handlers, bound)
  local best
  for _, handler in ipairs(handlers) do
    if bound then
      if handler.id == bound then return handler end
    elseif not best or handler.bundled and not best.bundled or handler.bundled == best.bundled and handler.id < best.id then
      best = handler
    end
  end
  return best
end

--- Those of a slot.
---@generic T: merx.SlotHandler
---@param handlers T[]
---@param slot string
---@return T[]
function slots.at(handlers, slot)
  local list = {}
  for _, handler in ipairs(handlers) do
    if handler.point == slot then list[#list + 1] = handler end
  end
  return list
end

--- Marks the handlers of slots that are not asked.
---@param handlers merx.Handler[]
---@param bindings table<string, string>
function slots.mark(handlers, bindings)
  for _, slot in ipairs(slots.names()) do
    local list = slots.at(handlers, slot)
    local picked = slots.pick(list, bindings[slot])
    for _, handler in ipairs(list) do handler.is_unbound = handler ~= picked end
  end
end

local function ids_of(handlers)
  local ids = {}
  for i, handler in ipairs(handlers) do ids[i] = handler.id end
  table.sort(ids)
  return ids
end

local function is_among(handlers, wanted)
  for _, handler in ipairs(handlers) do
    if wanted and handler.id == wanted.id then return true end
  end
  return false
end

-- What becomes of one slot: the binding, words for the merchant, or why it may not be.
local function settle_one(slot, before, after, bound)
  local was, others = slots.pick(before, bound), ids_of(after)
  if bound and was and not is_among(after, was) then
    if #after > 1 then
      return nil, nil, ("%s is bound to %s: first run merx plugin bind %s %s"):format(slot, bound, slot,
        table.concat(others, (", or merx plugin bind %s "):format(slot)))
    end
    return nil, #after == 1 and ("%s: %s is asked from now on"):format(slot, others[1]) or nil
  end
  if bound or #after < 2 then return bound end
  local picked = is_among(after, was) and was or slots.pick(after)
  local rest = {}
  for _, id in ipairs(others) do
    if id ~= picked.id then rest[#rest + 1] = id end
  end
  return picked.id, ("%s: %s is asked, and %s is not; merx plugin bind %s %s changes that"):format(
    slot, picked.id, table.concat(rest, ", "), slot, rest[1])
end

--- What a change of the plugins makes of the slots: who was asked goes on being asked.
---@param before merx.NamedHandler[]
---@param after merx.NamedHandler[]
---@param bindings table<string, string>
---@return table<string, string>? bindings nil when it may not be
---@return string[]|string told what the merchant should know, or why it may not be
function slots.settle(before, after, bindings)
  local out, told = {}, {}
  for slot, id in pairs(bindings) do out[slot] = id end
  for _, slot in ipairs(slots.names()) do
    local bound, words, problem = settle_one(slot, slots.at(before, slot), slots.at(after, slot), bindings[slot])
    if problem then return nil, problem end
    out[slot], told[#told + 1] = bound, words
  end
  return out, told
end

return slots
