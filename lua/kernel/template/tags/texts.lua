--- Tags about source text: raw, comment, doc, inline comments, liquid, schema.
local failure = require("kernel.template.failure")

local tags = {}

local function print_nothing() end

local function parse_bare(node, markup)
  if markup:find("%S") then
    failure.syntax(("Syntax Error in '%s' - Valid syntax: %s"):format(node.name, node.name))
  end
end

tags.raw = {
  parse = function(self, node, markup)
    parse_bare(node, markup)
    node.text = self:raw_body(node)
    node.blank = node.text == ""
  end,
  emit = function(gen, node) gen:text(node.text) end,
}

tags.doc = {
  blank = true,
  parse = function(self, node, markup)
    parse_bare(node, markup)
    if self:raw_body(node):find("{%%%-?%s*doc%s*%-?%%}") then
      failure.syntax("Syntax Error in 'doc' - Nested doc tags are not allowed")
    end
  end,
  emit = print_nothing,
}

--- Skips the lines of a comment inside a liquid tag.
local function skip_lines(self)
  local depth, token = 1, self:next()
  while token do
    if token.name == "comment" then depth = depth + 1 end
    if token.name == "endcomment" then depth = depth - 1 end
    if depth == 0 then return true end
    token = self:next()
  end
  return false
end

tags.comment = {
  blank = true,
  parse = function(self, node)
    local found
    if self.lines then
      found = skip_lines(self)
    else
      found = self.lexer:skip_comment()
    end
    if not found then
      failure.syntax("'comment' tag was never closed", node.line, node.column)
    end
  end,
  emit = print_nothing,
}

tags["#"] = {
  blank = true,
  parse = function(_, _, markup)
    for line in markup:gmatch("\n%s*([^\n]*)") do
      if line ~= "" and line:sub(1, 1) ~= "#" then
        failure.syntax("Syntax error in tag '#' - "
          .. "Each line of comments must be prefixed by the '#' character")
      end
    end
  end,
  emit = print_nothing,
}

tags.liquid = {
  parse = function(self, node, _, token)
    node.nodes = self:liquid(token)
    node.blank = node.nodes.blank
  end,
  emit = function(gen, node) gen:nodes(node.nodes) end,
}

tags.schema = {
  blank = true,
  parse = function(self, node)
    if self.schema then failure.syntax("A section has one 'schema' tag") end
    self.schema = self:raw_body(node)
  end,
  emit = print_nothing,
}

return tags
