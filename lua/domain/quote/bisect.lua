--- Which plugin makes a total wrong: totals without some of them, halved until one is left. Pure: `total_without` evaluates.
local bisect = {}

---@class merx.BisectStep
---@field without string[]
---@field total integer

---@class merx.Bisected
---@field culprits? string[] without them the total is as expected; nil: no plugin and no pair of plugins explains it
---@field steps merx.BisectStep[]

local function halves(list)
  local middle = #list // 2
  return table.move(list, 1, middle, 1, {}), table.move(list, middle + 1, #list, 1, {})
end

-- Those that alone explain the difference come first: what they wrote into the ledger is just that.
local function sort_by_share(names, shares, wanted)
  table.sort(names, function(a, b)
    local from_a, from_b = math.abs((shares[a] or 0) - wanted), math.abs((shares[b] or 0) - wanted)
    if from_a ~= from_b then return from_a < from_b end
    return a < b
  end)
end

-- A set without which all is as expected, made as small as halving makes it.
local function shrink(names, is_right)
  while #names > 1 do
    local first, second = halves(names)
    if is_right(first) then
      names = first
    elseif is_right(second) then
      names = second
    else
      return names
    end
  end
  return names
end

local function find_pair(names, is_right)
  for i = 1, #names do
    for j = i + 1, #names do
      local pair = { names[i], names[j] }
      if is_right(pair) then return pair end
    end
  end
end

--- Finds the plugins without which the total would be as expected. When all together explain it, or one half does, it takes
--- log2 of their number in steps; plugins that a cart cannot do without are told apart one by one.
---@param names string[] plugins with a part in the total
---@param shares table<string, integer> what each wrote into the ledger
---@param total integer with all of them
---@param expected integer
---@param total_without fun(names: table<string, boolean>): integer
---@return merx.Bisected
function bisect.run(names, shares, total, expected, total_without)
  local found, known = { steps = {} }, {}
  local function is_right(list)
    local set, key = {}, table.concat(list, "\n")
    for _, name in ipairs(list) do set[name] = true end
    if not known[key] then
      known[key] = { without = list, total = total_without(set) }
      table.insert(found.steps, known[key])
    end
    return known[key].total == expected
  end
  local order = table.move(names, 1, #names, 1, {})
  sort_by_share(order, shares, total - expected)
  if order[1] and (shares[order[1]] or 0) == total - expected and is_right({ order[1] }) then
    found.culprits = { order[1] }
    return found
  end
  local first, second = halves(order)
  for _, half in ipairs({ order, first, second }) do
    if #half > 0 and is_right(half) then
      found.culprits = shrink(half, is_right)
      return found
    end
  end
  for _, name in ipairs(order) do
    if is_right({ name }) then
      found.culprits = { name }
      return found
    end
  end
  found.culprits = #order <= bisect.MOST_PAIRED and find_pair(order, is_right) or nil
  return found
end

bisect.MOST_PAIRED = 16

return bisect
