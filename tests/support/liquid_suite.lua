--- Runs cases of the public Liquid suite (JSON lines) against the template engine.
local buffers = require("native.buf")

local ordered_json = require("support.ordered_json")
local template = require("kernel.template")

local liquid_suite = {}

-- What the suite's clock shows: 2024-01-01 00:01:58 UTC.
local NOW <const> = 1704067318000

---@class merx.LiquidResult
---@field case table
---@field outcome "passed"|"failed"|"skipped"
---@field why? string

-- ----------------------------------------------------------------------------------- test drops

local function lazy(fields)
  return setmetatable({}, {
    __index = function(_, name) return fields[name] end,
    __tostring = function() return fields.shown or "" end,
  })
end

local function square_drop(value)
  return setmetatable({}, {
    __index = function(self, name)
      if name == "nested" then return self end
      if name == "square" then return square_drop(value * value) end
      return nil
    end,
    __tostring = function() return tostring(value) end,
  })
end

local function method_drop()
  local methods = {
    echo = function(n) return n end,
    square = function(n) return n * n end,
    double = function(n) return n * 2 end,
  }
  return setmetatable({}, {
    __index = function(_, name)
      local method, number = tostring(name):match("^(%a+)_(%d+)$")
      return methods[method] and methods[method](math.tointeger(tonumber(number)))
    end,
  })
end

-- The suite's drops that have a meaning without Ruby. One that stands for a value becomes it.
local drops = {
  BooleanDrop = function(args) return args.value end,
  NumberDrop = function(args) return args.value end,
  StringDrop = function(args) return args.value end,
  NilDrop = function() return nil end,
  OpaqueDrop = function() return lazy({ shown = "opaque" }) end,
  IndexDrop = function() return lazy({ [0] = "zero", [1] = "one", foo = "foo" }) end,
  MethodDrop = method_drop,
  NestedDrop = function(args) return square_drop(args.value or 3) end,
  SequenceDrop = function()
    return setmetatable({}, { __items = function() return { "first", "second", "third" } end })
  end,
  ErrorDrop = function()
    return setmetatable({}, { __index = function() template.fail("ErrorDrop") end })
  end,
}

local NOT_PORTABLE <const> = {}

local function instantiate(name, args)
  local drop = drops[name]
  if not drop then error(NOT_PORTABLE, 0) end
  return drop(args)
end

--- What stands for a JSON object: a map, a drop, or one of the suite's special values.
local function on_object(pairs_list)
  local first = pairs_list[1]
  local key = first and first[1] or ""
  if key:find("^instantiate:") then return instantiate(key:match(":(.*)"), first[2] or {}) end
  if key == "$sym" then return first[2] end
  if key == "$range" then return template.values.range(first[2][1], first[2][2]) end
  if key:find("^%$") then error(NOT_PORTABLE, 0) end
  return template.map(pairs_list)
end

local function resolve_names(value)
  for _, key in ipairs(template.values.keys(value)) do
    local inner = value[key]
    if type(inner) == "string" and inner:find("^instantiate:") then
      value[key] = instantiate(inner:match(":(.*)"), {})
    end
  end
end

-- ----------------------------------------------------------------------------------- one case

local UNSUPPORTED <const> = {
  lax_parsing = "lax parsing",
  strict_parsing = "the older strict parsing",
  ruby_types = "Ruby types",
  ruby_drops = "Ruby drops",
  drop_class_output = "Ruby class names",
  shopify_resource_limits = "other units of cost",
  template_factory = "a hook of liquid-ruby",
  shopify_error_format = "another error format",
}

local function list_has(list, value)
  for _, each in ipairs(list or {}) do
    if each == value then return true end
  end
  return false
end

local function reason_to_skip(case)
  for _, feature in ipairs(case.features or {}) do
    if UNSUPPORTED[feature] then return UNSUPPORTED[feature] end
  end
  if case.modes and not list_has(case.modes, "strict2") then return "another parse mode" end
  return nil
end

local function loader_of(case)
  local files = case.fs
  return function(_, name)
    return files and (files[name] or files[name .. ".liquid"])
  end
end

--- Renders a case: the output and all errors as one text each. A shop's themes have their snippets
--- written into what renders them; the result must be the same.
local function render(case, is_inlining)
  local env = template.environment({
    loader = loader_of(case), autoescape = false, is_dev = not is_inlining, mode = "dev", is_inlining = is_inlining,
  })
  local compiled, syntax = env:compile(case.template)
  if not compiled then
    return "", ("Liquid syntax error (line %d): %s"):format(syntax.line or 0, syntax.message), true
  end
  local buf = buffers.new()
  local errors, fatal = compiled:render(buf, { globals = case.env or {}, now = NOW })
  local texts = {}
  for _, err in ipairs(errors or { fatal }) do
    texts[#texts + 1] = ("%s line %d: %s"):format(err.name or "", err.line or 0, err.message)
  end
  return buf:string(), table.concat(texts, "\n"), false
end

local function check_texts(wanted, text)
  for _, part in ipairs(wanted) do
    if not text:lower():find(part:lower(), 1, true) then
      return false, ("no %q in %q"):format(part, text)
    end
  end
  return true
end

--- The suite's patterns are regular expressions; those in use say what must come in which order.
local function check_pattern(pattern, output)
  local pos = 1
  for part in (pattern:gsub("^%(%?m%)", "") .. ".*"):gmatch("(.-)%.%*") do
    if part:find("[\\^$%[]") then return output ~= "" end
    local _, stop = output:find(part, pos, true)
    if not stop then return false, ("%q misses %q"):format(output, part) end
    pos = stop + 1
  end
  return true
end

local function check(case, is_inlining)
  local output, errors, is_syntax = render(case, is_inlining)
  local wanted = case.errors
  if wanted and wanted.parse_error then return check_texts(wanted.parse_error, errors) end
  if wanted and wanted.render_error then return check_texts(wanted.render_error, errors) end
  if wanted and wanted.output then return check_texts(wanted.output, output) end
  if is_syntax then return false, "does not compile: " .. errors end
  if case.pattern then return check_pattern(case.pattern, output) end
  if output == case.expected then return true end
  return false, ("expected %q, got %q"):format(case.expected, output)
end

--- Runs the case of one line.
---@param line string
---@return merx.LiquidResult
function liquid_suite.run_line(line)
  local ok, case = pcall(ordered_json.decode, line, on_object)
  if not ok and case == NOT_PORTABLE then
    return { case = { name = line:match('"name":"(.-)"') }, outcome = "skipped", why = "Ruby value" }
  end
  assert(ok, case)
  local named
  ok, named = pcall(resolve_names, case.env or template.map())
  local why = reason_to_skip(case) or (not ok and named == NOT_PORTABLE and "Ruby value")
  if why then return { case = case, outcome = "skipped", why = why } end
  local passed, problem = check(case, false)
  if passed then passed, problem = check(case, true) end
  return { case = case, outcome = passed and "passed" or "failed", why = problem }
end

--- Runs a file.
---@param path string
---@return table? totals passed, failed, skipped, failures; nil when there is no such file
function liquid_suite.run_file(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local totals = { passed = 0, failed = 0, skipped = 0, failures = {} }
  for line in file:lines() do
    local result = liquid_suite.run_line(line)
    totals[result.outcome] = totals[result.outcome] + 1
    if result.outcome == "failed" then totals.failures[#totals.failures + 1] = result end
  end
  file:close()
  return totals
end

return liquid_suite
