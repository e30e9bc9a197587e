--- Turns of plugins in the jobs thread. Each begins when the one before has come to its first wait or its end, and whatever
--- else the thread was told meanwhile, above all what a provider says of a payment, is heard in between: so many effects that
--- take all of their time delay nobody by more than one of them.
local log = require("kernel.log")
local task = require("native.task")

local turns = {}

local PAUSE <const> = 1 -- ms: until the thread has looked what else there is

local waiting, first, last = {}, 1, 0
local is_going = false

-- What was spawned runs as soon as this task waits.
local function go()
  while first <= last do
    local turn = waiting[first]
    waiting[first], first = nil, first + 1
    task.pin(turn.generation)
    local ok, err = pcall(task.spawn, turn.fn)
    if not ok then log.error("a plugin could not have its turn", { error = tostring(err) }) end
    task.sleep(PAUSE)
  end
  is_going = false
end

--- Runs fn() as a task of its own when its turn comes, with the plugins that the caller has. Only within a task.
---@param fn fun()
function turns.begin(fn)
  last = last + 1
  waiting[last] = { fn = fn, generation = task.pinned() }
  if is_going then return end
  is_going = true
  task.spawn(go)
end

return turns
