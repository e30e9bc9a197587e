--- Scripts of an attacker, in every kind of handler: each is refused, stopped in time, or gains nothing; and the plugin's
--- next call finds everything as it was.
local native = require("native.plugin")
local test = require("support.test")

local PRELUDE <const> = { "kernel/sandbox/money.lua", "kernel/sandbox/std.lua" }
local KINDS <const> = { "pure", "view", "command", "effect" }
local FILES <const> = { "time", "memory", "escape", "answers" }
local MEMORY <const> = 16 * 1024 * 1024

-- Milliseconds after which a call is stopped, and what it may take beyond. That is held on a quiet machine by
-- `MERX_EXACT=1 merx test tests/unit/lua/hostile` with a release build; sanitizers and neighbours take what they take, so
-- else there is only a net, which a script that is not stopped at all does not pass.
local LIMITS <const> = { pure = 250, view = 20, command = 50, effect = 100 }
local BEYOND <const> = 100
local NET <const> = 20000
local IS_EXACT <const> = os.getenv("MERX_EXACT") == "1"
local LONGEST_MESSAGE <const> = 1000

local function open(script)
  local source = "local M = {} function M.fine(x) return x end function M.f(...) " .. script.run .. "\nend return M"
  return assert(native.open({ id = "acme.hostile", modules = { m = source }, prelude = PRELUDE, memory = MEMORY }))
end

local function check_message(script, err)
  if script.says then test.contains(err.message, script.says) end
  test.truthy(#err.message <= LONGEST_MESSAGE, "the message has " .. #err.message .. " bytes")
  test.truthy(not err.message:find("[%c\127]"), "the message has control characters")
  test.truthy(not (err.message .. err.trace):find("0x%x%x%x%x"), "an address is shown")
end

local function check_outcome(script, ok, first, err)
  if ok then
    local expected = script.gives
    if expected == nil then expected = script.or_gives end
    if expected ~= nil then return test.equal(first, expected) end
    return test.truthy(script.may, "it was let through")
  end
  if script.gives ~= nil then test.fail("it was stopped: " .. err.message) end
  test.truthy(err.code == "budget" or err.code == "memory" or err.code == "error", err.code)
  if script.must and script.must ~= "stopped" and err.code ~= "memory" then
    -- A budget of instructions may end what another kind of code lets run on to its error.
    test.truthy(err.code == script.must or err.code == "budget", err.code .. ": " .. err.message)
  end
  check_message(err.code == "error" and script or {}, err)
end

local function attack(script, kind)
  local plugin <close> = open(script)
  assert(plugin:load(kind, "m:f"))
  local started = os.clock()
  local ok, first = plugin:call(kind, "m:f", nil, { lines = { { id = "a", qty = 1 } } })
  local took = (os.clock() - started) * 1000
  check_outcome(script, ok, first, first)
  test.truthy(took <= (IS_EXACT and LIMITS[kind] + BEYOND or NET), ("it took %.0f ms"):format(took))
  test.truthy(plugin:stats().memory <= MEMORY, "it keeps more memory than it may have")
  test.equal({ plugin:call(kind, "m:fine", nil, "fine") }, { true, "fine" })
end

local function has(list, value)
  for _, entry in ipairs(list) do
    if entry == value then return true end
  end
  return false
end

-- What a handler can do to the host, which answers with what it was asked.
local asking = {
  { name = "asks for ever", run = "while true do host_prelude.ask(1) end" },
  { name = "asks for ever behind pcall", run = "while true do pcall(host_prelude.ask, 1) end" },
  { name = "asks and loops in turn", run = "while true do host_prelude.ask(1) for i = 1, 100000 do end end" },
  { name = "asks with megabytes", run = "local s = ('x'):rep(1 << 18) while true do host_prelude.ask(s, s) end" },
  { name = "asks with itself", run = "local t = {} t[1] = t while true do pcall(host_prelude.ask, t) end" },
  { name = "asks with what doubles", run = "local t = { 1 } for i = 1, 40 do t = { t, t } end while true do pcall(host_prelude.ask, t) end" },
  { name = "asks with functions", run = "host_prelude.ask(pairs)" },
  { name = "asks within sort", run = "while true do table.sort({ 1, 2 }, function() host_prelude.ask(1) return true end) end" },
  { name = "asks within gsub", run = "while true do (('x'):rep(1000)):gsub('x', function() host_prelude.ask(1) end) end" },
}

for _, script in ipairs(asking) do
  for _, kind in ipairs(KINDS) do
    test.case(("%s code: host: %s"):format(kind, script.name), function()
      local asked = 0
      local plugin <close> = assert(native.open({
        id = "acme.hostile", modules = { m = "return { f = function() " .. script.run .. " end, fine = function(x) return x end }" },
        prelude = { "../tests/support/host_prelude.lua" }, memory = MEMORY,
        host = function(_, _, ...)
          asked = asked + 1
          return ...
        end,
      }))
      local ok, err = plugin:call(kind, "m:f", nil)
      test.equal(ok, nil)
      test.truthy(err.code == "budget" or err.code == "memory" or err.code == "error", err.code)
      test.truthy(asked <= 1000000, asked)
      test.equal({ plugin:call(kind, "m:fine", nil, 1) }, { true, 1 })
    end)
  end
end

for _, file in ipairs(FILES) do
  for _, script in ipairs(require("unit.lua.hostile.scripts." .. file)) do
    for _, kind in ipairs(KINDS) do
      if has(script.kinds or KINDS, kind) then
        test.case(("%s code: %s: %s"):format(kind, file, script.name), function() attack(script, kind) end)
      end
    end
  end
end
