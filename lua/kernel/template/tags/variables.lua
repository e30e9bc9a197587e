--- assign, capture, increment, decrement and echo.
local expression = require("kernel.template.expression")
local failure = require("kernel.template.failure")

local tags = {}

-- -------------------------------------------------------------------------------------- assign

local function parse_assign(_, node, markup)
  local name, source = markup:match("([%w_%-%.%[%]]+)%s*=%s*(.*)$")
  if not name then
    failure.syntax("Syntax Error in 'assign' - Valid syntax: assign [var] = [source]")
  end
  expression.reader(name):take("id")
  node.variable = name
  node.value = expression.reader(source):filtered() or { t = "literal" }
end

-- Whether the value may be new text, which counts against the limit.
local function is_made(gen, value)
  if value.t ~= "filter" then return false end
  local def = gen.known_filters[value.name]
  return not def or not def.is_short or #value.named > 0
end

--- What a filter made counts against the limit of kept text; what exists already does not.
local function emit_assign(gen, node)
  local value, name = node.value, node.variable
  if gen:assign_local(node, function() return gen:expr(value) end, is_made(gen, value)) then return end
  gen:emit("", node.line)
  gen:guarded(node.line, function()
    if value.t == "literal" and value.value ~= nil then
      gen:emit(("%s=%s"):format(gen:field("V", name), gen:expr(value)), node.line)
      return
    end
    local code = gen:expr(value)
    gen:emit(("%s(S,V,%q,%s)"):format(gen:runtime("assign"), name, code), node.line)
  end)
end

tags.assign = { parse = parse_assign, emit = emit_assign, blank = true }

-- ------------------------------------------------------------------------------------- capture

local function parse_capture(self, node, markup)
  local reader = expression.reader(markup)
  node.variable = reader:accept("string") or reader:take("id")
  reader:finish()
  node.nodes = self:body(node, { endcapture = true })
end

--- Captured output is HTML: its text was escaped when it was printed.
local function emit_capture(gen, node)
  local id = gen:unique()
  gen:emit(("do local m%d,j%d=%s(B)"):format(id, id, gen:runtime("mark")), node.line)
  gen:within({ is_capture = true, id = id }, function()
    gen:emit("do")
    gen:body(node.nodes)
    gen:emit("end")
  end)
  gen:emit(("::x%d::"):format(id))
  gen:guarded(node.line, function()
    local cut = ("%s(B,m%d)"):format(gen:runtime("cut"), id)
    if gen.autoescape then cut = ("%s(%s)"):format(gen:runtime("html"), cut) end
    if gen:assign_local({ variable = node.variable }, function() return cut end, true) then return end
    gen:emit(("%s(S,V,%q,%s)"):format(gen:runtime("assign"), node.variable, cut))
  end)
  gen:follow("j" .. id)
  gen:emit("end")
end

tags.capture = { parse = parse_capture, emit = emit_capture, blank = true }

-- ----------------------------------------------------------------------------------- ifchanged

tags.ifchanged = {
  parse = function(self, node)
    node.nodes = self:body(node, { endifchanged = true })
  end,
  emit = function(gen, node)
    local id = gen:unique()
    gen:emit(("do local m%d,j%d=%s(B)"):format(id, id, gen:runtime("mark")), node.line)
    gen:within({ is_capture = true, id = id }, function()
      gen:emit("do")
      gen:body(node.nodes)
      gen:emit("end")
    end)
    gen:emit(("::x%d:: %s(S,V,B,m%d)"):format(id, gen:runtime("if_changed"), id))
    gen:follow("j" .. id)
    gen:emit("end")
  end,
}

-- ---------------------------------------------------------------------- increment and decrement

local function parse_counter(_, node, markup)
  local reader = expression.reader(markup)
  node.variable = reader:take("id")
  reader:finish()
end

local function emit_counter(gen, node)
  gen:emit("", node.line)
  gen:value(("%s(S,V,%q)"):format(gen:runtime(node.name), node.variable), "r", node.line)
  gen:flush()
end

tags.increment = { parse = parse_counter, emit = emit_counter }
tags.decrement = { parse = parse_counter, emit = emit_counter }

-- ---------------------------------------------------------------------------------------- echo

tags.echo = {
  parse = function(_, node, markup)
    node.value = expression.reader(markup):filtered()
  end,
  emit = function(gen, node)
    gen:nodes({ { t = "output", value = node.value, line = node.line } })
  end,
}

return tags
