--- render, include, section and sections.
local expression = require("kernel.template.expression")

local tags = {}

--- 'name' (or a variable), with or for a value, as another name, and keyword arguments.
local function parse_partial(node, markup)
  local reader = expression.reader(markup)
  node.partial = reader:expression()
  local word = reader:accept_word("for") or reader:accept_word("with")
  if word then
    node.value = reader:expression()
    node.is_loop = word == "for"
  end
  if reader:accept_word("as") then node.alias = reader:take("id") end
  node.named = reader:named()
  reader:finish()
end

--- The code of the name that the value is bound to.
local function bound_name(gen, node)
  if node.alias then return gen:quoted(node.alias) end
  if node.partial.t == "literal" then
    return gen:quoted(tostring(node.partial.value):match("[^/]*$"))
  end
  return ("(%s(%s) or '')"):format(gen:runtime("base_name"), gen:expr(node.partial))
end

-- -------------------------------------------------------------------------------------- render

--- A parameter that is nil must hide a global of the same name.
local function emit_shadows(gen, node, vars)
  for _, pair in ipairs(node.named) do
    if pair[2].t ~= "literal" or pair[2].value == nil then
      gen:emit(("if %s(%s,%q)==nil then %s(S,%s,%q) end"):format(
        gen:runtime("rawget"), vars, pair[1], gen:runtime("shadow"), vars, pair[1]))
    end
  end
end

--- A snippet that the environment keeps: it is asked first, with the arguments in their order, and told
--- afterwards what had to be rendered.
local function emit_kept(gen, node)
  local id, names, codes, vars = gen:unique(), {}, {}, {}
  for i, pair in ipairs(node.named) do
    names[i], codes[i] = ("a%d_%d"):format(id, i), gen:expr(pair[2])
    vars[i] = ("[%q]=%s"):format(pair[1], names[i])
  end
  local list = #names > 0 and "," .. table.concat(names, ",") or ""
  gen:emit("do", node.line)
  if #names > 0 then gen:emit(("local %s=%s"):format(table.concat(names, ","), table.concat(codes, ","))) end
  gen:emit(("if not S.env.reuse(B,S,%s%s) then local v%d=%s(S,{%s})"):format(
    gen:expr(node.partial), list, id, gen:runtime("scope"), table.concat(vars, ",")))
  emit_shadows(gen, node, "v" .. id)
  gen:emit(("%s(B,S,%s(S,'snippet',%s),v%d%s) end end"):format(
    gen:runtime("render_kept"), gen:runtime("partial"), gen:expr(node.partial), id, list))
end

local function emit_render(gen, node)
  local snippet = gen:inline_of(node)
  if snippet then
    gen:emit_inline(node, snippet)
    return
  elseif gen:is_kept(node) then
    emit_kept(gen, node)
    return
  end
  local id = gen:unique()
  local names = ("p%d,v%d,x%d"):format(id, id, id)
  local values = ("%s(S,'snippet',%s),%s(S,%s),%s"):format(
    gen:runtime("partial"), gen:expr(node.partial), gen:runtime("scope"),
    gen:named_table(node.named), node.value and gen:expr(node.value) or "nil")
  gen:emit("do", node.line)
  gen:with_values(node.line, names, values, function()
    emit_shadows(gen, node, "v" .. id)
    if node.is_loop then
      gen:emit(("%s(B,S,p%d,v%d,%s,x%d)"):format(
        gen:runtime("render_each"), id, id, bound_name(gen, node), id))
    else
      if node.value then gen:emit(("v%d[%s]=x%d"):format(id, bound_name(gen, node), id)) end
      gen:emit(("%s(B,S,p%d,v%d)"):format(gen:runtime("render"), id, id))
    end
  end)
  gen:emit("end")
end

tags.render = {
  parse = function(_, node, markup) parse_partial(node, markup) end,
  emit = emit_render,
}

-- ------------------------------------------------------------------------------------- include

--- Arguments are set one after the other: a later one sees the earlier.
local function emit_include(gen, node)
  local id = gen:unique()
  gen:emit("do", node.line)
  local find = ("%s(S,'snippet',%s)"):format(gen:runtime("include_partial"), gen:expr(node.partial))
  gen:with_values(node.line, "p" .. id, find, function()
    gen:emit(("local s%d={}"):format(id))
    for _, pair in ipairs(node.named) do
      gen:guarded(node.line, function()
        gen:emit(("%s(S,V,s%d,%q,%s)"):format(
          gen:runtime("bind"), id, pair[1], gen:expr(pair[2])))
      end)
    end
    local name = bound_name(gen, node)
    local value = node.value and gen:expr(node.value) or ("V[%s]"):format(name)
    gen:emit(("local r%d=%s(B,S,V,p%d,s%d,%s,%s,%s)"):format(
      id, gen:runtime("include"), id, id, name, value, tostring(node.is_loop or false)))
    gen:follow("r" .. id)
  end)
  gen:emit("end")
end

tags.include = {
  parse = function(self, node, markup)
    self.includes = true
    parse_partial(node, markup)
  end,
  emit = emit_include,
}

-- ------------------------------------------------------------------------ section and sections

local function parse_name(_, node, markup)
  local reader = expression.reader(markup)
  node.partial = reader:expression()
  reader:finish()
end

--- The environment says what a section is: it knows settings and blocks.
local function emit_section(gen, node)
  gen:emit("", node.line)
  gen:guarded(node.line, function()
    gen:emit(("%s(B,S,%q,%s)"):format(gen:runtime("section"), node.name, gen:expr(node.partial)))
  end)
end

tags.section = { parse = parse_name, emit = emit_section }
tags.sections = { parse = parse_name, emit = emit_section }

return tags
