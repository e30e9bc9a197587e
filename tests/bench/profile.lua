--- merx profile PATH [CART]: where the time of a page goes, without sockets: how long it takes, what it
--- allocates, its queries, and how many instructions of Lua each function and line runs. Time inside C is
--- not seen: for that, perf. script/bench --profile PATH puts it into a share folder of its own.
require("boot") -- queries, plugins, routes
local clock = require("native.clock")
local db = require("kernel.db")
local visitor = require("support.visitor")

local profile = { summary = "where the time of a page goes", usage = "merx profile PATH [CART]\n" }

local ROUNDS <const> = 50
local COUNTED <const> = 2 -- rounds with every instruction counted: a sample would fall in with loops
local DEEPEST <const> = 60
local SHOWN <const> = 30

-- CPU time of a page in µs: unlike wall time, others on the machine hardly change it.
local function repeat_page(self, path)
  local started = os.clock()
  for _ = 1, ROUNDS do self:get(path) end
  return (os.clock() - started) * 1000000 / ROUNDS
end

local function print_top(counts, all, title)
  local list = {}
  for name, count in pairs(counts) do list[#list + 1] = { name = name, count = count } end
  table.sort(list, function(a, b) return a.count > b.count end)
  io.write("\n", title, "\n")
  for i = 1, math.min(SHOWN, #list) do io.write(("  %5.1f %%  %s\n"):format(list[i].count * 100 / all, list[i].name)) end
end

local function short(source)
  return source:gsub("^.*/share/", "")
end

local function print_allocated(self, path)
  collectgarbage()
  collectgarbage("stop")
  local before = collectgarbage("count")
  for _ = 1, ROUNDS do self:get(path) end
  io.write(("%.0f KiB of garbage a page\n"):format((collectgarbage("count") - before) / ROUNDS))
  collectgarbage("restart")
end

-- Counts what named queries take by wrapping the functions that run them.
local function print_queries(self, path)
  local calls, times, kept = {}, {}, {}
  for _, mode in ipairs({ "one", "many", "value" }) do
    kept[mode] = db[mode]
    db[mode] = function(name, params)
      local started = clock.mono()
      local result = kept[mode](name, params)
      calls[name], times[name] = (calls[name] or 0) + 1, (times[name] or 0) + clock.mono() - started
      return result
    end
  end
  for _ = 1, ROUNDS do self:get(path) end
  for mode, fn in pairs(kept) do db[mode] = fn end
  local names = {}
  for name in pairs(calls) do names[#names + 1] = name end
  table.sort(names, function(a, b) return times[a] > times[b] end)
  io.write("\nqueries of a page, by time\n")
  for _, name in ipairs(names) do
    io.write(("  %8.1f µs  %5.1f ×  %s\n"):format(times[name] / ROUNDS / 1000, calls[name] / ROUNDS, name))
  end
end

local function print_instructions(self, path)
  local all, lines, functions = 0, {}, {}
  debug.sethook(function()
    local seen = {}
    all = all + 1
    for level = 2, DEEPEST do
      local info = debug.getinfo(level, "Sl")
      if not info then break end
      local place = short(info.source)
      local own = place .. ":" .. info.linedefined
      if level == 2 then lines[place .. ":" .. info.currentline] = (lines[place .. ":" .. info.currentline] or 0) + 1 end
      if not seen[own] then
        seen[own], functions[own] = true, (functions[own] or 0) + 1
      end
    end
  end, "", 1)
  for _ = 1, COUNTED do self:get(path) end
  debug.sethook()
  io.write(("%d thousand instructions of Lua a page\n"):format(all // COUNTED // 1000))
  print_top(lines, all, "lines, by themselves")
  print_top(functions, all, "functions, with all that they call")
end

---@param args string[]
---@return integer exit_code
function profile.run(args)
  local self, path = visitor.new(), args[1]
  if not path then
    io.stderr:write("merx profile: name a path\n\n", profile.usage)
    return 2
  end
  self.cookies.cart = args[2]
  local first = self:get(path)
  io.write(("%s: status %d, %d bytes\n"):format(path, first.status, #(first.body or "")))
  repeat_page(self, path)
  io.write(("%.0f µs a page\n"):format(repeat_page(self, path)))
  print_allocated(self, path)
  print_instructions(self, path)
  print_queries(self, path)
  return 0
end

return profile
