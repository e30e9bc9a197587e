--- for, tablerow, break, continue and cycle.
local expression = require("kernel.template.expression")
local failure = require("kernel.template.failure")
local parser = require("kernel.template.parser")

local tags = {}

-- ----------------------------------------------------------------------------------------- for

local function parse_header(reader, node)
  node.variable = reader:take("id")
  if not reader:accept_word("in") then reader:refuse("For loops require an 'in' clause") end
  node.list = reader:expression()
  node.loop_name = node.variable .. "-" .. expression.text(node.list)
end

--- The value of limit or offset; `offset: continue` starts where the loop of that name stopped.
local function parse_bound(reader, key)
  if key == "offset" and reader:accept_word("continue") then return { t = "continue" } end
  return reader:expression()
end

local function parse_for(self, node, markup)
  local reader = expression.reader(markup)
  parse_header(reader, node)
  node.reversed = reader:accept_word("reversed") ~= nil
  while reader:look("comma") or reader:look("id") do
    reader:accept("comma")
    local key = reader:accept_word("limit") or reader:accept_word("offset")
    if not key then
      reader:refuse("Invalid attribute in for loop. Valid attributes are limit and offset")
    end
    reader:take("colon")
    node[key] = parse_bound(reader, key)
  end
  reader:finish()
  if node.offset and node.offset.t == "continue" then self.continues = true end

  local nodes, stop = self:body(node, { ["else"] = true, endfor = true })
  node.nodes, node.blank = nodes, nodes.blank
  if stop.name == "else" then
    node.otherwise = self:body(node, { endfor = true })
    node.blank = node.blank and node.otherwise.blank
  end
  if node.blank then
    node.nodes = parser.drop_blanks(node.nodes)
    node.otherwise = node.otherwise and parser.drop_blanks(node.otherwise)
  end
end

local function bound_code(gen, bound)
  if not bound then return "nil" end
  if bound.t == "continue" then return gen:runtime("WHERE_STOPPED") end
  return gen:expr(bound)
end

--- The locals of a loop, and how its array is prepared: names and the call that gives them.
local function loop_head(gen, node, loop)
  local id = loop.id
  local cost = gen:cost(node.nodes)
  if node.list.t == "range" and not (node.offset or node.limit or gen.keeps_offsets) then
    loop.is_range = true
    return ("a%d,z%d,n%d"):format(id, id, id),
      ("%s(S,%s,%s,%d)"):format(
        gen:runtime("range_loop"), gen:expr(node.list.from), gen:expr(node.list.to), cost)
  end
  local name = gen.keeps_offsets and gen:quoted(node.loop_name) or "nil"
  return ("t%d,a%d,z%d,n%d"):format(id, id, id, id),
    ("%s(S,V,%s,%d,%s,%s,%s)"):format(
      gen:runtime("loop"), gen:expr(node.list), cost,
      bound_code(gen, node.offset), bound_code(gen, node.limit), name)
end

local function new_loop(gen, node)
  local id = gen:unique()
  return {
    id = id,
    variable = node.variable,
    item = "i" .. id,
    at = "p" .. id,
    size = "n" .. id,
    drop = "l" .. id,
    name = node.loop_name,
  }
end

--- The statements before the loop that its body turned out to need.
local function prepare_code(gen, node, loop, parent)
  local code = ""
  if loop.needs_drop then
    local outer = parent and parent.drop or "V.forloop"
    code = ("local %s=%s(%s,%s,%s)"):format(
      loop.drop, gen:runtime("forloop"), loop.size, outer, gen:quoted(loop.name))
  end
  if gen.is_dynamic then
    code = code .. (" local o%d,f%d=%s,V.forloop V.forloop=%s"):format(
      loop.id, loop.id, gen:field("V", node.variable), loop.drop)
  end
  return code
end

--- The statements that begin each round.
local function round_code(gen, node, loop)
  local id, at = loop.id, loop.at
  local code = loop.is_range and ("local %s=k%d"):format(loop.item, id)
    or ("local %s=t%d[k%d]"):format(loop.item, id, id)
  if loop.needs_at or loop.needs_drop then
    local position = node.reversed and ("z%d-k%d+1"):format(id, id) or ("k%d-a%d+1"):format(id, id)
    code = code .. (" local %s=%s"):format(at, position)
  end
  if loop.needs_drop then code = code .. (" %s.at=%s"):format(loop.drop, at) end
  if gen.is_dynamic then
    code = code .. (" %s=%s"):format(gen:field("V", node.variable), loop.item)
  end
  return code
end

local function emit_rounds(gen, node, loop)
  local id = loop.id
  local parent = gen:plain_loop(0)
  local before = gen:slot()
  local bounds = node.reversed and ("z%d,a%d,-1"):format(id, id) or ("a%d,z%d"):format(id, id)
  gen:emit(("for k%d=%s do"):format(id, bounds))
  local round = gen:slot()
  gen:emit("do")
  gen:enter_loop(loop)
  loop.needs_drop = gen.is_dynamic
  gen:body(node.nodes)
  gen:leave_loop()
  gen:emit(("end ::c%d:: end ::b%d::"):format(id, id))
  if loop.needs_drop and parent then parent.needs_drop = true end
  gen:fill(before, prepare_code(gen, node, loop, parent))
  gen:fill(round, round_code(gen, node, loop))
  if gen.is_dynamic then
    gen:emit(("%s,V.forloop=o%d,f%d"):format(gen:field("V", node.variable), id, id))
  end
end

local function emit_for(gen, node)
  local loop = new_loop(gen, node)
  gen:emit("do", node.line)
  local names, call = loop_head(gen, node, loop)
  gen:with_values(node.line, names, call, function()
    if node.otherwise then
      gen:emit(("if n%d==0 then"):format(loop.id))
      gen:body(node.otherwise)
      gen:emit("else")
    else
      gen:emit("do")
    end
    emit_rounds(gen, node, loop)
    gen:emit("end")
  end)
  gen:emit("end")
end

tags["for"] = { parse = parse_for, emit = emit_for }

-- ------------------------------------------------------------------------------------ tablerow

local TABLEROW_KEYS <const> = { cols = true, limit = true, offset = true, range = true }

local function parse_tablerow(self, node, markup)
  local reader = expression.reader(markup)
  parse_header(reader, node)
  reader:accept("comma")
  while reader:look("id") do
    local key = reader:take("id")
    if not TABLEROW_KEYS[key] then
      reader:refuse(("Invalid attribute '%s' in tablerow loop. "
        .. "Valid attributes are cols, limit, offset, and range"):format(key))
    end
    reader:take("colon")
    node[key] = reader:expression()
    reader:accept("comma")
  end
  reader:finish()
  node.nodes = self:body(node, { endtablerow = true })
  node.blank = false
end

--- A tablerow is a loop in Lua's for; the object `tablerowloop` knows rows and cells. A break ends
--- its cell first, so it jumps like out of a capture.
local function emit_tablerow(gen, node)
  local loop = new_loop(gen, node)
  local id = loop.id
  loop.is_table, loop.is_capture = true, true
  gen:emit("do", node.line)
  local call = ("%s(S,V,%s,%d,%s,%s,%s,%s,%s)"):format(
    gen:runtime("tablerow"), gen:expr(node.list), gen:cost(node.nodes),
    bound_code(gen, node.offset), bound_code(gen, node.limit),
    node.cols and gen:expr(node.cols) or "nil", tostring(node.limit ~= nil),
    tostring(node.cols ~= nil))
  gen:with_values(node.line, ("t%d,a%d,z%d,n%d,l%d"):format(id, id, id, id, id), call, function()
    gen:emit(("if t%d then"):format(id))
    gen:text('<tr class="row1">\n')
    gen:emit(("for k%d=a%d,z%d do local i%d,p%d,j%d=t%d[k%d],k%d-a%d+1 l%d.at=p%d"):format(
      id, id, id, id, id, id, id, id, id, id, id, id))
    gen:emit(("%s(B,l%d) do"):format(gen:runtime("open_cell"), id))
    gen:enter_loop(loop)
    loop.hidden.tablerowloop = gen.scope.tablerowloop or false
    gen.scope.tablerowloop = loop.drop
    gen:body(node.nodes)
    gen:leave_loop()
    local close = gen:runtime("close_cell")
    gen:emit(("end ::x%d:: if %s(B,l%d,j%d) then break end end"):format(id, close, id, id))
    gen:text("</tr>\n")
    gen:emit("end")
  end)
  gen:emit("end")
end

tags.tablerow = { parse = parse_tablerow, emit = emit_tablerow }

-- -------------------------------------------------------------------------- break and continue

local function parse_nothing(_, _, markup)
  expression.reader(markup):finish()
end

tags["break"] = {
  parse = parse_nothing,
  emit = function(gen, node) gen:jump("BREAK", node.line) end,
}
tags["continue"] = {
  parse = parse_nothing,
  emit = function(gen, node) gen:jump("CONTINUE", node.line) end,
}

-- --------------------------------------------------------------------------------------- cycle

local function parse_cycle(_, node, markup)
  local reader = expression.reader(markup)
  if reader:look("end_of_string") then
    failure.syntax("Syntax Error in 'cycle' - Valid syntax: cycle [name :] var [, var2, var3 ...]")
  end
  node.values = {}
  local first = reader:expression()
  if reader:accept("colon") then
    node.group = first
    first = reader:expression()
  end
  node.values[1] = first
  while reader:accept("comma") and not reader:look("end_of_string") do
    node.values[#node.values + 1] = reader:expression()
  end
  reader:finish()
end

--- Cycles of the same literals share their position; one with a variable in it is alone.
local function cycle_key(gen, node)
  if node.group then return gen:expr(node.group) end
  local texts = {}
  for i, value in ipairs(node.values) do
    texts[i] = expression.text(value)
    if value.t ~= "literal" then return gen:quoted("\0" .. gen:unique()) end
  end
  return gen:quoted("\0" .. table.concat(texts, "\0"))
end

local function emit_cycle(gen, node)
  local choices = {}
  for i, value in ipairs(node.values) do
    choices[i] = gen:expr(value)
  end
  gen:emit("", node.line)
  gen:guarded(node.line, function()
    local call = ("%s(S,V,%s,%d)"):format(gen:runtime("cycle"), cycle_key(gen, node), #choices)
    local pick = ("({%s})[%s]"):format(table.concat(choices, ","), call)
    gen:value(pick, gen.autoescape and "e" or "r", node.line)
    gen:flush()
  end)
end

tags.cycle = { parse = parse_cycle, emit = emit_cycle }

return tags
