--- What a handler sees of a draft: the paths that its manifest lists under `input`, and nothing else.
--- "lines[].qty" is a field of every line, "lines[].tags[]" a list of plain values in each.
local project = {}

-- One tree for each list of paths, made once: { name = leaf | tree, ... }; "[]" marks a list.
local trees = setmetatable({}, { __mode = "k" })

local function add_path(tree, path)
  local at = tree
  for part, dot in path:gmatch("([%w_%[%]]+)(%.?)") do
    local name, list = part:match("^([%w_]+)(%[?%]?)$")
    assert(name, "a path looks like lines[].qty, not " .. path)
    local node = at[name]
    if type(node) ~= "table" then node = { is_list = list == "[]" } end
    at[name] = node
    if dot == "" then
      node.is_leaf = true
    else
      node.inside = node.inside or {}
      at = node.inside
    end
  end
end

local function tree_of(paths)
  local tree = trees[paths]
  if not tree then
    tree = {}
    for _, path in ipairs(paths) do add_path(tree, path) end
    trees[paths] = tree
  end
  return tree
end

-- Leaves are copied, so a handler that runs in our own state cannot reach back into the draft. Tables
-- inside a leaf are dropped: their fields must be declared.
local function copy_flat(value)
  if type(value) ~= "table" then return value end
  local copy = {}
  for name, inner in pairs(value) do
    if type(inner) ~= "table" then copy[name] = inner end
  end
  return copy
end

local copy_tree

local function copy_node(node, value)
  if type(value) ~= "table" or not node.inside then return copy_flat(value) end
  if not node.is_list then return copy_tree(node.inside, value) end
  local list = {}
  for i, item in ipairs(value) do list[i] = copy_tree(node.inside, item) end
  return list
end

function copy_tree(tree, source)
  local copy = {}
  for name, node in pairs(tree) do
    local value = source[name]
    if value ~= nil then copy[name] = copy_node(node, value) end
  end
  return copy
end

--- A copy of what `paths` name in `source`. Unknown names are absent.
---@param paths string[] the same table each time, so that it is read once
---@param source table
---@return table
function project.copy(paths, source)
  return copy_tree(tree_of(paths), source)
end

return project
