--- What compiled templates call while they run: scopes, loops, partials, limits, failures.
---
--- `B` is the buffer, `S` the state of one render, `V` the scope: variables by name, behind which
--- stand the globals. A rendered snippet gets a scope of its own; nothing leaks.
local native = require("native.template")

local failure = require("kernel.template.failure")
local values = require("kernel.template.values")

local runtime = {
  mark = native.mark,
  cut = native.cut,
  put = native.put,
  html = native.html,
  escape = native.escape,
  pcall = pcall,
  rawget = rawget,
  text = values.text,
  printable = values.printable,
  property = values.property,
  command = values.command,
  get = values.get,
  equal = values.equal,
  is_blank = values.is_blank,
  is_empty = values.is_empty,
  less = values.less,
  less_equal = values.less_equal,
  greater = values.greater,
  greater_equal = values.greater_equal,
  contains = values.contains,
  range = values.range,
}

local getmetatable, type = getmetatable, type
local count, items_of, plain, to_integer = values.count, values.items, values.plain, values.to_integer

local MAX_DEPTH <const> = 100
local MAX_ERRORS <const> = 100

-- What a function of a template returns when a loop outside it has to be left.
local BREAK <const>, CONTINUE <const> = 1, 2
runtime.BREAK, runtime.CONTINUE = BREAK, CONTINUE

-- The offset of a loop that goes on where the last one of its name stopped.
runtime.WHERE_STOPPED = {}

local NO_NAMES <const> = {}

-- What is looked up instead of nil.
runtime.NOTHING = setmetatable({}, { __newindex = function() error("read only") end })

---@class merx.RenderState
---@field env merx.TemplateEnvironment
---@field globals table what every template sees
---@field registers table for tags and filters of the program: locale, theme, section …
---@field mode "dev"|"production"
---@field clock fun(): integer milliseconds, UTC
---@field errors merx.TemplateFailure[] each once, and a set of their texts
---@field depth integer of nested partials
---@field isolated integer how many of them have a scope of their own
---@field score integer work done
---@field assigned integer bytes of text kept in variables
---@field limits { score: integer, assigned: integer, output: integer }
---@field form "quick"|"steady"|"careful" of all templates in this render
---@field scope_meta table metatable of its scopes

-- -------------------------------------------------------------------------------------- scopes

--- What one scope keeps besides its variables, made when first needed: variables that are nil on
--- purpose, counters of increment, positions of cycle and of `offset: continue`.
local function notes(S, V)
  local meta = getmetatable(V)
  if meta ~= S.scope_meta then return meta end
  local globals = S.globals
  local nils, counters = {}, {}
  meta = { nils = nils, counters = counters, cycles = {}, offsets = {} }
  meta.__index = function(_, name)
    if nils[name] then return nil end
    local value = counters[name]
    if value ~= nil then return value end
    return globals[name]
  end
  setmetatable(V, meta)
  return meta
end

--- Makes `name` nil in this scope even if there is a global of that name.
function runtime.shadow(S, V, name)
  notes(S, V).nils[name] = true
end

--- Counts the text that a variable keeps, and returns it.
local function keep(S, value)
  local size = 1
  if type(value) == "string" then
    size = #value
  elseif type(value) == "table" then
    local string = plain(value)
    size = string and #string or count(value)
  end
  S.assigned = S.assigned + size
  if S.assigned > S.limits.assigned then failure.limit("Memory limits exceeded: variables") end
  return value
end
runtime.keep = keep

--- Sets a variable and counts the text it keeps.
function runtime.assign(S, V, name, value)
  V[name] = value
  if value == nil then
    notes(S, V).nils[name] = true
  else
    keep(S, value)
  end
end

--- The scope as an object: what `self` is.
function runtime.scope_object(V, locals)
  return setmetatable({}, {
    __index = function(_, name)
      local value = locals[name]
      if value ~= nil then return value end
      return V[name]
    end,
    __tostring = function() return "" end,
  })
end

--- {% ifchanged %}: takes what was printed since `mark` back when it is what it printed last.
function runtime.if_changed(S, V, B, mark)
  local kept = notes(S, V)
  local text = native.cut(B, mark)
  if text ~= kept.last_printed then native.put(B, text) end
  kept.last_printed = text
end

function runtime.increment(S, V, name)
  local counters = notes(S, V).counters
  local value = counters[name] or 0
  counters[name] = value + 1
  return value
end

function runtime.decrement(S, V, name)
  local counters = notes(S, V).counters
  local value = (counters[name] or 0) - 1
  counters[name] = value
  return value
end

--- The position of the cycle called `key` among `size` values, from 1; moves it on.
function runtime.cycle(S, V, key, size)
  local cycles = notes(S, V).cycles
  key = plain(key) or key
  if key == nil then key = notes end
  local at = cycles[key] or 0
  if at >= size then at = 0 end
  cycles[key] = (at + 1) % size
  return at + 1
end

-- --------------------------------------------------------------------------------------- loops

local function charge(S, cost)
  S.score = S.score + cost
  if S.score > S.limits.score then failure.limit("Memory limits exceeded: too many steps") end
end

--- Adds to the work done; raises past the limit.
runtime.charge = charge

local function slice_bounds(S, V, size, from, limit, name)
  if from == runtime.WHERE_STOPPED then
    from = notes(S, V).offsets[name] or 0
  else
    from = from == nil and 0 or to_integer(from)
  end
  local to = limit == nil and size or math.min(size, from + to_integer(limit))
  from = math.max(from, 0)
  to = math.max(to, from)
  if name then notes(S, V).offsets[name] = to end
  return from, to
end

-- What loops visit when there is nothing.
local NO_ITEMS <const> = { n = 0 }

--- Prepares a loop over `value`: the array, its first and last position, and how many they are.
--- Charges the whole loop at once: `cost` for each round.
---@param name? string under which `offset: continue` finds where this loop stopped
function runtime.loop(S, V, value, cost, from, limit, name)
  local items
  if type(value) == "table" then
    items = not getmetatable(value) and value[1] ~= nil and value or items_of(value) or NO_ITEMS
  else
    items = type(value) == "string" and value ~= "" and { value } or NO_ITEMS
    from, limit = nil, nil -- a text is one thing
  end
  local first, last = 0, count(items)
  if from ~= nil or limit ~= nil or name then
    first, last = slice_bounds(S, V, last, from, limit, name)
  end
  charge(S, (last - first) * cost)
  return items, first + 1, last, last - first
end

--- Prepares a loop over a range that needs no array: its first and last number, and how many.
function runtime.range_loop(S, from, to, cost)
  from, to = values.to_bound(from), values.to_bound(to)
  local size = math.max(0, to - from + 1)
  charge(S, size * cost)
  return from, to, size
end

local forloop_fields = {
  index = function(loop) return loop.at end,
  index0 = function(loop) return loop.at - 1 end,
  rindex = function(loop) return loop.size - loop.at + 1 end,
  rindex0 = function(loop) return loop.size - loop.at end,
  first = function(loop) return loop.at == 1 end,
  last = function(loop) return loop.at == loop.size end,
  length = function(loop) return loop.size end,
}

local forloop_meta = {
  __name = "merx.ForLoop",
  __index = function(loop, name)
    local field = forloop_fields[name]
    return field and field(loop)
  end,
  __tostring = function() return "" end,
}

--- The `forloop` object of a loop that hands it around; `at` is set in each round.
function runtime.forloop(size, parent, name)
  return setmetatable({ at = 0, size = size, parentloop = parent, name = name }, forloop_meta)
end

local row_fields = {
  col = function(loop) return (loop.at - 1) % loop.cols + 1 end,
  col0 = function(loop) return (loop.at - 1) % loop.cols end,
  col_first = function(loop) return (loop.at - 1) % loop.cols == 0 end,
  col_last = function(loop) return loop.at % loop.cols == 0 end,
  row = function(loop) return (loop.at - 1) // loop.cols + 1 end,
}

local row_meta = {
  __name = "merx.TableRowLoop",
  __index = function(loop, name)
    local field = forloop_fields[name] or row_fields[name]
    return field and field(loop)
  end,
  __tostring = function() return "" end,
}

-- Tablerows read text as a number where loops refuse it.
local function row_number(value)
  return plain(value) and values.to_bound(plain(value)) or to_integer(value)
end

--- Prepares a tablerow: what loop() gives, and the `tablerowloop` object. No array for nil.
function runtime.tablerow(S, V, value, cost, from, limit, cols, has_limit, has_cols)
  if not value then return nil end
  limit = has_limit and row_number(limit == nil and 0 or limit) or nil
  from = from ~= nil and row_number(from) or nil
  local items, first, last, size = runtime.loop(S, V, value, cost, from, limit)
  if cols == nil then cols = has_cols and math.maxinteger or size end
  local loop = { at = 0, size = size, cols = math.max(row_number(cols), 0) }
  if loop.cols == 0 then loop.cols = math.maxinteger end
  return items, first, last, size, setmetatable(loop, row_meta)
end

function runtime.open_cell(B, loop)
  native.put(B, ('<td class="col%d">'):format(loop.col))
end

--- Ends a cell, and its row when it is the last in it. True when the loop has to be left.
function runtime.close_cell(B, loop, signal)
  native.put(B, "</td>")
  if signal == BREAK then return true end
  if loop.col_last and not loop.last then
    native.put(B, ('</tr>\n<tr class="row%d">'):format(loop.row + 1))
  end
  return false
end

-- ------------------------------------------------------------------------------------ partials

-- A mistake in the partial's source has a place of its own; a missing one is the tag's.
local function refuse_partial(err)
  if err.line then error(err, 0) end
  failure.render(err.message)
end

--- Finds a partial. Raises when the name is none, nothing is there, or partials nest too deep.
---@return merx.Template
function runtime.partial(S, kind, name, tag)
  local path = plain(name)
  if not path then
    failure.render(("Argument error in tag '%s' - Illegal template name"):format(tag or "render"))
  end
  if S.depth >= MAX_DEPTH then failure.render("Nesting too deep") end
  local template, err = S.env:find(kind, path)
  if not template then refuse_partial(err) end
  return template
end

--- Finds the partial of an include, which a rendered snippet may not have.
function runtime.include_partial(S, kind, name)
  if S.isolated > 0 then failure.render("include usage is not allowed in this context") end
  return runtime.partial(S, kind, name, "include")
end

--- The variable that a partial's own name stands for: "card" of "product/card".
function runtime.base_name(name)
  return plain(name) and plain(name):match("[^/]*$")
end

local function run(B, S, V, template)
  charge(S, 1)
  S.depth = S.depth + 1
  local signal = template:run(B, S, V)
  S.depth = S.depth - 1
  return signal
end

--- The scope of a snippet: `vars` itself, with the globals behind it.
function runtime.scope(S, vars)
  return setmetatable(vars, S.scope_meta)
end

--- {% render %}: runs `template` in a scope of its own. Jumps end inside.
function runtime.render(B, S, template, scope)
  S.isolated = S.isolated + 1
  run(B, S, scope, template)
  S.isolated = S.isolated - 1
end

--- The same for a snippet that the environment keeps, whose arguments follow in their order.
function runtime.render_kept(B, S, template, scope, ...)
  S.isolated = S.isolated + 1
  S.env.keep(S, B, template, scope, ...)
  S.isolated = S.isolated - 1
end

--- The state and scope of a snippet with other globals behind it.
---@param S merx.RenderState
---@param scope table
---@param globals table
---@return merx.RenderState
---@return table scope
function runtime.with_globals(S, scope, globals)
  local state, vars, meta = {}, {}, getmetatable(scope)
  for name, value in next, S do state[name] = value end
  for name, value in next, scope do vars[name] = value end
  state.globals, state.scope_meta = globals, { __index = globals }
  setmetatable(vars, state.scope_meta)
  for name in next, meta ~= S.scope_meta and meta.nils or NO_NAMES do runtime.shadow(state, vars, name) end
  return state, vars
end

-- What a snippet finds: the same variables, the same nils on purpose.
local function copy_of(scope)
  local copy = {}
  for name, value in next, scope do
    copy[name] = value
  end
  return setmetatable(copy, getmetatable(scope))
end

-- What {% render … for %} and {% include … for %} visit.
local function each_items(list)
  local what = values.kind(list)
  if what == "nil" then return NO_ITEMS end
  return (what == "array" or what == "list" or what == "range") and items_of(list) or { list }
end

--- {% render name for list %}: once for each element, each time with a fresh scope.
function runtime.render_each(B, S, template, vars, name, list)
  local items = each_items(list)
  local size = count(items)
  local loop = runtime.forloop(size, nil, name)
  for at = 1, size do
    local scope = copy_of(vars)
    if rawget(scope, name) == nil then scope[name] = items[at] end
    scope.forloop, loop.at = loop, at
    runtime.render(B, S, template, scope)
  end
end

--- Sets variables of a shared scope for a while; returns what restore() puts back.
function runtime.bind(S, V, saved, name, value)
  if saved[name] == nil then saved[name] = { rawget(V, name) } end
  V[name] = value
  if value == nil then runtime.shadow(S, V, name) end
end

function runtime.restore(V, saved)
  for name, before in next, saved do
    V[name] = before[1]
  end
end

--- {% include %}: runs `template` in the scope it stands in; `name` is bound to `value`.
---@return integer? signal
function runtime.include(B, S, V, template, saved, name, value, is_loop)
  local items = is_loop and each_items(value) or { value, n = 1 }
  if values.kind(value) == "array" then items = value end
  local signal
  for at = 1, count(items) do
    runtime.bind(S, V, saved, name, items[at])
    signal = run(B, S, V, template)
    if signal then break end
  end
  runtime.restore(V, saved)
  return signal
end

--- {% section %} and {% sections %}: what they are, the environment knows.
function runtime.section(B, S, tag, name)
  local path = plain(name)
  if not path then
    failure.render(("Argument error in tag '%s' - Illegal template name"):format(tag))
  end
  if S.depth >= MAX_DEPTH then failure.render("Nesting too deep") end
  S.depth = S.depth + 1
  S.env[tag](S.env, S, B, path)
  S.depth = S.depth - 1
end

--- Runs the body of a tag with `vars` added to the scope it stands in.
function runtime.with_vars(S, V, vars, body)
  local saved = {}
  for name, value in next, vars or saved do
    runtime.bind(S, V, saved, name, value)
  end
  local signal = body()
  runtime.restore(V, saved)
  return signal
end

-- ------------------------------------------------------------------------------------ failures

local function place(name, line)
  if name then return (" (%s line %d)"):format(name, line) end
  return (" (line %d)"):format(line)
end

--- Whether rendering cannot go on after `err`.
---@param err any
---@return boolean
function runtime.is_fatal(err)
  if failure.is(err) then return err.kind == "limit" end
  return err == "not enough memory"
end

--- Notes that a node failed; in dev it also prints why, where the node would have been.
function runtime.fail(B, S, name, line, err)
  if runtime.is_fatal(err) then error(err, 0) end
  if not failure.is(err) then
    err = failure.new("render", "internal: " .. tostring(err))
  end
  if not err.line then
    err.line, err.name = line, name
  end
  local text = tostring(err)
  if not S.errors[text] and #S.errors < MAX_ERRORS then -- a loop's failure is one
    S.errors[text] = true
    S.errors[#S.errors + 1] = err
  end
  if S.mode == "dev" then
    native.put(B, ("Liquid error%s: %s"):format(place(err.name, err.line), err.message), S.env.autoescape)
  end
end

--- Raises a failure of the node that is running.
runtime.refuse = failure.render

return runtime
