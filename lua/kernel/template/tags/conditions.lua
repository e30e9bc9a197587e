--- if, unless and case.
local expression = require("kernel.template.expression")
local parser = require("kernel.template.parser")
local values = require("kernel.template.values")

local tags = {}

-- ------------------------------------------------------------------------------- if and unless

--- Reads the branches of if and unless: { condition?, nodes } each, else last.
local function parse_branches(self, node, markup)
  local stops = { ["elsif"] = true, ["else"] = true, ["end" .. node.name] = true }
  node.branches, node.blank = {}, true
  local branch = { condition = expression.reader(markup):condition(), line = node.line }
  while branch do
    local nodes, stop = self:body(node, stops)
    branch.nodes = nodes
    node.branches[#node.branches + 1] = branch
    node.blank = node.blank and nodes.blank
    branch = nil
    if stop.name == "elsif" then
      branch = { line = stop.line }
      branch.condition = self:placed(stop, function(_, text)
        return expression.reader(text):condition()
      end, stop.text)
    elseif stop.name == "else" then
      branch = { line = stop.line }
    end
  end
  if node.blank then
    for _, each in ipairs(node.branches) do
      each.nodes = parser.drop_blanks(each.nodes)
    end
  end
end

--- The condition of branch `i`; only the first of unless is the other way round.
local function condition_code(gen, node, i)
  local code = gen:expr(node.branches[i].condition)
  if i == 1 and node.name == "unless" then return "not " .. code end
  return code
end

--- Guarded, each condition needs statements before its `if`, so branches nest.
local function emit_careful(gen, node, i)
  local branch = node.branches[i]
  if not branch then return end
  if not branch.condition then
    gen:body(branch.nodes)
    return
  end
  local name = "q" .. gen:unique()
  gen:with_values(branch.line, name, condition_code(gen, node, i), function()
    gen:emit(("if %s then"):format(name))
    gen:body(branch.nodes)
    if node.branches[i + 1] then
      gen:emit("else")
      emit_careful(gen, node, i + 1)
    end
    gen:emit("end")
  end)
end

-- Whether branch `i` is taken when it is reached; nil when only the values can tell.
local function known_truth(gen, node, i)
  local condition = node.branches[i].condition
  if not condition then return true end
  local literal = gen:fold(condition)
  if not literal then return nil end
  return (not literal.value) == (i == 1 and node.name == "unless")
end

--- Branches that are known not to be taken are left out, and what stands behind one that is.
local function emit_quick(gen, node)
  local is_open = false
  for i, branch in ipairs(node.branches) do
    local truth = known_truth(gen, node, i)
    if truth and not is_open then
      gen:nodes(branch.nodes)
      return
    elseif truth then
      gen:emit("else", branch.line)
      gen:body(branch.nodes)
      break
    elseif truth == nil then
      gen:emit(("%s %s then"):format(is_open and "elseif" or "if", condition_code(gen, node, i)), branch.line)
      gen:body(branch.nodes)
      is_open = true
    end
  end
  if is_open then gen:emit("end") end
end

local function emit_branches(gen, node)
  if not gen.is_careful then return emit_quick(gen, node) end
  gen:emit("do", node.line)
  emit_careful(gen, node, 1)
  gen:emit("end")
end

tags["if"] = { parse = parse_branches, emit = emit_branches }
tags["unless"] = { parse = parse_branches, emit = emit_branches }

-- ---------------------------------------------------------------------------------------- case

local CASE_STOPS <const> = { when = true, ["else"] = true, endcase = true }

local function parse_when(_, text)
  local reader, wanted = expression.reader(text), {}
  repeat
    wanted[#wanted + 1] = reader:expression()
  until not (reader:accept_word("or") or reader:accept("comma"))
  reader:finish()
  return wanted
end

local function parse_case(self, node, markup)
  local reader = expression.reader(markup)
  node.value = reader:expression()
  reader:finish()
  node.branches, node.blank = {}, true
  local _, stop = self:body(node, CASE_STOPS) -- what stands before the first when is dropped
  while stop.name ~= "endcase" do
    local branch = { line = stop.line }
    if stop.name == "when" then branch.wanted = self:placed(stop, parse_when, stop.text) end
    branch.nodes, stop = self:body(node, CASE_STOPS)
    node.branches[#node.branches + 1] = branch
    node.blank = node.blank and branch.nodes.blank
  end
  if node.blank then
    for _, each in ipairs(node.branches) do
      each.nodes = parser.drop_blanks(each.nodes)
    end
  end
end

--- True when two of the values may be equal: then the body runs once for each that matches.
local function may_repeat(wanted)
  local seen = {}
  for _, value in ipairs(wanted) do
    if value.t ~= "literal" or seen[tostring(value.value)] then return true end
    seen[tostring(value.value)] = true
  end
  return false
end

--- Every matching `when` runs, else only when none did before it.
local function emit_when(gen, node, branch, value, hit)
  local tests = {}
  for i, wanted in ipairs(branch.wanted) do
    tests[i] = gen:equality({ t = "code", code = value }, wanted)
  end
  if #tests > 1 and may_repeat(branch.wanted) then
    for i, test in ipairs(tests) do
      tests[i] = ("(%s and 1 or 0)"):format(test)
    end
    local times = "w" .. gen:unique()
    gen:with_values(branch.line, times, table.concat(tests, "+"), function()
      gen:emit(("for _=1,%s do %s=true"):format(times, hit))
      gen:body(branch.nodes)
      gen:emit("end")
    end)
    return
  end
  local name = "w" .. gen:unique()
  gen:with_values(branch.line, name, table.concat(tests, " or "), function()
    gen:emit(("if %s then %s=true"):format(name, hit))
    gen:body(branch.nodes)
    gen:emit("end")
  end)
end

-- Which branches a known value takes; nil when that cannot be told.
local function known_branches(gen, node)
  local value = not gen.is_careful and gen:fold(node.value)
  if not value then return nil end
  local taken, is_hit = {}, false
  for _, branch in ipairs(node.branches) do
    if not branch.wanted then
      if not is_hit then taken[#taken + 1] = branch end
    else
      for _, wanted in ipairs(branch.wanted) do
        if wanted.t ~= "literal" then return nil end
        if values.equal(value.value, wanted.value) then
          taken[#taken + 1], is_hit = branch, true
        end
      end
    end
  end
  return taken
end

local function emit_case(gen, node)
  local taken = known_branches(gen, node)
  if taken then
    for _, branch in ipairs(taken) do gen:nodes(branch.nodes) end
    return
  end
  local id = gen:unique()
  local value, hit = "v" .. id, "h" .. id
  gen:emit("do", node.line)
  gen:with_values(node.line, value, gen:expr(node.value), function()
    gen:emit(("local %s=false"):format(hit))
    for _, branch in ipairs(node.branches) do
      gen:emit("do", branch.line)
      if branch.wanted then
        emit_when(gen, node, branch, value, hit)
      else
        gen:emit(("if not %s then"):format(hit))
        gen:body(branch.nodes)
        gen:emit("end")
      end
      gen:emit("end")
    end
  end)
  gen:emit("end")
end

tags.case = { parse = parse_case, emit = emit_case }

return tags
