--- Renders templates in tests.
local buffers = require("native.buf")

local template = require("kernel.template")

--- Compiles and renders `source`. `options`: globals, registers, files (snippets by name), and what
--- template.environment takes.
---@param source string
---@param globals? table
---@param options? table
---@return string? output nil when rendering was given up
---@return table errors of nodes, or the one failure
return function(source, globals, options)
  options = options or {}
  local files = options.files or {}
  local env = template.environment({
    loader = options.loader or function(_, name) return files[name] end,
    autoescape = options.autoescape,
    is_dev = options.is_dev,
    limits = options.limits,
    section = options.section,
  })
  local page, problem = env:compile(source, options.name or "page")
  if not page then return nil, problem end
  local buf = buffers.new()
  local errors, fatal = page:render(buf, {
    globals = globals,
    registers = options.registers,
    vars = options.vars,
    now = options.now,
  })
  return errors and buf:string(), errors or fatal
end
