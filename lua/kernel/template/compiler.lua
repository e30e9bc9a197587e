--- Writes a template's tree as Lua source. A straight-line stretch becomes one call of a segment;
--- loops and conditions become Lua's. Line n of the source is line n of the template, so Lua's own
--- messages name the right place.
---
--- Three forms exist of every template. The quick one inlines lookups and has no guards: a failure
--- anywhere abandons it. The careful one guards every node and is compiled and run only then. The
--- steady one, for templates that look things up on numbers, has no guards either but functions for
--- lookups.
local native = require("native.template")

local expressions = require("kernel.template.expressions")
local failure = require("kernel.template.failure")
local inline = require("kernel.template.inline")
local runtime = require("kernel.template.runtime")

local compiler = {}

local MAX_SEGMENT_VALUES <const> = 100 -- Lua has 255 registers
local MAX_LOCALS <const> = 150 -- for runtime functions and filters; Lua has 200 locals
local MAX_SEGMENT_LOCALS <const> = 40
local MAX_BLOCKS <const> = 15 -- nested in one Lua function: locals again, and Lua's parser
local MAX_LOOPS <const> = 20 -- nested in one template

---@class merx.TemplateGenerator
---@field out string[]
---@field line integer that the next code stands on
---@field is_careful boolean guards every node
---@field inlines boolean lookups are inlined and may fail
---@field autoescape boolean
---@field name? string of the template
---@field known_filters table<string, merx.TemplateFilter>
---@field constants any[] segments and hoisted functions
---@field scope table<string, string> loop variable to Lua local
---@field loops table[] enclosing loops, outermost first
---@field exits table[] enclosing things that break and continue meet, outermost first
---@field regions table[] snippets that are being written in their places, outermost first
---@field region? table the innermost
---@field region_locals integer that they take
---@field find_snippet? fun(name: string): merx.InlineSnippet?
---@field knows_global? fun(name: string): boolean whether the program may have something of this name
---@field keeps? fun(name: string): boolean whether the environment is asked before a snippet is rendered
local Generator = {}
Generator.__index = Generator

for _, methods in ipairs({ expressions, inline }) do
  for name, fn in pairs(methods) do Generator[name] = fn end
end

-- ------------------------------------------------------------------------------------- writing

--- Writes code, on the template's line when that is still ahead.
---@param code string
---@param line? integer
function Generator:emit(code, line)
  self:flush()
  self:write(code, line)
end

function Generator:write(code, line)
  local out = self.out
  if line and line > self.line and not self.region then
    out[#out + 1] = ("\n"):rep(line - self.line)
    self.line = line
  end
  out[#out + 1] = code
  out[#out + 1] = " "
end

--- Reserves a place for code that is known later. It must hold no newline.
---@return integer slot
function Generator:slot()
  self:flush()
  self.out[#self.out + 1] = ""
  return #self.out
end

function Generator:fill(slot, code)
  self.out[slot] = code .. " "
end

--- A number that makes names of locals and labels unique.
---@return integer
function Generator:unique()
  self.shared.count = self.shared.count + 1
  return self.shared.count
end

--- The name in code of a runtime function.
---@param name string
---@return string
function Generator:runtime(name)
  assert(runtime[name] ~= nil, name)
  return self:alias("R", name)
end

--- The name in code of a filter.
---@param name string
---@return string
function Generator:filter_name(name)
  local def = self.known_filters[name]
  self.filters[name] = not self.autoescape and def.plain or def.fn
  return self:alias("F", name)
end

function Generator:alias(from, name)
  local key = from .. "." .. name
  local known = self.aliases[key]
  if known then return known end
  if #self.aliases >= MAX_LOCALS then return ("%s[%q]"):format(from, name) end
  known = (from == "F" and "f_" or "") .. name:gsub("[^%w_]", "_")
  if from == "R" then known = "r_" .. known end
  self.aliases[key] = known
  self.aliases[#self.aliases + 1] = ("local %s=%s[%q]"):format(known, from, name)
  return known
end

--- Keeps a value for the code and returns how the code names it.
---@param value any
---@return string
function Generator:constant(value)
  local constants = self.constants
  constants[#constants + 1] = value
  return ("K[%d]"):format(#constants)
end

-- ------------------------------------------------------------------------------------ segments

--- Prints literal bytes.
---@param bytes string
function Generator:text(bytes)
  local segment = self.segment
  local last = #segment.literals
  segment.literals[last] = segment.literals[last] .. bytes
end

--- Prints the value of `code`.
---@param code string
---@param flag "e"|"r" escaped or raw
---@param line integer
function Generator:value(code, flag, line)
  local segment = self.segment
  if #segment.values >= MAX_SEGMENT_VALUES then
    self:flush()
    segment = self.segment
  end
  segment.values[#segment.values + 1] = code
  segment.lines[#segment.lines + 1] = line
  segment.flags[#segment.flags + 1] = flag
  segment.literals[#segment.literals + 1] = ""
end

local function new_segment()
  return { literals = { "" }, flags = {}, values = {}, lines = {} }
end

--- Writes the call that prints what was gathered.
function Generator:flush()
  local segment = self.segment
  if #segment.values == 0 and segment.literals[1] == "" then return end
  self.segment = new_segment()
  local print = native.segment(segment.literals, table.concat(segment.flags))
  local name = self:constant(print)
  local number = #self.constants
  if self.segment_locals < MAX_SEGMENT_LOCALS then
    self.segment_locals = self.segment_locals + 1
    self.heads[#self.heads + 1] = ("local s%d=%s"):format(number, name)
    name = "s" .. number
  end
  self:write(name .. "(B", segment.lines[1])
  for i, code in ipairs(segment.values) do
    self:write("," .. code, segment.lines[i])
  end
  self:write(")")
end

-- -------------------------------------------------------------------------------------- guards

--- Writes a node that may fail: `body` writes code that jumps nowhere. When it fails, the careful
--- form notes that and goes on behind it.
---@param line integer
---@param body fun()
function Generator:guarded(line, body)
  if not self.is_careful then
    body()
    return
  end
  self:emit(("do local ok,e=%s(function()"):format(self:runtime("pcall")), line)
  body()
  self:emit(("end) if not ok then %s end end"):format(self:fail_code(line)))
end

function Generator:fail_code(line)
  return ("%s(B,S,%s,%d,e)"):format(
    self:runtime("fail"),
    self.name and ("%q"):format(self.name) or "nil",
    line
  )
end

--- Writes locals `names` with the values of `codes`, and what `body` writes behind them. In the
--- careful form a failing value takes the whole of it away.
---@param line integer
---@param names string such as "a1,b1"
---@param codes string an expression list or one call
---@param body fun()
function Generator:with_values(line, names, codes, body)
  if not self.is_careful then
    self:emit(("local %s=%s"):format(names, codes), line)
    body()
    return
  end
  local ok = "ok" .. self:unique()
  local call = ("%s(function() return %s end)"):format(self:runtime("pcall"), codes)
  self:emit(("local %s,%s=%s"):format(ok, names, call), line)
  local first = names:match("^[^,]+")
  self:emit(("if not %s then local e=%s %s else"):format(ok, first, self:fail_code(line)))
  body()
  self:emit("end")
end

-- --------------------------------------------------------------------------------------- nodes

local function write_output(self, node)
  local code, flag = self:printed(node.value)
  if not code then return end
  if not self.is_careful then
    self:value(code, flag, node.line)
    return
  end
  self:flush()
  self:guarded(node.line, function()
    self:value(code, flag, node.line)
    self:flush()
  end)
end

--- Writes nodes in order.
---@param nodes table[]
function Generator:nodes(nodes)
  for _, node in ipairs(nodes) do
    if node.t == "text" then
      self:text(node.text)
    elseif node.t == "output" then
      if node.value then write_output(self, node) end
    else
      node.def.emit(self, node)
    end
  end
end

--- Writes the body of a block. Deep bodies become functions of their own: Lua limits how many
--- locals one function has and how deep its blocks nest.
---@param nodes table[]
function Generator:body(nodes)
  if self.blocks >= MAX_BLOCKS then
    self:hoisted(nodes)
    return
  end
  self.blocks = self.blocks + 1
  self:nodes(nodes)
  self:flush()
  self.blocks = self.blocks - 1
end

--- What an iteration costs: its nodes, and those of snippets written among them. Inner loops charge for
--- themselves.
---@param nodes table[]
---@return integer
function Generator:cost(nodes)
  local cost = #nodes + 1
  for _, node in ipairs(nodes) do
    local snippet = node.name == "render" and self:inline_of(node)
    if snippet then cost = cost + snippet.count end
  end
  return cost
end

-- --------------------------------------------------------------------------------------- loops

--- Begins a loop that binds `variable` to the Lua local `item`.
---@param loop { id: integer, variable: string, item: string, at: string, size: string }
function Generator:enter_loop(loop)
  if #self.loops >= MAX_LOOPS then failure.syntax("Nesting too deep: loops") end
  loop.hidden = { [loop.variable] = self.scope[loop.variable] or false }
  self.scope[loop.variable] = loop.item
  self.loops[#self.loops + 1] = loop
  self.exits[#self.exits + 1] = loop
end

function Generator:leave_loop()
  local loop = table.remove(self.loops)
  table.remove(self.exits)
  for name, before in pairs(loop.hidden) do
    self.scope[name] = before or nil
  end
end

--- Writes a jump: `signal` is "BREAK" or "CONTINUE". A loop is left or goes on; a capture or a body
--- that is a function of its own ends first and jumps on from there.
---@param signal "BREAK"|"CONTINUE"
---@param line? integer
function Generator:jump(signal, line)
  local exit = self.exits[#self.exits]
  local code = runtime[signal]
  if not exit or exit.is_function then
    self:emit(("do return %d end"):format(code), line)
  elseif exit.is_capture then
    self:emit(("do j%d=%d goto x%d end"):format(exit.id, code, exit.id), line)
  else
    self:emit(("goto %s%d"):format(signal == "BREAK" and "b" or "c", exit.id), line)
  end
end

--- Writes what follows from a signal that the code `name` holds.
---@param name string
function Generator:follow(name)
  self:emit(("if %s==%d then"):format(name, runtime.BREAK))
  self:jump("BREAK")
  self:emit(("elseif %s==%d then"):format(name, runtime.CONTINUE))
  self:jump("CONTINUE")
  self:emit("end")
end

--- Runs `write` with an exit around it.
function Generator:within(exit, write)
  self.exits[#self.exits + 1] = exit
  write()
  self:flush()
  table.remove(self.exits)
end

-- ------------------------------------------------------------------------------------ functions

-- The locals of the enclosing loops, as names of arguments and parameters.
local function loop_locals(self)
  local names = {}
  for _, loop in ipairs(self.loops) do
    loop.needs_drop, loop.needs_at = true, true
    names[#names + 1] = loop.item
    names[#names + 1] = loop.at
    names[#names + 1] = loop.size
    names[#names + 1] = loop.drop
  end
  return names
end

local function load_chunk(self, code)
  local chunk = (self.name and "@" .. self.name .. ".liquid") or "=template"
  local fn, err = load(code, chunk, "t", {})
  assert(fn, err)
  return fn(runtime, self.filters, self.constants)
end

--- The code of a global.
---@param name string
---@return string
function Generator:global(name)
  self.uses_globals = true
  return self:field("G", name)
end

local function finish(self)
  self:flush()
  if self.uses_globals then self.out[1] = self.out[1] .. "local G=S.globals " end
  self.heads[#self.heads + 1] = ""
  self.out[1] = "local R,F,K=... local E=R.NOTHING "
    .. table.concat(self.aliases, " ")
    .. " "
    .. table.concat(self.heads, " ")
    .. self.out[1]
  return table.concat(self.out)
end

--- A generator for another function of the same template.
local function function_generator(shared)
  local self = {}
  for key, value in pairs(shared) do
    self[key] = value
  end
  self.out, self.line, self.uses_globals = { "" }, 1, false
  self.aliases, self.heads, self.segment_locals = {}, {}, 0
  self.segment, self.blocks, self.exits = new_segment(), 0, {}
  return setmetatable(self, Generator)
end

--- Writes `nodes` as a function outside this one and calls it here.
function Generator:hoisted(nodes)
  local locals = loop_locals(self)
  table.insert(locals, 1, "B,S,V")
  local params = table.concat(locals, ",")
  local inner = function_generator(self)
  inner.out[1] = ("return function(%s) "):format(params)
  inner.exits = { { is_function = true } }
  inner:nodes(nodes)
  inner:emit("end")
  local fn = load_chunk(inner, finish(inner))
  local signal = "r" .. self:unique()
  self:emit(("local %s=%s(%s)"):format(signal, self:constant(fn), params))
  self:follow(signal)
end

---@class merx.CompileOptions
---@field name? string
---@field filters table<string, merx.TemplateFilter>
---@field autoescape boolean
---@field form "quick"|"steady"|"careful"
---@field warnings? string[] is added to
---@field keeps_offsets boolean loops note where they stopped
---@field is_dynamic boolean loop variables are seen by included templates
---@field find_snippet? fun(name: string): merx.InlineSnippet?
---@field knows_global? fun(name: string): boolean
---@field keeps? fun(name: string): boolean

--- Compiles a tree into its function fn(B, S, V).
---@param nodes table[]
---@param options merx.CompileOptions
---@return function
---@return string source
function compiler.compile(nodes, options)
  local self = function_generator({
    name = options.name,
    known_filters = options.filters,
    autoescape = options.autoescape,
    is_careful = options.form == "careful",
    inlines = options.form == "quick",
    keeps_offsets = options.keeps_offsets,
    is_dynamic = options.is_dynamic,
    warnings = options.warnings or {},
    constants = {},
    filters = {},
    scope = {},
    loops = {},
    regions = {},
    region_locals = 0,
    find_snippet = options.find_snippet,
    knows_global = options.knows_global,
    keeps = options.keeps,
    shared = { count = 0, inlined = 0 },
  })
  self.out[1] = "return function(B,S,V) "
  self:nodes(nodes)
  self:emit("end")
  local source = finish(self)
  return load_chunk(self, source), source
end

return compiler
