--- What a handler sees of a draft: the paths that its manifest lists under `input`, and nothing else.
--- "lines[].qty" is a field of every line, "lines[].tags[]" a list of plain values in each.
local project = {}

-- One tree for each list of paths, made once: a list of nodes, each with its name and, unless it is a
-- leaf, the nodes inside; "[]" marks a list.
local trees = setmetatable({}, { __mode = "k" })

local function node_of(tree, name)
  for _, node in ipairs(tree) do
    if node.name == name then return node end
  end
  local node = { name = name }
  tree[#tree + 1] = node
  return node
end

local function add_path(tree, path)
  local at = tree
  for part, dot in path:gmatch("([%w_%[%]]+)(%.?)") do
    local name, list = part:match("^([%w_]+)(%[?%]?)$")
    assert(name, "a path looks like lines[].qty, not " .. path)
    local node = node_of(at, name)
    node.is_list = node.is_list or list == "[]"
    if dot ~= "" then
      node.inside = node.inside or {}
      at = node.inside
    end
  end
end

-- What never changes of an item that has `copies`, so that one copy of it serves every time.
local CONSTANT <const> = {}
for name in ("id qty variant_id product_id list list_pieces amount pieces offers tags categories tax_class taxable"):gmatch("%S+") do
  CONSTANT[name] = true
end

local function mark_constant(tree)
  tree.is_constant = true
  for _, node in ipairs(tree) do
    if not CONSTANT[node.name] then tree.is_constant = false end
    if node.inside then mark_constant(node.inside) end
  end
end

local function tree_of(paths)
  local tree = trees[paths]
  if not tree then
    tree = {}
    for _, path in ipairs(paths) do add_path(tree, path) end
    mark_constant(tree)
    trees[paths] = tree
  end
  return tree
end

-- Leaves are copied, so a handler that runs in our own state cannot reach back into the draft. Tables
-- inside a leaf are dropped: their fields must be declared.
local function copy_flat(value)
  local copy = {}
  for name, inner in next, value do
    if type(inner) ~= "table" then copy[name] = inner end
  end
  return copy
end

local copy_tree

-- A handler gets a copy of what is copied here, in a state of its own, so what is kept stays as it is.
local function copy_constant(tree, item, copies)
  local copy = copy_tree(tree, item)
  copies[tree] = copy
  return copy
end

local function copy_list(tree, list)
  local copy, is_constant = {}, tree.is_constant
  for i = 1, #list do
    local item = list[i]
    local copies = is_constant and item.copies
    if copies then
      copy[i] = copies[tree] or copy_constant(tree, item, copies)
    else
      copy[i] = copy_tree(tree, item)
    end
  end
  return copy
end

function copy_tree(tree, source)
  local copy = {}
  for i = 1, #tree do
    local node = tree[i]
    local name = node.name
    local value = source[name]
    if type(value) ~= "table" then
      copy[name] = value
    elseif not node.inside then
      copy[name] = copy_flat(value)
    elseif node.is_list then
      copy[name] = copy_list(node.inside, value)
    else
      copy[name] = copy_tree(node.inside, value)
    end
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
