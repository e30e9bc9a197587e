--- Snippets written into the template that renders them, instead of called. A rendered snippet sees
--- its arguments and the globals and nothing else, so its variables become Lua locals, arguments that
--- are literals are worked out while compiling, and its text joins the text around it. Only the forms
--- without guards do this: their output is the same, and who fails is run again in the careful form.
---
--- These functions are methods of the generator. `region` is the snippet being written: its arguments
--- and variables are in `scope` like those of loops, what is known of them in `region.literals`.
local values = require("kernel.template.values")

local inline = {}

local MAX_NESTED <const> = 6 -- snippets in snippets
local MAX_NODES <const> = 4000 -- written into one template
local MAX_LOCALS <const> = 60 -- of snippets around one place; Lua has 200, loops need some
local MAX_BLOCKS <const> = 14 -- as deep as bodies stay in one function

local NIL <const> = { t = "literal" }

-- Tags that need no scope: everything else of them is found in their nodes and values.
local PLAIN <const> = {}
for name in ("if unless case for assign capture echo liquid render raw comment doc # schema break continue"):gmatch("%S+") do
  PLAIN[name] = true
end

-- ------------------------------------------------------------------------------ what can be inlined

-- Calls visit(nodes) for each list of nodes in `node`.
local function each_body(node, visit)
  if node.nodes then visit(node.nodes) end
  if node.otherwise then visit(node.otherwise) end
  for _, branch in ipairs(node.branches or {}) do visit(branch.nodes) end
end

local function uses_self(node)
  if type(node) ~= "table" then return false end
  if node.t == "name" and node.name == "self" then return true end
  for _, part in pairs(node) do
    if type(part) == "table" and part ~= node.def and uses_self(part) then return true end
  end
  return false
end

-- Goes through the nodes of a snippet: how many they are, how deep they nest, what they assign.
local function survey(found, nodes, depth, in_loop)
  found.depth = math.max(found.depth, depth)
  for _, node in ipairs(nodes) do
    found.count = found.count + 1
    if node.t == "tag" then
      local name = node.name
      local leaves = (name == "break" or name == "continue") and not in_loop
      local continues = node.offset and node.offset.t == "continue"
      if not PLAIN[name] or leaves or continues then found.fits = false end
      if name == "assign" or name == "capture" then
        found.assigned[node.variable] = (found.assigned[node.variable] or 0) + 1
      end
      each_body(node, function(inner) survey(found, inner, depth + 1, in_loop or name == "for") end)
    end
  end
end

---@class merx.InlineSnippet
---@field name string
---@field nodes table[]
---@field fits boolean
---@field count integer nodes
---@field depth integer how deep they nest
---@field assigned table<string, integer> how often each variable is assigned

--- What there is to know of a snippet before it is written into others.
---@param name string
---@param nodes table[]
---@return merx.InlineSnippet
function inline.survey(name, nodes)
  local found = { name = name, nodes = nodes, fits = true, count = 0, depth = 1, assigned = {} }
  survey(found, nodes, 1, false)
  found.fits = found.fits and not uses_self(nodes)
  return found
end

-- The name under which {% render name with value %} gives the value.
local function value_name(node)
  return node.alias or tostring(node.partial.value):match("[^/]*$")
end

--- Whether the environment is asked for what a render tag prints.
---@param node table
---@return boolean
function inline.is_kept(self, node)
  return not self.is_careful and self.keeps ~= nil and not node.is_loop and node.value == nil
    and node.partial.t == "literal" and type(node.partial.value) == "string" and self.keeps(node.partial.value)
end

--- The snippet that a render tag can be replaced by, or nil when it has to be called.
---@param node table
---@return merx.InlineSnippet?
function inline.inline_of(self, node)
  if self.is_careful or self.is_dynamic or not self.find_snippet or node.is_loop then return nil end
  if node.partial.t ~= "literal" or type(node.partial.value) ~= "string" then return nil end
  local snippet = self.find_snippet(node.partial.value)
  if not snippet or not snippet.fits or #self.regions >= MAX_NESTED then return nil end
  for _, region in ipairs(self.regions) do
    if region.name == snippet.name then return nil end
  end
  local is_small = self.shared.inlined + snippet.count <= MAX_NODES and self.region_locals <= MAX_LOCALS
    and self.blocks + snippet.depth <= MAX_BLOCKS
  return is_small and snippet or nil
end

-- ------------------------------------------------------------------------------------ literals

local fold

local function fold_name(self, node)
  if self.scope[node.name] or node.name == "forloop" or not self.region then return nil end
  local known = self.region.literals[node.name]
  if known then return known end
  return self.knows_global and not self.knows_global(node.name) and NIL or nil
end

local function fold_default(self, node)
  if node.name ~= "default" or #node.named > 0 or #node.args ~= 1 then return nil end
  local value, other = fold(self, node.of), fold(self, node.args[1])
  if not value then return nil end
  if not value.value or value.value == "" then return other end
  return value
end

local function fold_equality(self, node)
  if node.op ~= "==" and node.op ~= "!=" and node.op ~= "<>" then return nil end
  local a, b = node.a, node.b
  if a.t == "blank" or a.t == "empty" then
    a, b = b, a
  end
  local left = fold(self, a)
  if not left then return nil end
  local equal
  if b.t == "blank" then
    equal = values.is_blank(left.value)
  elseif b.t == "empty" then
    equal = values.is_empty(left.value)
  else
    local right = fold(self, b)
    if not right then return nil end
    equal = values.equal(left.value, right.value)
  end
  return { t = "literal", value = equal == (node.op == "==") }
end

--- The literal that an expression is in this place, when that is known already.
---@param node merx.TemplateExpression
---@return merx.TemplateExpression? literal
function fold(self, node)
  if node.t == "literal" then return node end
  if not self.region then return nil end
  if node.t == "name" then return fold_name(self, node) end
  if node.t == "filter" then return fold_default(self, node) end
  if node.t == "compare" then return fold_equality(self, node) end
  if node.t == "both" or node.t == "either" then
    local a = fold(self, node.a)
    if not a then return nil end
    if (node.t == "both") == (not a.value) then return a end
    return fold(self, node.b)
  end
  return nil
end
inline.fold = fold

-- ------------------------------------------------------------------------------------- regions

-- The arguments as { name, node }; the last of a name counts.
local function arguments_of(node)
  local arguments, by_name = {}, {}
  local function add(name, value)
    if by_name[name] then
      by_name[name][2] = value
    else
      by_name[name] = { name, value }
      arguments[#arguments + 1] = by_name[name]
    end
  end
  for _, pair in ipairs(node.named) do add(pair[1], pair[2]) end
  if node.value then add(value_name(node), node.value) end
  return arguments
end

-- Writes locals for arguments that are no literals and for what the snippet assigns.
local function open_region(self, snippet, arguments)
  local region = { name = snippet.name, literals = {}, assigned = {}, counts = snippet.assigned, nodes = snippet.nodes }
  local scope, names, codes, given = {}, {}, {}, {}
  local function add(name, code)
    local known = ("u%d"):format(self:unique())
    names[#names + 1], codes[#codes + 1] = known, code
    scope[name] = known
    if snippet.assigned[name] then region.assigned[name] = known end
  end
  for _, argument in ipairs(arguments) do
    local name, node = argument[1], argument[2]
    local literal = self:fold(node)
    given[name] = true
    local code = self:expr(literal or node)
    if literal and not snippet.assigned[name] then
      region.literals[name] = literal
    elseif not snippet.assigned[name] and code:find("^[%a_][%w_]*$") then
      scope[name] = code -- a local that nobody changes meanwhile
    else
      add(name, code)
    end
  end
  for name in pairs(snippet.assigned) do
    if not given[name] then
      local exists = not self.knows_global or self.knows_global(name)
      add(name, exists and self:global(name) or "nil")
    end
  end
  if #names > 0 then self:emit(("local %s=%s"):format(table.concat(names, ","), table.concat(codes, ","))) end
  return region, scope, #names
end

--- Writes a snippet in the place of the tag that renders it.
---@param node table
---@param snippet merx.InlineSnippet
function inline.emit_inline(self, node, snippet)
  local arguments = arguments_of(node)
  self.shared.inlined = self.shared.inlined + snippet.count
  self:emit("do", node.line)
  local region, scope, count = open_region(self, snippet, arguments)
  local outer_scope, outer_region, outer_loops = self.scope, self.region, self.loops
  self.scope, self.region, self.loops = scope, region, {}
  self.regions[#self.regions + 1] = region
  self.region_locals = self.region_locals + count
  self:body(snippet.nodes)
  self.region_locals = self.region_locals - count
  self.regions[#self.regions] = nil
  self.scope, self.region, self.loops = outer_scope, outer_region, outer_loops
  self:emit("end")
end

local function is_direct(region, node)
  for _, child in ipairs(region.nodes) do
    if child == node then return true end
  end
  return false
end

--- Writes an assignment to a variable of the snippet being written. False when there is none: the
--- variable is the scope's.
---@param node table
---@param code fun(): string
---@param made boolean whether the value may be new text, which counts against the limit
---@return boolean
function inline.assign_local(self, node, code, made)
  local region = self.region
  local known = region and region.assigned[node.variable]
  if not known then return false end
  local literal = node.value and self:fold(node.value)
  if literal and region.counts[node.variable] == 1 and is_direct(region, node) then
    region.literals[node.variable], self.scope[node.variable] = literal, nil
  elseif made then
    self:emit(("%s=%s(S,%s)"):format(known, self:runtime("keep"), code()), node.line)
  else
    self:emit(("%s=%s"):format(known, code()), node.line)
  end
  return true
end

return inline
