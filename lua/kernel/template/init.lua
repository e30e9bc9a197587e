--- The template engine: Liquid, compiled to Lua. What is printed is escaped by type: strings are
--- text, native.template.html is markup.
---
---   local env = template.environment({ loader = function(kind, name) return source end })
---   local page = assert(env:template("template", "product"))
---   local ok, err = page:render(buf, { globals = drops, registers = { locale = "en" } })
local native = require("native.template")

local compiler = require("kernel.template.compiler")
local failure = require("kernel.template.failure")
local filters = require("kernel.template.filters")
local inline = require("kernel.template.inline")
local log = require("kernel.log")
local parser = require("kernel.template.parser")
local program = require("kernel.template.tags.program")
local runtime = require("kernel.template.runtime")
local values = require("kernel.template.values")

local template = {
  html = native.html,
  is_html = native.is_html,
  escape = native.escape,
  put = native.put,
  mark = native.mark,
  cut = native.cut,
  map = values.map,
  text = values.text,
  values = values,
  with_globals = runtime.with_globals,
  --- Raises from a filter or tag: this node cannot be rendered.
  fail = failure.render,
}

---@class merx.TemplateTag
---@field parse fun(parser: merx.TemplateParser, node: table, markup: string, token: merx.TemplateToken)
---@field emit fun(gen: merx.TemplateGenerator, node: table)
---@field blank? boolean prints nothing

---@type table<string, merx.TemplateTag>
local tags = {}

for _, module in ipairs({ "conditions", "loops", "variables", "texts", "partials" }) do
  for name, tag in pairs(require("kernel.template.tags." .. module)) do
    tags[name] = tag
  end
end

-- How often the quick form may fail for nothing (a lookup on a number) before it is given up.
local MAX_SURPRISES <const> = 3

local DEFAULT_LIMITS <const> = {
  score = 4000000, -- nodes rendered
  assigned = 16 * 1024 * 1024, -- bytes of text kept in variables
  output = 16 * 1024 * 1024, -- bytes printed
}

local function merged_limits(limits, defaults)
  return {
    score = limits.score or defaults.score,
    assigned = limits.assigned or defaults.assigned,
    output = limits.output or defaults.output,
  }
end

-- ------------------------------------------------------------------------------------ templates

--- A compiled source; shared by all environments that meet the same bytes under the same name.
---@class merx.TemplateForms
---@field quick function
---@field steady? function as quick, but no lookup can fail; compiled when first needed
---@field careful? function every node is guarded; compiled when first needed
---@field make fun(form: "steady"|"careful"): function
---@field surprises integer how often the quick form failed for nothing: a lookup on a number
---@field schema? string JSON text of its schema tag
---@field warnings string[]

---@class merx.Template
---@field name? string as "snippets/card"
---@field env merx.TemplateEnvironment
---@field forms merx.TemplateForms
local Template = {}
Template.__index = Template

local function compile_forms(source, name, env)
  local nodes, seen = parser.parse(source, tags)
  local warnings = {}
  local options = {
    name = name,
    form = "quick",
    filters = filters.registry,
    autoescape = env.autoescape,
    find_snippet = env.find_snippet,
    knows_global = env.knows_global,
    keeps = env.keeps,
    keeps_offsets = (seen.continues or seen.includes) or false,
    is_dynamic = seen.includes or false,
    warnings = warnings,
  }
  local forms = { surprises = 0, schema = seen.schema, warnings = warnings }
  forms.quick, forms.code = compiler.compile(nodes, options)
  function forms.make(form)
    options.form, options.warnings = form, nil
    return (compiler.compile(nodes, options))
  end
  return forms
end

-- Compiled sources by name, mode and bytes; dropped when nobody uses them. An environment whose
-- snippets are written into others has its own.
local compiled = setmetatable({}, { __mode = "v" })

--- Forgets what was compiled: filters and tags are bound when a template is.
local function forget_compiled()
  for key in pairs(compiled) do
    compiled[key] = nil
  end
end

--- Compiles, or finds what was compiled of the same bytes.
---@return merx.TemplateForms? forms
---@return merx.TemplateFailure? err
local function forms_of(source, name, env)
  local key = table.concat({ env.autoescape and "text" or "raw", env.stamp, name or "", source }, "\0")
  local forms = compiled[key]
  if forms then return forms end
  local ok, result = pcall(compile_forms, source, name, env)
  if ok then
    compiled[key] = result
    return result
  end
  if not failure.is(result) then error(result, 0) end
  result.name = result.name or name
  return nil, result
end

--- Runs the template inside another one: same state, given scope.
---@param B any buffer
---@param S merx.RenderState
---@param V table scope
---@return integer? signal
function Template:run(B, S, V)
  local forms, form = self.forms, S.form
  local fn = forms[form]
  if not fn then
    fn = forms.make(form)
    forms[form] = fn
  end
  return fn(B, S, V)
end

---@class merx.RenderContext
---@field globals? table variables that all templates and snippets see; may be lazy
---@field vars? table variables of this template alone
---@field registers? table for filters and tags of the program: locale, ctx, theme, section
---@field mode? "dev"|"production" of the environment when absent
---@field now? integer milliseconds UTC, for the date filter's "now"
---@field on_clock? fun() told that what is printed depends on the moment
---@field offset_at? fun(seconds: number): integer zone of the shop: seconds east of UTC
---@field date_names? merx.DateNames
---@field limits? { score?: integer, assigned?: integer, output?: integer }

local function utc()
  return 0
end

local function clock_of(context)
  local now, on_clock = context.now or 0, context.on_clock
  return function()
    if on_clock then on_clock() end
    return now
  end
end

local function new_state(self, context)
  local env, globals = self.env, context.globals or {}
  return {
    env = env,
    globals = globals,
    registers = context.registers or {},
    mode = context.mode or env.mode,
    clock = clock_of(context),
    offset_at = context.offset_at or utc,
    date_names = context.date_names,
    errors = {},
    depth = 0,
    isolated = 0,
    score = 0,
    assigned = 0,
    limits = context.limits and merged_limits(context.limits, env.limits) or env.limits,
    scope_meta = { __index = globals },
  }
end

local function copy_vars(vars)
  local copy = {}
  for name, value in next, vars or copy do
    copy[name] = value
  end
  return copy
end

--- Renders once. The scope is a copy: a second attempt finds the variables as they were.
local function attempt(self, buf, context, form)
  local S = new_state(self, context)
  S.form = form
  local V = setmetatable(copy_vars(context.vars), S.scope_meta)
  local before = native.limit(native.mark(buf) + S.limits.output)
  local ok, err = pcall(self.run, self, buf, S, V)
  native.limit(before)
  return ok, err, S
end

local function report(errors)
  for _, err in ipairs(errors) do
    log.warn("template: " .. tostring(err))
  end
end

--- Makes a failure of what ended a render. Its place is lost when the quick form met it.
local function as_failure(self, err)
  if not failure.is(err) then err = failure.new("render", tostring(err)) end
  err.name = err.name or self.name
  return err
end

--- Renders into `buf`. A node that fails prints nothing, or in dev its error, and the rest goes on.
--- On a limit the buffer is as it was before.
---@param buf any native.buf
---@param context? merx.RenderContext
---@return merx.TemplateFailure[]? errors of the nodes that failed, mostly empty
---@return merx.TemplateFailure? err why there is no output
function Template:render(buf, context)
  context = context or {}
  self.env.epoch = self.env.epoch + 1
  local forms, mark = self.forms, native.mark(buf)
  local first = forms.surprises >= MAX_SURPRISES and "steady" or "quick"
  local ok, err, S = attempt(self, buf, context, first)
  if not ok and not runtime.is_fatal(err) then
    native.cut(buf, mark)
    ok, err, S = attempt(self, buf, context, "careful")
    if ok and #S.errors == 0 then forms.surprises = forms.surprises + 1 end
  end
  report(S.errors)
  if ok then return S.errors end
  native.cut(buf, mark)
  err = as_failure(self, err)
  report({ err })
  return nil, err
end

--- The JSON text of the template's schema tag.
---@return string?
function Template:schema()
  return self.forms.schema
end

--- What is suspicious: unknown filters.
---@return string[]
function Template:warnings()
  return self.forms.warnings
end

-- ---------------------------------------------------------------------------------- environment

--- Where templates come from and how they behave: one for each theme.
---@class merx.TemplateEnvironment
---@field loader fun(kind: string, name: string): string?
---@field autoescape boolean
---@field is_dev boolean sources are looked at again in each render
---@field mode "dev"|"production"
---@field limits table
---@field cache table<string, table<string, table>> what was loaded, by kind and name
---@field epoch integer counts renders
---@field stamp string which sources it knows: "" when no template holds another
---@field find_snippet? fun(name: string): merx.InlineSnippet?
---@field knows_global? fun(name: string): boolean
---@field keeps? fun(name: string): boolean
---@field reuse? fun(buf: any, state: merx.RenderState, name: string, ...): boolean
---@field keep? fun(state: merx.RenderState, buf: any, snippet: merx.Template, scope: table, ...)
local Environment = {}
Environment.__index = Environment

local FOLDERS <const> = {
  snippet = "snippets/",
  section = "sections/",
  block = "blocks/",
  layout = "layout/",
  template = "templates/",
}

---@class merx.EnvironmentOptions
---@field loader? fun(kind: "snippet"|"section"|"block"|"layout"|"template", name: string): string?
---@field autoescape? boolean default true
---@field is_dev? boolean
---@field mode? "dev"|"production" whether failures show in the page; follows is_dev when absent
---@field is_inlining? boolean snippets are written into what renders them: quicker, until forget(); not in dev
---@field knows_global? fun(name: string): boolean whether the globals may have this name; all names when absent
---@field keeps? fun(name: string): boolean which snippets the next two are asked about
--- Prints a snippet that was rendered before with these arguments.
---@field reuse? fun(buf: any, state: merx.RenderState, name: string, ...): boolean
--- Renders it, with the arguments that follow as its scope: see template.with_globals.
---@field keep? fun(state: merx.RenderState, buf: any, snippet: merx.Template, scope: table, ...)
---@field limits? { score?: integer, assigned?: integer, output?: integer }
---@field section? fun(env: merx.TemplateEnvironment, state: merx.RenderState, buf: any, name: string)
---@field sections? fun(env: merx.TemplateEnvironment, state: merx.RenderState, buf: any, name: string)

local stamps = 0

--- Parses snippets for templates that hold them.
local function begin_inlining(self)
  local snippets = {}
  stamps = stamps + 1
  self.stamp = tostring(stamps)
  function self.find_snippet(name)
    local found = snippets[name]
    if found == nil and self.keeps and self.keeps(name) then
      snippets[name] = false
    elseif found == nil then
      local source = self.loader("snippet", name)
      local ok, nodes, seen = pcall(parser.parse, source or "", tags)
      found = source and ok and not seen.includes and not seen.continues and inline.survey(name, nodes) or false
      snippets[name] = found
    end
    return found or nil
  end
end

---@param options? merx.EnvironmentOptions
---@return merx.TemplateEnvironment
function template.environment(options)
  options = options or {}
  local self = setmetatable({}, Environment)
  self.loader = options.loader or function() return nil end
  self.autoescape = options.autoescape ~= false
  self.is_dev = options.is_dev or false
  self.mode = options.mode or (self.is_dev and "dev" or "production")
  self.limits = merged_limits(options.limits or {}, DEFAULT_LIMITS)
  self.cache, self.epoch, self.stamp = {}, 0, ""
  self.knows_global, self.keeps, self.reuse, self.keep = options.knows_global, options.keeps, options.reuse, options.keep
  if options.is_inlining and not self.is_dev then begin_inlining(self) end
  self.section = options.section or Environment.section
  self.sections = options.sections or Environment.sections
  return self
end

--- Compiles `source`.
---@param source string
---@param name? string as "sections/header"; messages show it
---@return merx.Template?
---@return merx.TemplateFailure? err
function Environment:compile(source, name)
  assert(type(source) == "string", "a template is compiled from a string")
  local forms, err = forms_of(source, name, self)
  if not forms then return nil, err end
  return setmetatable({ name = name, env = self, forms = forms }, Template)
end

--- Loads and compiles; what is missing is remembered too.
local function load_entry(self, entry, kind, name)
  local source = self.loader(kind, name)
  entry.epoch = self.epoch
  if entry.loaded and source == entry.source then return end
  entry.loaded, entry.source = true, source
  local path = (FOLDERS[kind] or (kind .. "/")) .. name
  if source then
    entry.template, entry.err = self:compile(source, path)
  else
    entry.template = nil
    entry.err = failure.new("render", ("Could not find asset %s.liquid"):format(path))
  end
end

--- The template of that kind and name.
---@param kind string
---@param name string
---@return merx.Template?
---@return merx.TemplateFailure? err
function Environment:find(kind, name)
  local entries = self.cache[kind]
  if not entries then
    entries = {}
    self.cache[kind] = entries
  end
  local entry = entries[name]
  if not entry then
    entry = {}
    entries[name] = entry
    load_entry(self, entry, kind, name)
  elseif self.is_dev and entry.epoch ~= self.epoch then
    load_entry(self, entry, kind, name)
  end
  return entry.template, entry.err
end

--- The same, for callers outside of a render.
---@param kind string
---@param name string
---@return merx.Template?
---@return merx.TemplateFailure? err
function Environment:template(kind, name)
  self.epoch = self.epoch + 1
  return self:find(kind, name)
end

--- Forgets one template, all of a kind, or all: their sources changed.
---@param kind? string
---@param name? string only with a kind
function Environment:forget(kind, name)
  if self.find_snippet then
    begin_inlining(self)
    self.cache = {}
  elseif not kind then
    self.cache = {}
  elseif not name then
    self.cache[kind] = nil
  elseif self.cache[kind] then
    self.cache[kind][name] = nil
  end
end

--- {% section 'name' %} where the program says nothing else: the file, with the globals.
function Environment:section(state, buf, name)
  local found, err = self:find("section", name)
  if not found then failure.render(tostring(err)) end
  found:run(buf, state, setmetatable({}, state.scope_meta))
end

--- {% sections 'group' %} is the program's alone.
function Environment:sections(_, _, name)
  failure.render(("section groups are not known here: '%s'"):format(name))
end

-- ---------------------------------------------------------------------------------- registration

--- Registers a filter, for all environments. Do it before templates are compiled.
---@param name string
---@param fn function fn([state,] value [, named], …)
---@param options? merx.FilterOptions
function template.filter(name, fn, options)
  filters.define(name, fn, options)
  forget_compiled()
end

--- Registers a tag, for all environments. Do it before templates are compiled.
---@param name string
---@param options merx.TagOptions
function template.tag(name, options)
  tags[name] = program.tag(options)
  forget_compiled()
end

local standalone = template.environment()

--- Compiles a template that stands alone, or whose snippets `options.loader` finds.
---@param source string
---@param options? { name?: string, loader?: function, autoescape?: boolean, is_dev?: boolean }
---@return merx.Template?
---@return merx.TemplateFailure? err
function template.compile(source, options)
  options = options or {}
  local env = standalone
  if options.loader or options.autoescape ~= nil or options.is_dev then
    env = template.environment(options)
  end
  return env:compile(source, options.name)
end

return template
