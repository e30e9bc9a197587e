--- Tags that the program defines: form, paginate, slot, style … They get their arguments as values
--- and, when they have a body, a function that renders it.
local expression = require("kernel.template.expression")

local program = {}

---@alias merx.TagBody fun(vars?: table) renders the body, with `vars` added to what it sees
---@alias merx.TagPlace { name: string?, line: integer }

---@class merx.TagOptions
---@field body? "nodes"|"text" what stands before its end tag: nodes to render, or text as it is
---@field is_blank? boolean prints nothing
---@field parse? fun(reader: merx.ExpressionReader, node: table) leaves node.args and node.named
---@field render merx.TagRender

--- `args` has its length as `n`; `body` is a string when the body is text.
---@alias merx.TagRender fun(state, buf, args: table, named: table, body?: merx.TagBody|string, place: merx.TagPlace)

local function parser_of(options)
  return function(self, node, markup)
    local reader = expression.reader(markup)
    if options.parse then
      options.parse(reader, node)
      node.args, node.named = node.args or {}, node.named or {}
    else
      node.args, node.named = reader:arguments()
    end
    reader:finish()
    if options.body == "nodes" then
      node.nodes = self:body(node, { ["end" .. node.name] = true })
    elseif options.body == "text" then
      node.text = self:raw_body(node)
    end
  end
end

--- Writes the body as a local function `y`; a jump out of it is followed when the tag has ended.
local function emit_body(gen, node, id)
  gen:emit(("local function y%d(vars) j%d=%s(S,V,vars,function()"):format(
    id, id, gen:runtime("with_vars")))
  gen:within({ is_function = true }, function()
    gen:body(node.nodes)
  end)
  gen:emit(("end) or j%d end"):format(id))
end

local function emitter_of(options)
  return function(gen, node)
    local id, args = gen:unique(), {}
    for i, arg in ipairs(node.args) do
      args[i] = gen:expr(arg)
    end
    local names = ("a%d,o%d"):format(id, id)
    local values = ("{n=%d,%s},%s"):format(#args, table.concat(args, ","), gen:named_table(node.named))
    gen:emit(("do local j%d"):format(id), node.line)
    gen:with_values(node.line, names, values, function()
      local body = "nil"
      if node.nodes then
        emit_body(gen, node, id)
        body = "y" .. id
      elseif node.text then
        body = gen:constant(node.text)
      end
      local place = gen:constant({ name = gen.name, line = node.line })
      gen:guarded(node.line, function()
        gen:emit(("%s(S,B,a%d,o%d,%s,%s)"):format(
          gen:constant(options.render), id, id, body, place))
      end)
    end)
    if node.nodes then gen:follow("j" .. id) end
    gen:emit("end")
  end
end

--- The tag that `options` describe.
---@param options merx.TagOptions
---@return merx.TemplateTag
function program.tag(options)
  assert(type(options.render) == "function", "a tag needs a render function")
  return { parse = parser_of(options), emit = emitter_of(options), blank = options.is_blank }
end

return program
