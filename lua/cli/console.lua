--- A prompt in the running shop: Lua with the rooms of the shop at hand. What it reads is the shop's data; what it changes
--- goes through commands, as everything does.
require("boot")
local args = require("cli.args")
local clock = require("native.clock")
local fs = require("native.fs")
local native_db = require("native.db")
local thread = require("native.thread")

local console = { usage = [[
usage: merx console [--execute=CODE]

A Lua prompt with the shop's rooms by name: kernel, domain and web modules are there
as soon as they are named (catalog, cart, order, command, db …). A line that is an
expression is shown; the last value is `_`. Changes go through command.run, by way of
the running server when there is one.

  .help      what is at hand
  .exit      ends it, as does Ctrl-D

  --execute  runs this code instead of asking, and ends

examples:
  merx console
  merx console --execute 'order.find_by_number("1001").state'
  echo 'settings.get("shop.name")' | merx console
]] }

local NAME <const> = "merx console"
local DEEPEST <const>, LONGEST <const> = 4, 40

-- ---- showing values ----------------------------------------------------------------------------------------------------

local function sorted_keys(value)
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b)
    if math.type(a) == "integer" and math.type(b) == "integer" then return a < b end
    if type(a) ~= type(b) then return type(a) == "number" end
    return tostring(a) < tostring(b)
  end)
  return keys
end

local function key_of(key)
  if type(key) == "string" then return key:find("^[%a_][%w_]*$") and key or ("[%q]"):format(key) end
  return "[" .. tostring(key) .. "]"
end

local show

local function show_table(value, depth, seen)
  if seen[value] then return "{ … }" end
  if not next(value) then return "{}" end
  if depth >= DEEPEST then return "{ … }" end
  seen[value] = true
  local indent, lines, count = ("  "):rep(depth + 1), {}, 0
  for _, key in ipairs(sorted_keys(value)) do
    count = count + 1
    if count > LONGEST then
      lines[#lines + 1] = indent .. "… and more"
      break
    end
    local shown = show(value[key], depth + 1, seen)
    lines[#lines + 1] = indent .. (key == count and shown or key_of(key) .. " = " .. shown)
  end
  seen[value] = nil
  return "{\n" .. table.concat(lines, ",\n") .. "\n" .. ("  "):rep(depth) .. "}"
end

function show(value, depth, seen)
  if type(value) == "string" then return (("%q"):format(value):gsub("\\\n", "\\n")) end
  if type(value) ~= "table" then return tostring(value) end
  local meta = getmetatable(value)
  if meta and meta.__tostring then return tostring(value) end
  return show_table(value, depth, seen)
end

-- ---- the surroundings of what is typed ---------------------------------------------------------------------------------

local ROOMS <const> = { "kernel", "domain", "web" }

local function find_module(name)
  for _, room in ipairs(ROOMS) do
    local path = ("%s/lua/%s/%s"):format(thread.share, room, name)
    if fs.exists(path .. ".lua") or fs.exists(path .. "/init.lua") then return require(room .. "." .. name) end
  end
end

local function surroundings()
  return setmetatable({}, {
    __index = function(env, name)
      local value = rawget(_G, name)
      if value == nil and type(name) == "string" and name:find("^%l[%l_]*$") then value = find_module(name) end
      if value == nil and name == "ctx" then
        local channel = require("domain.channel")
        value = channel.context(channel.list()[1], clock.now())
      end
      if value ~= nil then rawset(env, name, value) end
      return value
    end,
  })
end

-- ---- reading and running -----------------------------------------------------------------------------------------------

-- A chunk, or nil and whether more lines are wanted.
local function compile(text, env)
  local chunk = load("return " .. text, "=console", "t", env)
  if chunk then return chunk end
  local err
  chunk, err = load(text, "=console", "t", env)
  if chunk then return chunk end
  return nil, err, err:find("<eof>", 1, true) ~= nil
end

local function print_values(env, count, ...)
  if count > 0 then env._ = (...) end
  for i = 1, count do io.write(show((select(i, ...)), 0, {}), "\n") end
end

local function trace(problem)
  local text = type(problem) == "table" and tostring(problem) or debug.traceback(tostring(problem), 2)
  return (text:gsub("\n%s*%[C%]: in function 'xpcall'.*$", ""))
end

-- Runs a chunk and shows what it gives. Each sees the shop as it is now.
local function run(chunk, env)
  local results = table.pack(xpcall(chunk, trace))
  if native_db.main() then native_db.main():end_slice() end
  if not results[1] then
    io.stderr:write(results[2], "\n")
    return false
  end
  print_values(env, results.n - 1, table.unpack(results, 2, results.n))
  return true
end

local HELP <const> = [[
  db.one, db.many (name, params)    named queries of sql/queries
  command.run(name, args)           changes something: merx hooks lists the commands
  settings.get(key)                 a setting
  catalog, cart, order, customer …  the rooms of lua/domain
  ctx                               the context of the first storefront, now
]]

local function ask(is_terminal, prompt)
  if is_terminal then
    io.write(prompt)
    io.flush()
  end
  return io.read("l")
end

local function loop(env)
  local is_terminal, is_fine = require("native.machine").is_terminal(0), true
  if is_terminal then io.write("Merx ", thread.version, ". .help tells what is at hand, .exit ends.\n") end
  local text
  while true do
    local line = ask(is_terminal, text and ">> " or "> ")
    if not line or line == ".exit" then break end
    text = text and text .. "\n" .. line or line
    if line == ".help" then
      io.write(HELP)
      text = nil
    elseif not text:find("%S") then
      text = nil
    else
      local chunk, err, wants_more = compile(text, env)
      if chunk then is_fine = run(chunk, env) end
      if err and not wants_more then
        io.stderr:write(err, "\n")
        is_fine = false
      end
      if not wants_more then text = nil end
    end
  end
  if text then io.stderr:write("the last lines were not complete\n") end
  if is_terminal then io.write("\n") end
  return (is_terminal or is_fine and not text) and 0 or 1
end

---@param given string[]
---@return integer exit_code
function console.run(given)
  local options, code = args.parse(given, { name = NAME, usage = console.usage, flags = { execute = "value" }, most = 0, shop = true })
  if not options then return code end
  local env = surroundings()
  if not options.execute then return loop(env) end
  local chunk, err = compile(options.execute, env)
  if not chunk then
    io.stderr:write(err, "\n")
    return 2
  end
  return run(chunk, env) and 0 or 1
end

return console
