--- How a function of a plugin is asked: its state, its limits, its breaker, what it answered lately, and the account of what
--- it cost.
local answer_rules = require("native.answer")
local answers = require("kernel.plugins.answers")
local breaker = require("kernel.plugins.breaker")
local failure = require("kernel.failure")
local kinds = require("kernel.plugins.kinds")
local log = require("kernel.log")
local projection = require("native.projection")
local task = require("native.task")

local calls = {}

local budgets = {} -- by kind and number of lines: made once
for kind in pairs(kinds) do budgets[kind] = {} end

local function budget_of(kind, count)
  local known = budgets[kind][count]
  if known then return known end
  local limits, per_line = kinds[kind].budget, kinds[kind].per_line
  if per_line and count > 0 then
    limits = { instructions = limits.instructions + per_line * count, memory = limits.memory }
  end
  budgets[kind][count] = limits
  return limits
end

local function exact(budget)
  return { instructions = budget.instructions, memory = budget.memory, exact = true }
end

local function count_lines(input)
  local lines = type(input) == "table" and input.lines
  return type(lines) == "table" and #lines or 0
end

-- Only who sees the lines is given time for them.
local function sees_lines(paths)
  for _, path in ipairs(paths) do
    if path:find("^lines%[%]") then return true end
  end
  return false
end

---@class merx.Calls of one function of a plugin; answers are for readers only
---@field call fun(input: any, settings: table, context: any): any, any gives it tables
---@field ask? fun(source: table, settings: table): any, any gives it what its manifest names of a draft
---@field trace? fun(source: table, settings: table): any, any, integer? the same, not from memory; third: its instructions
---@field blame fun(code: string, message: string) takes down that what it answered was of no use

---@param plugin merx.Plugin its account is kept here
---@param about { id: string, kind: string, name: string, input?: string[] } `name` is "module:function"
---@param open fun(plugin: merx.Plugin): userdata?, table? its state
---@return merx.Calls
function calls.make(plugin, about, open)
  local id, kind, name = about.id, about.kind, about.name
  -- Keys of messages in a plugin's answers are its own; outside they carry its name.
  local qualify = answer_rules.owner(plugin.id .. ".", "reason", "title", "description", "message")
  local guard, has_time = breaker.new(), kinds[kind].budget.ms ~= nil

  local function take_down(code, message)
    plugin.errors = plugin.errors + 1
    task.note_failure(plugin.id, plugin.generation or 0) -- a generation that fails is taken back
    plugin.last_error = message
    log.warn("a plugin's handler failed", { plugin = plugin.id, handler = id, code = code, error = message })
  end

  local function blame(code, message)
    guard:retract()
    take_down(code, message)
  end

  local function rest()
    return failure.new("plugin.paused", id .. " failed too often and rests for half a minute")
  end

  local function begin()
    plugin.calls = plugin.calls + 1
    return open(plugin)
  end

  local function fail(problem)
    guard:note(false, has_time and problem.code == "budget")
    take_down(problem.code, problem.message)
    return failure.new("plugin." .. problem.code, id .. ": " .. problem.message)
  end

  local function finish(ok, result, why)
    if not ok then return fail(result) end
    if not guard.is_calm then guard:note(true) end
    return kind == "pure" and qualify(result) or result, why
  end

  local function call(input, config, context)
    if not guard:allows() then return rest() end
    local state, err = begin()
    if not state then return nil, err end
    return finish(state:call(kind, name, budget_of(kind, count_lines(input)), input, config, context))
  end

  if kind ~= "pure" or not about.input then return { call = call, blame = blame } end
  local shape, takes_time = projection.compile(about.input), sees_lines(about.input)
  local known = answers.are_lasting(about.input) and answers.new()

  local function ask(source, config)
    if not guard.is_calm and not guard:allows() then return rest() end
    local key, size = projection.take(shape, source)
    local answer, wanted
    if known then answer, wanted = known:find(key, config, size) end
    if answer ~= nil then return answer end
    local state, err = begin()
    if not state then return nil, err end
    answer, err = finish(state:ask(name, budget_of(kind, takes_time and count_lines(source) or 0), shape, config))
    if wanted and answer ~= nil then known:keep(key, answer, size) end
    return answer, err
  end

  -- Not from memory, each instruction counted.
  local function trace(source, config)
    if not guard:allows() then return rest() end
    local state, err = begin()
    if not state then return nil, err end
    projection.take(shape, source)
    local budget = exact(budget_of(kind, takes_time and count_lines(source) or 0))
    local answer, problem = finish(state:ask(name, budget, shape, config))
    return answer, problem, state:stats().spent
  end

  return { call = call, ask = ask, trace = trace, blame = blame }
end

return calls
