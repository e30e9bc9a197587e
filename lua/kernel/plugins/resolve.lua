--- Which of the plugins found can be had together. Manifests are all that is read; each that cannot be had is told why and
--- what mends it. The result does not depend on the order in which they were found.
local contracts = require("kernel.contracts")
local manifest = require("kernel.plugins.manifest")
local points = require("kernel.points")

local resolve = {}

---@class merx.Candidate
---@field id string
---@field manifest merx.Manifest
---@field bundled? boolean

local function sorted_ids(by_id)
  local ids = {}
  for id in pairs(by_id) do ids[#ids + 1] = id end
  table.sort(ids)
  return ids
end

-- Who is there under a name: the plugin itself, or the first that provides it. `ids` are the keys of `by_id`, sorted.
local function provider_of(by_id, ids, name)
  if by_id[name] then return by_id[name], true end
  for _, id in ipairs(ids) do
    for _, provided in ipairs(by_id[id].manifest.provides) do
      if provided == name then return by_id[id], false end
    end
  end
end

local function missing_requirement(by_id, ids, plugin)
  for _, id in ipairs(sorted_ids(plugin.manifest.requires)) do
    local range = plugin.manifest.requires[id]
    local other, is_itself = provider_of(by_id, ids, id)
    if not other then return ("it needs %s %s: install and enable that first"):format(id, range) end
    if is_itself and not manifest.in_range(other.manifest.version, range) then
      return ("it needs %s %s, but %s is installed: install a version in that range"):format(id, range, other.manifest.version)
    end
  end
end

-- Of two that cannot be had together the bundled one stays, else the one that comes first by name.
local function stays(a, b)
  if (a.bundled == true) ~= (b.bundled == true) then return a.bundled == true end
  return a.id < b.id
end

local function excludes(plugin, other)
  if #plugin.manifest.conflicts == 0 then return false end
  local names = { [other.id] = true }
  for _, name in ipairs(other.manifest.provides) do names[name] = true end
  for _, name in ipairs(plugin.manifest.conflicts) do
    if names[name] then return true end
  end
  return false
end

local function conflict(by_id, ids, plugin)
  for _, id in ipairs(ids) do
    local other = by_id[id]
    if other ~= plugin and (excludes(plugin, other) or excludes(other, plugin)) and stays(other, plugin) then
      return ("it cannot be had together with %s: disable one of the two"):format(other.id)
    end
  end
end

local function services_of(plugin)
  local names = {}
  for _, entry in ipairs(plugin.manifest.contributes.services or {}) do names[plugin.id .. "/" .. entry.id] = true end
  return names
end

local function missing_service(by_id, _, plugin)
  for _, name in ipairs(plugin.manifest.capabilities.services or {}) do
    local owner = by_id[name:match("^[^/]+")]
    if not owner then return ("it calls the service %s: install and enable %s first"):format(name, name:match("^[^/]+")) end
    if not services_of(owner)[name] then return ("it calls the service %s, which %s does not have"):format(name, owner.id) end
  end
end

-- Follows requirements and services from one plugin; answers the way back to it, if there is one.
local function way_back(by_id, from, id, way, seen)
  if seen[id] then return nil end
  seen[id] = true
  local plugin = by_id[id]
  if not plugin then return nil end
  local next_ids = {}
  for other in pairs(plugin.manifest.requires) do next_ids[#next_ids + 1] = other end
  for _, name in ipairs(plugin.manifest.capabilities.services or {}) do next_ids[#next_ids + 1] = name:match("^[^/]+") end
  table.sort(next_ids)
  for _, other in ipairs(next_ids) do
    if other == from then return way .. " → " .. other end
    local found = other ~= id and way_back(by_id, from, other, way .. " → " .. other, seen)
    if found then return found end
  end
end

local function circle(by_id, _, plugin)
  local way = way_back(by_id, plugin.id, plugin.id, plugin.id, {})
  return way and ("plugins may not need each other in a circle: %s; remove one of these from `requires` or `services`"):format(way)
end

local function address_of(entry)
  return (entry.method or "GET") .. " " .. tostring(entry.path)
end

local function taken_route(by_id, ids, plugin)
  if not plugin.manifest.contributes.routes then return nil end
  for _, id in ipairs(ids) do
    local other = by_id[id]
    if other ~= plugin and stays(other, plugin) then
      for _, theirs in ipairs(other.manifest.contributes.routes or {}) do
        for _, ours in ipairs(plugin.manifest.contributes.routes) do
          if address_of(ours) == address_of(theirs) then
            return ("the address %s is taken by %s: disable one of the two"):format(address_of(ours), other.id)
          end
        end
      end
    end
  end
end

local TESTS <const> = { missing_requirement, missing_service, circle, conflict, taken_route }

local function drop_unfit(by_id, problems)
  local found = true
  while found do
    found = false
    for _, test in ipairs(TESTS) do
      local unfit, ids = {}, sorted_ids(by_id)
      for _, id in ipairs(ids) do unfit[id] = test(by_id, ids, by_id[id]) end
      for id, problem in pairs(unfit) do
        by_id[id], problems[id], found = nil, problem, true
      end
    end
  end
end

local function handlers_at(by_id, place)
  local list = {}
  for id, plugin in pairs(by_id) do
    for _, entry in ipairs(plugin.manifest.contributes[place] or {}) do
      list[#list + 1] = { id = id .. "/" .. entry.id, plugin = id, before = entry.before, after = entry.after }
    end
  end
  return list
end

-- The plugin that goes when handlers cannot be ordered: not a bundled one while another will do.
local function weakest(by_id, ring)
  local worst
  for _, handler in ipairs(ring) do
    local id = handler:match("^[^/]+")
    if not worst or stays(by_id[worst], by_id[id]) then worst = id end
  end
  return worst
end

local function drop_cycles(by_id, problems, pins)
  local has_dropped = false
  for place in pairs(contracts.by_place()) do
    local ordered, cycle, ring = points.sort(handlers_at(by_id, place), pins)
    while not ordered do
      local id = weakest(by_id, ring)
      by_id[id], problems[id], has_dropped = nil, cycle .. "; change `before` or `after` of one of them, or pin their order", true
      ordered, cycle, ring = points.sort(handlers_at(by_id, place), pins)
    end
  end
  return has_dropped
end

--- Says which plugins can be had, and why the others cannot.
---@param candidates merx.Candidate[] each with a manifest that was read
---@param options? { pins?: { [1]: string, [2]: string }[] } the merchant's order: the first before the second
---@return merx.Candidate[] fit by id
---@return table<string, string> problems by id
function resolve.check(candidates, options)
  local by_id, problems = {}, {}
  for _, candidate in ipairs(candidates) do by_id[candidate.id] = candidate end
  repeat
    drop_unfit(by_id, problems)
  until not drop_cycles(by_id, problems, options and options.pins)
  local fit = {}
  for i, id in ipairs(sorted_ids(by_id)) do fit[i] = by_id[id] end
  return fit, problems
end

return resolve
